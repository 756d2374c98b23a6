package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/danbi-project/danbi/internal/stack"
)

// execute runs a command line as main does, on a folder without a stack and without servers of the user's.
func execute(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	for _, name := range []string{"DANBI_CLICKHOUSE_ADDR", "TEMPORAL_ADDRESS", "TEMPORAL_PROFILE", "TEMPORAL_CONFIG_FILE"} {
		t.Setenv(name, "")
	}
	var o, e bytes.Buffer
	app := &App{In: strings.NewReader(""), Out: &o, Err: &e}
	code = app.Execute(t.Context(), append([]string{"--dir", t.TempDir()}, args...))
	return code, o.String(), e.String()
}

// with adds a command for one test.
func with(t *testing.T, run func(a *App, cmd *cobra.Command) error) {
	t.Helper()
	before := commands
	t.Cleanup(func() { commands = before })
	commands = append(commands[:len(commands):len(commands)], func(a *App) *cobra.Command {
		return &cobra.Command{Use: "probe", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error { return run(a, cmd) }}
	})
}

func TestWrongUsageEndsWith2(t *testing.T) {
	for _, args := range [][]string{
		{"nosuch"}, {"up", "extra"}, {"up", "--nosuch"}, {"up", "--clickhouse-port", "abc"},
		{"--lang", "de", "up"}, {"up", "--without", "wrker"}, {"part"},
	} {
		code, out, errs := execute(t, args...)
		require.Equal(t, ExitUsage, code, "%v: %s", args, errs)
		require.Empty(t, out)
		require.Contains(t, errs, "Error: ")
		require.Contains(t, errs, "--help")
	}
}

func TestCodesFollowErrors(t *testing.T) {
	for _, c := range []struct {
		err  error
		code int
	}{
		{nil, ExitOK},
		{errors.New("any"), ExitFailed},
		{withExit(ExitInvalid, errors.New("two faults")), ExitInvalid},
		{fmt.Errorf("while starting: %w", withExit(ExitRefused, errors.New("limit"))), ExitRefused},
		{fmt.Errorf("x: %w", stack.ErrNotRunning), ExitUnreachable},
		{withExit(ExitRefused, nil), ExitOK},
	} {
		t.Run(fmt.Sprint(c.code, c.err), func(t *testing.T) {
			with(t, func(*App, *cobra.Command) error { return c.err })
			code, _, _ := execute(t, "probe")
			require.Equal(t, c.code, code)
		})
	}
}

func TestWithoutEnginesTheCodeIs4AndTheSentenceSaysWhatToDo(t *testing.T) {
	with(t, func(a *App, cmd *cobra.Command) error {
		_, err := a.Temporal(cmd.Context())
		_, other := a.Warehouse(cmd.Context())
		return errors.Join(err, other)
	})
	code, _, errs := execute(t, "probe")
	require.Equal(t, ExitUnreachable, code)
	require.Equal(t, 2, strings.Count(errs, "start it with `starter up`"), errs)
}

func TestWithJSONAnErrorIsJSON(t *testing.T) {
	code, out, errs := execute(t, "--json", "up", "--without", "wrker")
	require.Equal(t, ExitUsage, code)
	require.Empty(t, out)
	var said struct {
		Error string
		Exit  int
	}
	require.NoError(t, json.Unmarshal([]byte(errs), &said))
	require.Equal(t, ExitUsage, said.Exit)
	require.Contains(t, said.Error, "engine, temporal, sink, worker")
}

func TestEveryCommandTeaches(t *testing.T) {
	for _, cmd := range newRoot(&App{}).Commands() {
		if cmd.Hidden || cmd.Name() == "help" || cmd.Name() == "completion" {
			continue
		}
		require.NotEmpty(t, cmd.Short, cmd.Name())
		require.NotEmpty(t, cmd.GroupID, cmd.Name())
		require.Contains(t, cmd.Example, "starter "+cmd.Name(), cmd.Name())
	}
}

func TestTheHelpNamesTheExitCodes(t *testing.T) {
	code, out, _ := execute(t, "--help")
	require.Equal(t, ExitOK, code)
	for c, what := range []string{"done", "failed", "wrong usage", "validation", "reached", "policy"} {
		require.Regexp(t, fmt.Sprintf(`%d [^·]*%s`, c, what), out)
	}
}

func TestPartIsNotForPeople(t *testing.T) {
	code, _, errs := execute(t, "part", stack.PartEngine)
	require.Equal(t, ExitFailed, code)
	require.Contains(t, errs, "started by `starter up`")
}

func TestATableFitsTheTerminal(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		width := rapid.IntRange(widthSmallest, 200).Draw(r, "width")
		columns := make([]Column, rapid.IntRange(1, 3).Draw(r, "columns"))
		rows := make([][]string, rapid.IntRange(0, 4).Draw(r, "rows"))
		for i := range columns {
			columns[i] = Column{Title: rapid.StringMatching(`[a-z가-힣 ]{0,30}`).Draw(r, "title"), Right: i == 1}
		}
		for i := range rows {
			for range columns {
				rows[i] = append(rows[i], rapid.StringMatching(`[a-z가-힣 ]{0,90}`).Draw(r, "cell"))
			}
		}
		if err := os.Setenv("COLUMNS", fmt.Sprint(width)); err != nil {
			r.Fatal(err)
		}
		defer func() { _ = os.Unsetenv("COLUMNS") }()
		var out bytes.Buffer
		(&App{Out: &out}).PrintTable(columns, rows)
		for line := range strings.SplitSeq(out.String(), "\n") {
			if text.StringWidth(line) > width {
				r.Fatalf("%d cells wide in a terminal of %d: %s", text.StringWidth(line), width, line)
			}
		}
	})
}

func TestTheLanguageFollowsTheTerminal(t *testing.T) {
	for _, name := range []string{"DANBI_LANG", "LC_ALL", "LC_MESSAGES", "LANG"} {
		t.Setenv(name, "")
	}
	require.Equal(t, "en", defaultLang())
	t.Setenv("LANG", "ko_KR.UTF-8")
	require.Equal(t, "ko", defaultLang())
	t.Setenv("LC_ALL", "C")
	require.Equal(t, "en", defaultLang())
	t.Setenv("DANBI_LANG", "ko")
	require.Equal(t, "ko", defaultLang())
}
