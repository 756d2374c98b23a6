package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Column is one column of a table for people.
type Column struct {
	Title string
	Right bool // for numbers
}

// PrintTable prints rows under columns, wrapping the widest cells until the table fits the terminal.
func (a *App) PrintTable(columns []Column, rows [][]string) {
	t := table.NewWriter()
	t.SetOutputMirror(a.Out)
	t.SetStyle(table.StyleLight)
	t.Style().Format.Header = text.FormatDefault
	t.Style().Options.SeparateRows = false
	header := table.Row{}
	for _, c := range columns {
		header = append(header, c.Title)
	}
	t.AppendHeader(header)
	for _, row := range rows {
		cells := table.Row{}
		for _, cell := range row {
			cells = append(cells, cell)
		}
		t.AppendRow(cells)
	}
	var configs []table.ColumnConfig
	for i, width := range fit(columns, rows, terminalWidth(a.Out)) {
		c := table.ColumnConfig{Number: i + 1, WidthMax: width, WidthMaxEnforcer: wrap}
		if columns[i].Right {
			c.Align, c.AlignHeader = text.AlignRight, text.AlignRight
		}
		configs = append(configs, c)
	}
	t.SetColumnConfigs(configs)
	t.Render()
}

const (
	narrowest  = 8 // a narrower column of words can't be read
	cellBorder = 3 // a line and two blanks around each cell
)

// wrap breaks lines at words. The library lets the last letter of a line stand out by half when it is twice as wide as
// others, as Korean ones are; one cell less then makes it fit.
func wrap(s string, width int) string {
	wrapped := text.WrapSoft(s, width)
	if text.LongestLineLen(wrapped) > width {
		return text.WrapSoft(s, width-1)
	}
	return wrapped
}

// fit returns the width of each column such that the table takes at most the width of the terminal: what is too much
// is taken from the widest column, again and again.
func fit(columns []Column, rows [][]string, terminal int) []int {
	widths := make([]int, len(columns))
	total := 1
	for i, c := range columns {
		widths[i] = text.LongestLineLen(c.Title)
		for _, row := range rows {
			if i < len(row) {
				widths[i] = max(widths[i], text.LongestLineLen(row[i]))
			}
		}
		total += widths[i] + cellBorder
	}
	for total > terminal {
		widest := 0
		for i := range widths {
			if widths[i] > widths[widest] {
				widest = i
			}
		}
		if widths[widest] <= narrowest {
			break
		}
		widths[widest]--
		total--
	}
	return widths
}

// Terminals narrower than this are taken for misreported; output that isn't a terminal's is given room.
const (
	widthUnknown  = 100
	widthSmallest = 40
)

func terminalWidth(w io.Writer) int {
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n >= widthSmallest {
		return n
	}
	if f, ok := w.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width >= widthSmallest {
			return width
		}
	}
	return widthUnknown
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// PrintJSON prints v as indented JSON with a newline.
func (a *App) PrintJSON(v any) error { return writeJSON(a.Out, v) }

// printJSONLine prints v as JSON in one line, for what is followed as it changes.
func (a *App) printJSONLine(v any) error {
	encoder := json.NewEncoder(a.Out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}

func writeJSON(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}

// Sayf prints a line for people; with --json it goes to standard error, so that standard output stays JSON.
func (a *App) Sayf(format string, args ...any) {
	w := a.Out
	if a.JSON {
		w = a.Err
	}
	fmt.Fprintf(w, format+"\n", args...)
}

// NewBar makes a progress bar with an estimate of the time left, on standard error. A total below 0 is unknown and
// turns it into a spinner. Where standard error is no terminal, it prints nothing.
func (a *App) NewBar(description string, total int64) *progressbar.ProgressBar {
	return progressbar.NewOptions64(total,
		progressbar.OptionSetDescription(description),
		progressbar.OptionSetWriter(a.Err),
		progressbar.OptionSetVisibility(isTerminal(a.Err)),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionSetElapsedTime(true),
		progressbar.OptionShowCount(),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetWidth(24),
		progressbar.OptionClearOnFinish(),
	)
}
