package install

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// wheel pins one build of the library on Python's package index.
type wheel struct {
	name     string
	version  string
	platform string // pip's name
	sha256   string
}

// Only builds whose checksum we know are installed.
var xgboostWheels = map[string]wheel{
	"linux/amd64": {
		name: "xgboost-cpu", version: "3.2.0", platform: "manylinux_2_28_x86_64",
		sha256: "9c10b1653e1a689bf4094a328144cf3633c9be0e5217a76fbdc2fde6abcb2950",
	},
}

// wheelPart is what is taken out of the package: the library and the parts that its makers put beside it.
var wheelPart = regexp.MustCompile(`^(xgboost/lib/libxgboost\.so|[a-z_]+\.libs/[a-zA-Z0-9._-]+)$`)

// fetch has pip fetch the package, because pip knows the user's index, proxy and credentials.
func (w wheel) fetch(ctx context.Context, work string, progress Progress) error {
	if w.name == "" {
		return errors.New("no build on Python's package index is pinned for this machine")
	}
	progress.say("downloading XGBoost %s by pip", w.version)
	pip, err := findPip(ctx)
	if err != nil {
		return err
	}
	args := append(pip[1:], "download", "--quiet", "--no-deps", "--no-cache-dir", "--disable-pip-version-check", "--only-binary=:all:",
		"--platform", w.platform, "--python-version", "3.12", "--dest", work, w.name+"=="+w.version)
	if err := runQuietly(ctx, work, pip[0], args...); err != nil {
		return fmt.Errorf("pip could not fetch %s %s: check the network and pip's index settings: %w", w.name, w.version, err)
	}
	found, err := filepath.Glob(filepath.Join(work, "*.whl"))
	if err != nil || len(found) != 1 {
		return fmt.Errorf("pip left %d packages where one was expected", len(found))
	}
	progress.say("verifying and unpacking XGBoost %s", w.version)
	if err := w.verify(found[0]); err != nil {
		return err
	}
	return unzipXGBoost(found[0], filepath.Join(work, xgboostHome))
}

// findPip is the command line of a pip that works: many a python3 is there without one.
func findPip(ctx context.Context) ([]string, error) {
	for _, line := range [][]string{{"python3", "-m", "pip"}, {"pip3"}, {"pip"}} {
		if exec.CommandContext(ctx, line[0], append(line[1:], "--version")...).Run() == nil {
			return line, nil
		}
	}
	return nil, errors.New("pip is missing, which fetches XGBoost")
}

func (w wheel) verify(name string) error {
	file, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("read the downloaded package: %w", err)
	}
	defer func() { _ = file.Close() }()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return fmt.Errorf("read the downloaded package: %w", err)
	}
	if got := hex.EncodeToString(hash.Sum(nil)); got != w.sha256 {
		return fmt.Errorf("%w: %s %s has sha256 %s, expected %s; nothing of it was kept: try again, and if it happens twice do not trust this index",
			ErrChecksum, w.name, w.version, got, w.sha256)
	}
	return nil
}

// unzipXGBoost takes the library's parts only, under names that can lead nowhere else.
func unzipXGBoost(name, home string) error {
	archive, err := zip.OpenReader(name)
	if err != nil {
		return fmt.Errorf("read the package: %w", err)
	}
	defer func() { _ = archive.Close() }()
	for _, entry := range archive.File {
		if !wheelPart.MatchString(entry.Name) {
			continue
		}
		to := filepath.Join(home, filepath.FromSlash(path.Clean(entry.Name)))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return fmt.Errorf("unpack XGBoost: %w", err)
		}
		from, err := entry.Open()
		if err != nil {
			return fmt.Errorf("unpack %s: %w", entry.Name, err)
		}
		if err := errors.Join(writeSynced(to, 0o755, from), from.Close()); err != nil {
			return fmt.Errorf("unpack %s: %w", entry.Name, err)
		}
	}
	return nil
}

// runQuietly runs a command in dir and, when it fails, says its last words.
func runQuietly(ctx context.Context, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.WaitDelay = 5 * time.Second
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	err := cmd.Run()
	if err == nil {
		return nil
	}
	last := ""
	for line := range strings.Lines(said.String()) {
		if line = strings.TrimSpace(line); line != "" {
			last = line
		}
	}
	return fmt.Errorf("%w: %s", err, last)
}
