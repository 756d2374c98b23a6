package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.uber.org/zap"
	"go.uber.org/zap/exp/zapslog"
	"go.uber.org/zap/zapcore"

	"github.com/danbi-project/danbi/internal/stack"
	"github.com/danbi-project/danbi/internal/warehouse"
)

// App is what all commands share: the flags that every command has, where output goes, and the way to the servers.
type App struct {
	In  io.Reader
	Out io.Writer // results, for people or, with JSON, for programs
	Err io.Writer // progress, logs and errors

	Dir     string // folder of the local stack's data
	Lang    string // "ko" or "en": the language that texts for people are in
	JSON    bool   // results as JSON
	Verbose bool   // logs from debug on, else from warnings on

	Log *zap.Logger // set before a command runs

	started bool // arguments and flags were right; an error from here on is not wrong usage
}

// Execute runs one command line and returns the exit code. Errors were printed.
func (a *App) Execute(ctx context.Context, args []string) int {
	root := newRoot(a)
	root.SetArgs(args)
	root.SetIn(a.In)
	root.SetOut(a.Out)
	root.SetErr(a.Err)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return ExitOK
	}
	code := exitCode(err)
	if !a.started {
		code = ExitUsage
	}
	if a.JSON {
		_ = writeJSON(a.Err, map[string]any{"error": err.Error(), "exit": code})
		return code
	}
	fmt.Fprintf(a.Err, a.text("Error: %v\n", "오류: %v\n"), err)
	if code == ExitUsage {
		fmt.Fprintf(a.Err, a.text("See `%s --help`.\n", "사용법: `%s --help`\n"), cmd.CommandPath())
	}
	return code
}

// begin checks the shared flags and makes the logger; it runs before every command.
func (a *App) begin() error {
	if a.Lang != "ko" && a.Lang != "en" {
		return fmt.Errorf("--lang is %q; it must be ko or en", a.Lang)
	}
	level := zapcore.WarnLevel
	if a.Verbose {
		level = zapcore.DebugLevel
	}
	encoder := zap.NewDevelopmentEncoderConfig()
	encoder.EncodeTime = zapcore.TimeEncoderOfLayout("15:04:05.000")
	a.Log = zap.New(zapcore.NewCore(zapcore.NewConsoleEncoder(encoder), zapcore.Lock(zapcore.AddSync(a.Err)), level))
	a.started = true
	return nil
}

// Running finds the servers: the user's own when the environment names both, else those of the stack that runs on
// --dir. Where the environment names one of the two, that one is used with the rest of the local stack.
func (a *App) Running(context.Context) (*stack.Running, error) {
	if running, ok := stack.FromEnv(); ok {
		return running, nil
	}
	running, err := stack.Discover(a.Dir)
	if errors.Is(err, stack.ErrNotRunning) && a.Lang == "ko" {
		err = fmt.Errorf("%s에 켜진 로컬 스택이 없습니다. `starter up`으로 켜거나 --dir로 폴더를 지정하세요", a.Dir)
	}
	return running, withExit(ExitUnreachable, err)
}

// Warehouse opens ClickHouse. The caller closes it.
func (a *App) Warehouse(ctx context.Context) (*warehouse.Warehouse, error) {
	var config warehouse.Config
	var err error
	if stack.ExternalClickHouse() { // needs no stack
		config, err = warehouse.ConfigFromEnv()
	} else {
		var running *stack.Running
		if running, err = a.Running(ctx); err == nil {
			config, err = running.Warehouse()
		}
	}
	if err != nil {
		return nil, withExit(ExitUnreachable, err)
	}
	w, err := warehouse.Open(ctx, config)
	return w, withExit(ExitUnreachable, err)
}

// Temporal connects to Temporal. The caller closes the client.
func (a *App) Temporal(ctx context.Context) (client.Client, error) {
	running := &stack.Running{}
	if !stack.ExternalTemporal() { // else no stack is needed
		var err error
		if running, err = a.Running(ctx); err != nil {
			return nil, err
		}
	}
	c, err := running.DialTemporal(ctx, func(o *client.Options) { o.Logger = TemporalLogger(a.Log) })
	return c, withExit(ExitUnreachable, err)
}

// TemporalLogger lets the SDK write to our log.
func TemporalLogger(log *zap.Logger) sdklog.Logger {
	return sdklog.NewStructuredLogger(slog.New(zapslog.NewHandler(log.Core())))
}

// defaultDir is where the local stack's data live unless --dir says otherwise.
func defaultDir() string {
	if dir := os.Getenv(stack.EnvDir); dir != "" {
		return dir
	}
	return ".danbi"
}

// defaultLang follows the terminal's own language, by the variables in the order that the C library reads them.
func defaultLang() string {
	for _, name := range []string{"DANBI_LANG", "LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := os.Getenv(name); v != "" {
			if strings.HasPrefix(strings.ToLower(v), "ko") {
				return "ko"
			}
			return "en"
		}
	}
	return "en"
}

// interrupted says whether a command ended because a person pressed Ctrl-C, which is no failure of a watch.
func interrupted(ctx context.Context, err error) bool {
	return ctx.Err() != nil && errors.Is(err, context.Canceled)
}
