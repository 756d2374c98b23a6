package install

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// buildServer compiles the module in source to path. The program appears under its name only when it is complete.
func buildServer(ctx context.Context, source, path string, progress Progress) error {
	goCommand, err := exec.LookPath("go")
	if err != nil {
		return errors.New("building the Temporal server needs Go, and there is no `go` on PATH: install Go 1.26 from " +
			"https://go.dev/dl, put the `temporal` command on PATH, or set TEMPORAL_ADDRESS to a server of yours")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return fmt.Errorf("make a folder for the Temporal server: %w", err)
	}
	total, err := listPackages(ctx, goCommand, source, progress)
	if err != nil {
		return err
	}
	unfinished := fmt.Sprintf("%s.%d", path, os.Getpid())
	defer func() { _ = os.Remove(unfinished) }()

	built := 0
	say := func() {
		progress.say("building the Temporal server, once: %d of %d packages", min(built, total), total)
	}
	say()
	_, err = run(ctx, goCommand, source, func(line string) bool {
		// `go build -v` prints the import path of each package it compiles; anything else is a fault to report.
		if strings.ContainsAny(line, " \t:") || line == "" {
			return false
		}
		built++
		say()
		return true
	}, "build", "-v", "-trimpath", "-ldflags=-s -w", "-o", unfinished, ".")
	if err != nil {
		return fmt.Errorf("the Temporal server didn't build: %w", err)
	}
	if err := os.Rename(unfinished, path); err != nil {
		return fmt.Errorf("put the Temporal server in the cache: %w", err)
	}
	return nil
}

// listPackages downloads the modules and returns how many packages the build consists of.
func listPackages(ctx context.Context, goCommand, source string, progress Progress) (int, error) {
	progress.say("looking up what the Temporal server is built from")
	downloaded := 0
	out, err := run(ctx, goCommand, source, func(line string) bool {
		if !strings.HasPrefix(line, "go: downloading ") {
			return false
		}
		downloaded++
		progress.say("downloading the Temporal server's source, once: %d modules", downloaded)
		return true
	}, "list", "-deps", "-f", "{{.ImportPath}}", ".")
	if err != nil {
		return 0, fmt.Errorf("the Temporal server's source didn't download (is the Go module proxy reachable?): %w", err)
	}
	return strings.Count(out, "\n"), nil
}

// run runs a go command in dir and returns its standard output. Each line of standard error goes to known; those it
// doesn't know become the error's text when the command fails.
func run(ctx context.Context, program, dir string, known func(line string) bool, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off") // a workspace of the user's would not contain this module
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	var out strings.Builder
	cmd.Stdout = &out
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", fmt.Errorf("run %s: %w", program, err)
	}
	var unknown []string
	var reading sync.WaitGroup
	reading.Go(func() {
		lines := bufio.NewScanner(stderr)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			if line := lines.Text(); !known(line) {
				unknown = append(unknown, line)
			}
		}
		_, _ = io.Copy(io.Discard, stderr) // a line longer than the buffer must not block the command
	})
	reading.Wait()
	if err := cmd.Wait(); err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		const most = 6 // the first lines of a compiler's output name the cause
		if len(unknown) > most {
			unknown = append(unknown[:most], "…")
		}
		return "", fmt.Errorf("%w: %s", err, strings.TrimSpace(strings.Join(unknown, "; ")))
	}
	return out.String(), nil
}
