// Command local is a whole Temporal server for one machine: the real services and the real Web UI over one SQLite
// file. It is a module of its own so that the server's several hundred dependencies stay out of Danbi's.
//
// When it is ready it prints one line of JSON with its addresses, and it runs until SIGTERM, SIGINT or, with
// --stop-with-stdin, until its standard input closes, so that it doesn't outlive the process that started it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// settings are the flags.
type settings struct {
	Database      string // path of the SQLite file, made when missing
	Namespace     string
	Retention     time.Duration // how long closed workflows are kept, when the namespace is first made
	Port          int           // gRPC; 0 chooses a free one, here and below
	UIPort        int
	MetricsPort   int
	LogLevel      string
	StopWithStdin bool
}

// addresses is the line printed when the server is ready. The supervisor in internal/stack reads it.
type addresses struct {
	Frontend  string `json:"frontend"`  // host:port, gRPC
	UI        string `json:"ui"`        // URL
	Metrics   string `json:"metrics"`   // URL, Prometheus
	Namespace string `json:"namespace"` // the one that was made
}

func main() {
	var s settings
	flag.StringVar(&s.Database, "db", "temporal.db", "SQLite `file` that keeps all state")
	flag.StringVar(&s.Namespace, "namespace", "default", "namespace to make when it is missing")
	flag.DurationVar(&s.Retention, "retention", 90*24*time.Hour, "how long closed workflows are kept (applies to a new namespace)")
	flag.IntVar(&s.Port, "port", 0, "gRPC port on 127.0.0.1 (0: a free one)")
	flag.IntVar(&s.UIPort, "ui-port", 0, "Web UI port on 127.0.0.1 (0: a free one)")
	flag.IntVar(&s.MetricsPort, "metrics-port", 0, "Prometheus port on 127.0.0.1 (0: a free one)")
	flag.StringVar(&s.LogLevel, "log-level", "warn", "debug, info, warn or error; logs go to standard error")
	flag.BoolVar(&s.StopWithStdin, "stop-with-stdin", false, "stop when standard input closes")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if s.StopWithStdin {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			stop()
		}()
	}
	if err := run(ctx, s); err != nil {
		fmt.Fprintf(os.Stderr, "temporal: %v\n", err)
		os.Exit(1)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, s settings) error {
	path, err := filepath.Abs(s.Database)
	if err != nil {
		return fmt.Errorf("find the database file: %w", err)
	}
	s.Database = path
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return fmt.Errorf("make the folder of the database: %w", err)
	}
	unlock, err := lock(path + ".lock")
	if err != nil {
		return err
	}
	defer unlock()
	if err := s.choosePorts(); err != nil {
		return err
	}

	srv, err := newServer(s)
	if err != nil {
		return err
	}
	defer srv.stop()
	if err := srv.start(ctx); err != nil {
		if errors.Is(ctx.Err(), context.Canceled) {
			return nil // told to stop while starting
		}
		return err
	}
	line, err := json.Marshal(s.addresses())
	if err != nil {
		return err
	}
	fmt.Println(string(line))
	<-ctx.Done()
	return nil
}

func (s settings) addresses() addresses {
	return addresses{
		Frontend:  hostPort(s.Port),
		UI:        "http://" + hostPort(s.UIPort),
		Metrics:   "http://" + hostPort(s.MetricsPort) + "/metrics",
		Namespace: s.Namespace,
	}
}
