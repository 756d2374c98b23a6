package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// folders is the layout of a data folder.
type folders struct {
	store   string // the engine's own
	empty   string // the working directory
	backups string // the only place BACKUP may write to
	lock    *os.File
}

// prepare makes the layout and takes the lock. The engine has a lock too, but
// answers a second process without a reason.
func prepare(dataDir string) (*folders, error) {
	root, err := filepath.Abs(dataDir)
	if err != nil {
		return nil, fmt.Errorf("data folder %q: %w", dataDir, err)
	}
	f := &folders{store: filepath.Join(root, "store"), empty: filepath.Join(root, "empty"), backups: filepath.Join(root, "backups")}
	for _, dir := range []string{f.store, f.empty, f.backups} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("make the engine's data folder (is it writable, and is there space?): %w", err)
		}
	}
	name := filepath.Join(root, "engine.lock")
	if f.lock, err = os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, fmt.Errorf("lock the engine's data folder: %w", err)
	}
	if err := syscall.Flock(int(f.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		holder, _ := os.ReadFile(name)
		_ = f.lock.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%w: %s is open in process %s; stop that one, or name another data folder",
				ErrInUse, root, strings.TrimSpace(string(holder)))
		}
		return nil, fmt.Errorf("lock %s: %w", name, err)
	}
	// Only a hint for the message above, so a failure to write it is no fault.
	_ = f.lock.Truncate(0)
	_, _ = f.lock.WriteAt(fmt.Appendln(nil, os.Getpid()), 0)
	return f, nil
}

// ErrInUse means that another process serves the data folder.
var ErrInUse = errors.New("the data folder is in use")

func (f *folders) unlock() { _ = f.lock.Close() }
