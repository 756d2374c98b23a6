package install

import (
	"errors"
	"fmt"
	"syscall"
)

// errFull means that the disk, or the user's quota, is full.
var errFull = errors.New("no space left on the disk")

// needSpace fails before a download that could not be unpacked.
func needSpace(dir string, bytes int64) error {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(dir, &stat); err != nil {
		return nil //nolint:nilerr // unknown is not full: the attempt will tell
	}
	free := int64(stat.Bavail) * int64(stat.Bsize) //nolint:unconvert // the types differ by platform
	if free < bytes {
		return fmt.Errorf("%w: %d MB are free and %d MB are needed", errFull, free>>20, bytes>>20)
	}
	return nil
}

// explainFull adds what to do to any error of a full disk.
func explainFull(err error, what, dir string) error {
	if errors.Is(err, errFull) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%s does not fit into %s: free some space, or set DANBI_CACHE to a folder elsewhere: %w", what, dir, err)
	}
	return err
}
