package stack

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/danbi-project/danbi/internal/stack/install"
)

// The names of the parts, in the order in which they start; they stop in the opposite order.
const (
	PartEngine   = "engine"
	PartTemporal = "temporal"
	PartSink     = "sink"
	PartWorker   = "worker"
)

// title is what a sentence calls a part.
func title(name string) string {
	switch name {
	case PartTemporal:
		return "Temporal"
	case PartEngine:
		return "the ClickHouse engine"
	default:
		return "the " + name
	}
}

// Part is one supervised process of our own program, run as `starter part NAME`. (Temporal's server is a program of
// its own, and no Part.)
type Part struct {
	Name string

	// Prepare installs what the part needs, in the supervisor, before anything is started, and returns where it is.
	// It may be nil.
	Prepare func(ctx context.Context, cacheDir string, progress install.Progress) (path string, err error)

	// Run serves, in the part's own process, until ctx ends. It calls c.Ready once it does.
	Run func(ctx context.Context, c PartConfig) error
}

// PartConfig is what the supervisor hands to a part. It goes through a pipe: a command line and an environment can be
// read by others.
type PartConfig struct {
	Name     string  `json:"name"`
	Dir      string  `json:"dir"`      // folder for this part's data; it exists
	Prepared string  `json:"prepared"` // what Prepare returned
	Stack    Running `json:"stack"`    // where all parts are, this one too: it listens there

	Log   *zap.Logger `json:"-"` // goes to the part's log file
	Ready func()      `json:"-"` // to be called once, when the part serves
}

// readyLine is what a part prints on its standard output when it serves.
const readyLine = `{"ready":true}`

// stopLimit is how long a part may take to stop before its process is ended.
const stopLimit = 15 * time.Second

// RunPart is the part's side: it reads its PartConfig from standard input and runs until that closes, which it does
// when the supervisor stops the part and also when the supervisor is killed.
func RunPart(ctx context.Context, parts []Part, name string, stdin io.Reader, stdout io.Writer) error {
	var part *Part
	for i := range parts {
		if parts[i].Name == name {
			part = &parts[i]
		}
	}
	if part == nil {
		return fmt.Errorf("there is no part %q", name)
	}
	in := bufio.NewReader(stdin)
	line, err := in.ReadBytes('\n')
	if err != nil {
		return errors.New("a part is started by `starter up`, which hands it its settings")
	}
	var c PartConfig
	if err := json.Unmarshal(line, &c); err != nil {
		return fmt.Errorf("read the part's settings: %w", err)
	}
	ctx, cancel := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, in)
		cancel()
	}()
	context.AfterFunc(ctx, func() {
		time.AfterFunc(stopLimit, func() { os.Exit(1) }) // nothing outlives the stack, even when it hangs
	})
	c.Log = zap.New(jsonLog(os.Stderr)).Named(name) // the supervisor has made it the log file
	c.Ready = sync.OnceFunc(func() { _, _ = fmt.Fprintln(stdout, readyLine) })
	err = part.Run(ctx, c)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// partLaunch says how to run a Part.
func (s *Stack) partLaunch(p Part, prepared string) (launch, error) {
	dir := filepath.Join(s.dir, p.Name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return launch{}, fmt.Errorf("make a folder for %s: %w", title(p.Name), err)
	}
	settings, err := json.Marshal(PartConfig{Name: p.Name, Dir: dir, Prepared: prepared, Stack: s.snapshot()})
	if err != nil {
		return launch{}, err
	}
	return launch{
		argv:      append(append([]string{}, s.config.Command...), p.Name),
		firstLine: append(settings, '\n'),
		readyLine: readyLine,
	}, nil
}
