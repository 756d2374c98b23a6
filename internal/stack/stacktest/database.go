package stacktest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/danbi-project/danbi/internal/warehouse"
)

// server is what the tests of one binary share: an engine started at the first
// need, or the user's own ClickHouse.
type server struct {
	mu     sync.Mutex
	config warehouse.Config
	engine *Engine // nil for the user's own
	admin  *warehouse.Warehouse
	err    error
	keep   bool // a test failed, so the data stay
}

var shared server

func (s *server) open() (*warehouse.Warehouse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.admin != nil || s.err != nil {
		return s.admin, s.err
	}
	s.admin, s.err = s.connect()
	return s.admin, s.err
}

func (s *server) connect() (*warehouse.Warehouse, error) {
	// Not a test's context: what starts here serves the tests that follow.
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute)
	defer cancel()
	if os.Getenv(warehouse.EnvAddr) != "" {
		c, err := warehouse.ConfigFromEnv()
		if err != nil {
			return nil, err
		}
		c.Database = "default" // exists on every server; the tests' databases do not yet
		s.config = c
		return warehouse.Open(ctx, c)
	}
	e, err := newEngine(ctx, os.TempDir())
	if err != nil {
		return nil, err
	}
	s.engine = e
	if err := e.start(); err != nil {
		return nil, err
	}
	s.config = e.Config()
	return warehouse.Open(ctx, s.config)
}

func (s *server) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.admin != nil {
		_ = s.admin.Close()
	}
	if s.engine == nil {
		return
	}
	if err := s.engine.stop(s.keep); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

// kept remembers that data must stay, and says where they are.
func (s *server) kept() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keep = true
	if s.engine == nil {
		return strings.Join(s.config.Addr, ", ")
	}
	return "the data folder " + s.engine.dir
}

// Database makes a fresh, empty database for this test and says how to reach
// it. It is dropped when the test passes, and kept and named when it fails.
func Database(t testing.TB) warehouse.Config {
	t.Helper()
	admin, err := shared.open()
	if err != nil {
		t.Fatal(err) // never a skip: a test that did not run has not passed
	}
	name := databaseName(t.Name())
	// The engine's default kind of database is not one that MergeTree tables
	// should live in; a server may prefer another kind.
	kind := ""
	if shared.engine != nil {
		kind = " ENGINE = Atomic"
	}
	if err := admin.Conn().Exec(t.Context(), "CREATE DATABASE "+name+kind); err != nil {
		t.Fatalf("make the test's database: %v", err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("database %s is kept on %s", name, shared.kept())
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := admin.Conn().Exec(ctx, "DROP DATABASE IF EXISTS "+name+" SYNC"); err != nil {
			t.Errorf("drop the test's database: %v", err)
		}
	})
	c := shared.config
	c.Database = name
	return c
}

// Empty opens a fresh database without any table.
func Empty(t testing.TB) *warehouse.Warehouse {
	t.Helper()
	w, err := warehouse.Open(t.Context(), Database(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return w
}

// databaseName keeps a readable part of the test's name; the rest makes it
// unique on a server that other test binaries use too.
func databaseName(test string) string {
	readable := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
			return r
		}
		return '_'
	}, test)
	var b [5]byte
	_, _ = rand.Read(b[:])
	return "t_" + readable[:min(len(readable), 40)] + "_" + hex.EncodeToString(b[:])
}

// Warehouse opens a fresh database with all migrations applied.
func Warehouse(t testing.TB) *warehouse.Warehouse {
	t.Helper()
	w := Empty(t)
	if err := warehouse.Migrate(t.Context(), w); err != nil {
		t.Fatalf("migrate the test's database: %v", err)
	}
	return w
}
