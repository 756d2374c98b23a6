package stack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// launch says how to start one process and how to know that it serves.
type launch struct {
	argv      []string
	firstLine []byte                          // written to its standard input, which then stays open
	readyLine string                          // how the line of its standard output begins that says it serves; empty: probe says so
	probe     func(ctx context.Context) error // asked until it returns nil
}

// process is one started process. It leads a process group, so that a Ctrl-C at the terminal reaches the supervisor
// alone, which then stops the parts in order, and so that what a process has started itself ends with it.
type process struct {
	cmd    *exec.Cmd
	stdin  io.Closer
	log    *os.File
	logAt  int64 // where this process's own log begins
	probe  func(ctx context.Context) error
	ready  chan struct{} // closed by the ready line
	exited chan struct{}
	err    error // how it ended, after exited is closed
	began  time.Time
}

func startProcess(l launch, logPath string) (*process, error) {
	log, err := openLog(logPath)
	if err != nil {
		return nil, err
	}
	p := &process{log: log, probe: l.probe, ready: make(chan struct{}), exited: make(chan struct{}), began: time.Now()}
	if p.logAt, err = log.Seek(0, io.SeekEnd); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	p.cmd = exec.Command(l.argv[0], l.argv[1:]...)
	p.cmd.Stderr = log
	p.cmd.Stdout = &announcement{line: l.readyLine, heard: sync.OnceFunc(func() { close(p.ready) }), rest: log}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.cmd.WaitDelay = time.Second // a grandchild that holds the pipe must not hold us
	stdin, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, errors.Join(err, log.Close())
	}
	p.stdin = stdin
	if err := p.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", filepath.Base(l.argv[0]), err), log.Close())
	}
	go func() { _, _ = stdin.Write(l.firstLine) }() // the process may die before it reads
	go func() {
		p.err = p.cmd.Wait()
		p.killGroup() // what it left behind would hold its port and its data
		_ = log.Close()
		close(p.exited)
	}()
	return p, nil
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// awaitReady returns when the process serves, or an error that says why it doesn't.
func (p *process) awaitReady(ctx context.Context, limit time.Duration) error {
	timeout := time.NewTimer(limit)
	defer timeout.Stop()
	ready := p.ready
	if p.probe != nil {
		probed := make(chan struct{})
		ready = probed
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		go func() {
			for ctx.Err() == nil {
				if p.probe(ctx) == nil {
					close(probed)
					return
				}
				time.Sleep(25 * time.Millisecond)
			}
		}()
	}
	select {
	case <-ready:
		return nil
	case <-p.exited:
		return fmt.Errorf("it ended at once (%s)%s", p.howItEnded(), p.lastWords())
	case <-timeout.C:
		return fmt.Errorf("it didn't answer within %s%s", limit, p.lastWords())
	case <-ctx.Done():
		return ctx.Err()
	}
}

// stop asks the process to end by closing its standard input, and ends it when it takes longer than limit. It says
// whether the process ended by itself.
func (p *process) stop(limit time.Duration) bool {
	_ = p.stdin.Close()
	select {
	case <-p.exited:
		return true
	case <-time.After(limit):
		p.killGroup()
		<-p.exited
		return false
	}
}

// killGroup sends SIGKILL to the process and all that it started.
func (p *process) killGroup() { _ = syscall.Kill(-p.pid(), syscall.SIGKILL) }

func (p *process) howItEnded() string {
	if p.err == nil {
		return "exit status 0"
	}
	return p.err.Error()
}

// complaint is the error that a process of ours ended with, as it printed it; empty when it was killed or said nothing.
func (p *process) complaint() string {
	f, err := os.Open(p.log.Name())
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.NewSectionReader(f, p.logAt, 1<<20))
	if err != nil {
		return ""
	}
	var last string
	for line := range strings.Lines(string(text)) {
		for _, mark := range []string{"Error: ", "오류: "} {
			if rest, ok := strings.CutPrefix(strings.TrimSpace(line), mark); ok {
				last = ": " + rest
			}
		}
	}
	return last
}

// lastWords are the last lines of the process's log, where the cause usually stands.
func (p *process) lastWords() string {
	const most, lines = 2000, 3
	f, err := os.Open(p.log.Name())
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.NewSectionReader(f, p.logAt, 1<<20))
	if err != nil || len(bytes.TrimSpace(text)) == 0 {
		return ", and its log says nothing"
	}
	if len(text) > most {
		text = text[len(text)-most:]
	}
	all := strings.Split(strings.TrimSpace(string(text)), "\n")
	return ": " + strings.Join(all[max(0, len(all)-lines):], " | ")
}

// announcement hears the one line that says a process serves and passes on everything else to the log.
type announcement struct {
	line  string
	heard func()
	rest  io.Writer
	part  []byte // of a line that hasn't ended
}

func (a *announcement) Write(b []byte) (int, error) {
	a.part = append(a.part, b...)
	for {
		end := bytes.IndexByte(a.part, '\n')
		if end < 0 {
			return len(b), nil
		}
		line := a.part[:end+1]
		if a.line != "" && strings.HasPrefix(string(line), a.line) {
			a.heard()
		} else if _, err := a.rest.Write(line); err != nil {
			return 0, err
		}
		a.part = a.part[end+1:]
	}
}

// largestLog is how long a log may be when a process is started; a longer one is set aside, replacing the one before.
const largestLog = 16 << 20

func openLog(path string) (*os.File, error) {
	if info, err := os.Stat(path); err == nil && info.Size() > largestLog {
		if err := os.Rename(path, path+".old"); err != nil {
			return nil, fmt.Errorf("set the old log aside: %w", err)
		}
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	return f, nil
}
