package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/danbi-project/danbi/internal/stack"
	"github.com/danbi-project/danbi/internal/stack/install"
	"github.com/danbi-project/danbi/internal/warehouse"
)

// engines are a local stack in a temporary folder, with its parts as processes of their own.
type engines struct {
	*stack.Stack
	dir     string
	data    string // the stack's folder: in dir, or one that stands already
	starter string
	store   *warehouse.Warehouse
}

// bringUp builds the starter and brings up the stack without the named parts.
func bringUp(ctx context.Context, without ...string) (_ *engines, err error) {
	dir, err := os.MkdirTemp("", "danbi-bench-")
	if err != nil {
		return nil, err
	}
	e := &engines{dir: dir, data: filepath.Join(dir, "stack"), starter: filepath.Join(dir, "starter")}
	if standing != "" {
		e.data = standing
	}
	defer func() {
		if err != nil {
			_ = os.RemoveAll(dir)
		}
	}()
	if built != "" {
		e.starter = built
	} else if out, err := exec.CommandContext(ctx, "go", "build", "-o", e.starter, "./starter").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the starter (run this from the repository's root): %w\n%s", err, out)
	}
	e.Stack, err = stack.Up(ctx, stack.Config{
		Dir: e.data, Command: []string{e.starter, "part"}, Without: without,
		Parts: []stack.Part{{Name: stack.PartEngine, Prepare: install.Engine}, {Name: stack.PartSink}, {Name: stack.PartWorker, Prepare: install.XGBoostIfItCan}},
		Tell:  func(sentence string) { say("%s", sentence) },
	})
	if err != nil {
		return nil, err
	}
	config, err := e.Running().Warehouse()
	if err == nil {
		e.store, err = warehouse.OpenMigrated(ctx, config)
	}
	if err != nil {
		return nil, errors.Join(err, e.Stop())
	}
	return e, nil
}

func (e *engines) down() {
	_ = e.store.Close()
	_ = e.Stop()
	if keep {
		say("kept %s", e.dir)
		return
	}
	_ = os.RemoveAll(e.dir)
}

// command runs the starter on this stack, in a process of its own.
func (e *engines) command(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, e.starter, append(args, "--dir", e.data)...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	return cmd.Run()
}

// peak is the most memory that a part has had, in MB, by the kernel's high-water mark of its process.
func (e *engines) peak(part string) float64 {
	state, ok := e.Running().Parts[part]
	if !ok {
		return 0
	}
	return peakOf(state.PID)
}

func peakOf(pid int) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kb / 1024
		}
	}
	return 0
}

// forget resets the high-water mark of a part's process, so that what prepared the data does not count.
func (e *engines) forget(part string) {
	if state, ok := e.Running().Parts[part]; ok {
		forget(state.PID)
	}
}

func forget(pid int) { _ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0) }

// cpu is the CPU time that a part has used, in seconds.
func (e *engines) cpu(part string) float64 {
	state, ok := e.Running().Parts[part]
	if !ok {
		return 0
	}
	return cpuOf(state.PID)
}

func cpuOf(pid int) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseFloat(fields[11], 64)
	system, _ := strconv.ParseFloat(fields[12], 64)
	return (user + system) / 100 // clock ticks: 100 a second on every Linux that Go runs on
}

func named(name string, value any) any { return clickhouse.Named(name, value) }

// count runs a query that gives one whole number.
func (e *engines) count(ctx context.Context, query string, args ...any) (n uint64, err error) {
	if err := e.store.Conn().QueryRow(ctx, query, args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("%s: %w", query, err)
	}
	return n, nil
}
