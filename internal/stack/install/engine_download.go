package install

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const (
	// npmCache is npm's cache for this download. It survives a failure, so that
	// the next try need not begin at the first byte of what had arrived whole.
	npmCache   = "npm-cache"
	workPrefix = "work-"
)

// download has npm fetch the package, because npm knows the user's registry,
// proxy and credentials.
func (p enginePackage) download(ctx context.Context, root, work string, progress Progress) (tgz string, err error) {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", errors.New("npm is missing, which fetches the ClickHouse engine: install Node.js with npm (Debian: apt-get install npm), or set DANBI_CLICKHOUSE_ADDR to a ClickHouse server of your own")
	}
	cache := filepath.Join(root, npmCache)
	cmd := exec.CommandContext(ctx, npm, "pack", p.name+"@"+p.version,
		"--pack-destination", work, "--cache", cache,
		"--ignore-scripts", "--loglevel=error", "--no-update-notifier", "--fetch-retries=4")
	cmd.Dir = work // not a folder whose .npmrc could redirect us
	cmd.WaitDelay = 5 * time.Second
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		return "", fmt.Errorf("start npm: %w", err)
	}
	// npm shows no progress when it is not on a terminal; what it has written
	// so far does.
	finished := make(chan struct{})
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		tick := time.NewTicker(300 * time.Millisecond)
		defer tick.Stop()
		for {
			progress.amount("downloading the ClickHouse engine", min(written(cache), p.tgzSize), p.tgzSize)
			select {
			case <-finished:
				return
			case <-tick.C:
			}
		}
	}()
	err = cmd.Wait()
	close(finished)
	<-watched
	if err != nil {
		return "", p.explainNPM(ctx, err, stderr.String())
	}
	found, err := filepath.Glob(filepath.Join(work, "*.tgz"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("npm pack left %d packages where one was expected: update npm and try again", len(found))
	}
	return found[0], nil
}

// explainNPM turns npm's codes into a sentence that says what to do.
func (p enginePackage) explainNPM(ctx context.Context, err error, stderr string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	has := func(codes ...string) bool {
		for _, code := range codes {
			if strings.Contains(stderr, code) {
				return true
			}
		}
		return false
	}
	switch {
	case has("ENOSPC"):
		return fmt.Errorf("npm: %w", errFull)
	case has("E404"):
		return fmt.Errorf("the npm registry has no %s@%s: point npm at a registry that has it, or set DANBI_CLICKHOUSE_ADDR to a ClickHouse server of your own", p.name, p.version)
	case has("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ERR_SOCKET_TIMEOUT", "EHOSTUNREACH", "ENETUNREACH", "EIDLETIMEOUT"):
		return errors.New("the npm registry can't be reached, from which the ClickHouse engine comes: check the network and npm's registry and proxy settings, then try again")
	case has("EINTEGRITY"):
		return fmt.Errorf("npm received a damaged %s: try again", p.name)
	}
	last := ""
	for line := range strings.Lines(stderr) {
		if line = strings.TrimSpace(line); line != "" && !strings.Contains(line, "complete log") {
			last = line
		}
	}
	return fmt.Errorf("npm could not fetch %s@%s: %w: %s", p.name, p.version, err, last)
}

// written sums the sizes of the files below dir.
func written(dir string) (total int64) {
	_ = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return nil //nolint:nilerr // files vanish while npm works
		}
		if info, err := entry.Info(); err == nil {
			total += info.Size()
		}
		return nil
	})
	return total
}

// sweep removes what earlier, broken installations left. It is called with the
// lock held.
func sweep(root string) error {
	left, err := filepath.Glob(filepath.Join(root, workPrefix+"*"))
	if err != nil {
		return err
	}
	for _, dir := range left {
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("remove a broken installation: %w", err)
		}
	}
	return nil
}
