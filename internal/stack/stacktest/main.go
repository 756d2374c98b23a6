// Package stacktest gives tests the real ClickHouse engine: one process per
// test binary, a fresh database per test. Set DANBI_CLICKHOUSE_ADDR (and its
// siblings) to run the same tests against a ClickHouse server instead.
//
// A package that uses it has this one line in a _test.go file:
//
//	func TestMain(m *testing.M) { stacktest.Main(m) }
//
// Tests of package warehouse itself must be in package warehouse_test, because
// this package imports it.
package stacktest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/danbi-project/danbi/internal/stack/engine"
)

// The test binary runs itself again as the engine, told so by envPart, so that
// no second binary need be built.
const (
	envPart   = "DANBI_TEST_PART"
	envLib    = "DANBI_TEST_ENGINE_LIB"
	envDir    = "DANBI_TEST_ENGINE_DIR"
	envListen = "DANBI_TEST_ENGINE_LISTEN"
	envToken  = "DANBI_TEST_ENGINE_TOKEN"
	partName  = "engine"

	// Words on the pipes between the test and its engine.
	wordReady = "ready "
	wordKeep  = "keep"
)

// Main runs the tests of a binary, or the engine when the binary was started
// for that. It does not return.
func Main(m *testing.M) {
	switch part := os.Getenv(envPart); part {
	case partName:
		if err := serveEngine(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	case "":
	default:
		fmt.Fprintf(os.Stderr, "%s=%q names no part of the stack\n", envPart, part)
		os.Exit(2)
	}
	code := m.Run()
	shared.stop()
	os.Exit(code)
}

// serveEngine serves until its standard input closes, which happens when the
// test binary ends in whatever way; then the data go too, unless a failed test
// asked to keep them.
func serveEngine() error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	keep := false
	go func() {
		lines := bufio.NewReader(os.Stdin)
		for {
			line, err := lines.ReadString('\n')
			if strings.TrimSpace(line) == wordKeep {
				keep = true
			}
			if err != nil {
				cancel()
				return
			}
		}
	}()
	logger, err := zap.NewProduction(zap.WithCaller(false))
	if err != nil {
		return err
	}
	dir := os.Getenv(envDir)
	err = engine.Serve(ctx, engine.Config{
		LibPath:   os.Getenv(envLib),
		DataDir:   dir,
		Listen:    os.Getenv(envListen),
		Token:     os.Getenv(envToken),
		MaxMemory: testMemory,
		Drain:     time.Second,
		Log:       logger,
		Ready:     func(addr string) { fmt.Println(wordReady + addr) },
	})
	if ctx.Err() != nil && !keep {
		// Leave the folder before removing it: Serve entered it.
		err = errors.Join(err, os.Chdir("/"), os.RemoveAll(dir))
	}
	return err
}

// testMemory is the engine's limit in tests, in bytes: two packages are tested
// at once, next to compilers.
const testMemory = 3e9
