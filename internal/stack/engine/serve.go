// Package engine serves the ClickHouse HTTP interface from libchdb, the
// ClickHouse engine as a library, so that clickhouse-go and curl connect to it
// as to a server. It is meant for a process of its own: an abort inside the
// engine ends the process it runs in.
package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/zap"

	"github.com/danbi-project/danbi/internal/trust"
)

// Config says what to serve. LibPath and DataDir are required.
type Config struct {
	LibPath    string            // libchdb.so or libchdb.dylib, as install.Engine returns it
	DataDir    string            // all data live here; made if missing; locked against a second process
	Listen     string            // a loopback host:port; empty means 127.0.0.1:0, a free port
	Token      string            // what clients must send (header X-Danbi-Token, or as password); empty lets anyone on this machine in
	Database   string            // created if missing; empty means danbi
	MaxMemory  int64             // bytes the engine may take in all; 0 means 7e9
	MaxQueries int               // statements at once; 0 means 64
	Interpret  bool              // no expression is compiled: for small data, where compiling costs more than it saves
	Patience   time.Duration     // how long one more statement waits for a place before code 202; 0 means 1 min
	Drain      time.Duration     // how long statements may finish when ctx ends, before they are killed; 0 means 5 s
	Log        *zap.Logger       // nil logs nothing
	Ready      func(addr string) // called once with host:port when statements are answered; may be nil
}

func (c Config) withDefaults() (Config, error) {
	var faults []error
	if c.LibPath == "" {
		faults = append(faults, errors.New("engine: LibPath is empty; pass what install.Engine returned"))
	}
	if c.DataDir == "" {
		faults = append(faults, errors.New("engine: DataDir is empty; name the folder for the data"))
	}
	if c.Listen == "" {
		c.Listen = "127.0.0.1:0"
	}
	if !trust.LocalAddress(c.Listen) {
		faults = append(faults, fmt.Errorf("engine: it listens on this machine only, and %q is not a loopback host:port", c.Listen))
	}
	if c.Database == "" {
		c.Database = "danbi"
	}
	if c.MaxMemory == 0 {
		c.MaxMemory = 7e9
	}
	if c.MaxQueries == 0 {
		c.MaxQueries = 64
	}
	if c.Patience == 0 {
		c.Patience = time.Minute
	}
	if c.Drain == 0 {
		c.Drain = 5 * time.Second
	}
	if c.MaxMemory < 0 || c.MaxQueries < 0 || c.Patience < 0 || c.Drain < 0 {
		faults = append(faults, errors.New("engine: memory, query and time limits must not be negative"))
	}
	if c.Log == nil {
		c.Log = zap.NewNop()
	}
	return c, errors.Join(faults...)
}

// Serve runs until ctx ends and then stops in order. It changes the working
// directory of the process to an empty folder, because the engine resolves
// unknown tables of its default database to files there.
func Serve(ctx context.Context, c Config) error {
	c, err := c.withDefaults()
	if err != nil {
		return err
	}
	dirs, err := prepare(c.DataDir)
	if err != nil {
		return err
	}
	defer dirs.unlock()
	if c.LibPath, err = filepath.Abs(c.LibPath); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("the engine can't listen on %s (is the port taken?): %w", c.Listen, err)
	}
	defer func() { _ = listener.Close() }()
	h, err := c.boot(dirs)
	if err != nil {
		return err
	}
	defer h.killer.close()
	return c.serve(ctx, listener, h)
}

// boot loads the engine, opens the store and makes the database.
func (c Config) boot(dirs *folders) (*handler, error) {
	lib, err := load(c.LibPath)
	if err != nil {
		return nil, err
	}
	if err := os.Chdir(dirs.empty); err != nil {
		return nil, fmt.Errorf("enter the engine's empty folder: %w", err)
	}
	h := &handler{
		lib: lib, token: c.Token, host: "danbi-engine", slots: make(chan struct{}, c.MaxQueries), patience: c.Patience, log: c.Log,
		args: []string{
			"clickhouse",
			"--path=" + dirs.store,
			fmt.Sprintf("--max_server_memory_usage=%d", c.MaxMemory),
			fmt.Sprintf("--mark_cache_size=%d", min(c.MaxMemory/8, 512<<20)),
			"--backups.allowed_path=" + dirs.backups,
		},
	}
	if c.Interpret {
		h.args = append(h.args, "--compile_expressions=0", "--compile_aggregate_expressions=0", "--compile_sort_description=0")
	}
	// This connection boots the engine and, kept open, keeps it booted.
	admin, err := lib.open(h.args)
	if err != nil {
		return nil, fmt.Errorf("open the store in %s: %w", c.DataDir, err)
	}
	var version bytes.Buffer
	for _, sql := range []string{
		"CREATE DATABASE IF NOT EXISTS " + quoteName(c.Database) + " ENGINE = Atomic",
		"SELECT version()",
	} {
		version.Reset()
		if _, err := admin.exec(sql, "TSVRaw", nil, func(b []byte) error { version.Write(b); return nil }); err != nil {
			admin.close()
			return nil, fmt.Errorf("start the engine on %s: %w", c.DataDir, err)
		}
	}
	h.version = strings.TrimSpace(version.String())
	h.metrics = newMetrics(func() float64 { return float64(len(h.slots)) })
	h.metrics.registry.MustRegister(newStoreCollector(func() (*connection, error) { return lib.open(h.args) }))
	h.killer = newKiller(admin, c.Log, h.metrics.killed.Inc)
	return h, nil
}

func (c Config) serve(ctx context.Context, listener net.Listener, h *handler) error {
	mux := http.NewServeMux()
	mux.Handle("/", h)
	mux.HandleFunc("/ping", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("Ok.\n")) })
	mux.Handle("/metrics", promhttp.HandlerFor(h.metrics.registry, promhttp.HandlerOpts{}))

	// Statements outlive ctx by the drain time, so they have a context of their own.
	statements, kill := context.WithCancel(context.Background())
	defer kill()
	server := &http.Server{
		Handler:           mux,
		BaseContext:       func(net.Listener) context.Context { return statements },
		ReadHeaderTimeout: 30 * time.Second,
		// ClickHouse's own limit on a URL: what works here works on a server.
		MaxHeaderBytes: 1 << 20,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	c.Log.Info("engine serves", zap.String("addr", listener.Addr().String()), zap.String("version", h.version), zap.String("data", c.DataDir))
	if c.Ready != nil {
		c.Ready(listener.Addr().String())
	}
	select {
	case err := <-failed:
		return fmt.Errorf("the engine's HTTP interface stopped: %w", err)
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.Background(), c.Drain)
	defer cancel()
	if server.Shutdown(drain) == nil {
		c.Log.Info("engine stopped")
		return nil
	}
	kill()
	last, cancelLast := context.WithTimeout(context.Background(), c.Drain)
	defer cancelLast()
	if server.Shutdown(last) != nil {
		// What was acknowledged is on disk; the rest is lost as in a crash.
		c.Log.Warn("engine stopped with statements still running")
		_ = server.Close()
		return nil
	}
	c.Log.Info("engine stopped; statements that ran longer than the drain time were killed")
	return nil
}
