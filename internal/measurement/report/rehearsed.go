package report

import (
	"math"

	"github.com/danbi-project/danbi/internal/measurement/forecast"
	"github.com/danbi-project/danbi/internal/money"
)

// Came is what rehearsals forecast, as it came: treated customers who bought, and what they spent, in all.
type Came struct {
	Responses, Redeemed, Spend, Incremental, Cost float64
}

// Came reads the figures off the report. Responses and spend are 0 until the effect is measured.
func (d *Document) Came() Came {
	out := Came{Redeemed: float64(d.Settlement.Qualified), Cost: float64(d.Budget.Total)}
	if d.Effect == nil {
		return out
	}
	headline := Estimate{Name: d.Effect.Metric, Treated: d.Effect.Treated, Difference: d.Effect.Difference}
	for _, e := range append([]Estimate{headline}, d.Effect.Beside...) {
		n := float64(e.Treated.Customers)
		switch e.Name {
		case "response":
			out.Responses = e.Treated.Mean * n
		case "spend":
			out.Spend, out.Incremental = e.Treated.Mean*n, e.Difference*n
		}
	}
	return out
}

// rehearsedFigure is a figure that was rehearsed, beside what came.
type rehearsedFigure struct {
	key      string
	interval forecast.Interval
	came     float64
	money    bool
}

func (d *Document) rehearsedFigures() []rehearsedFigure {
	if d.Rehearsed == nil {
		return nil
	}
	f, came := d.Rehearsed, d.Came()
	all := []rehearsedFigure{
		{"rehearsed_redeemed", f.Redeemed, came.Redeemed, false},
		{"rehearsed_cost", f.Cost, came.Cost, true},
	}
	if d.Effect != nil {
		all = append([]rehearsedFigure{
			{"rehearsed_responses", f.Responses, came.Responses, false},
			{"rehearsed_spend", f.Spend, came.Spend, true},
			{"rehearsed_incremental", f.Incremental, came.Incremental, true},
		}, all...)
	}
	return all
}

// rehearsedRows are the lines of a table: low, middle, high, what came, and whether it came as forecast.
func (r reader) rehearsedRows(d *Document) []row {
	var rows []row
	for _, f := range d.rehearsedFigures() {
		write := func(v float64) string {
			if f.money {
				return r.money(money.Minor(math.Round(v)))
			}
			return r.count(uint64(math.Max(math.Round(v), 0)))
		}
		judged := "rehearsed_inside"
		if !f.interval.Contains(f.came) {
			judged = "rehearsed_outside"
		}
		rows = append(rows, row{Name: r.word(f.key), Cells: []string{
			write(f.interval.Low) + " – " + write(f.interval.High), write(f.interval.Median), write(f.came), r.word(judged),
		}})
	}
	return rows
}

// rehearsedNote says what the forecast stands on.
func (r reader) rehearsedNote(d *Document) string {
	f := d.Rehearsed
	return r.wordf("rehearsed_note", f.Runs, r.count(f.Customers), 100*f.Cost.Level)
}

func (p page) Rehearsed() []row      { return p.rehearsedRows(p.d) }
func (p page) RehearsedNote() string { return p.rehearsedNote(p.d) }

func (t *text) rehearsed(d *Document) {
	if d.Rehearsed == nil {
		return
	}
	t.line("")
	t.line("  %s %s %s %s", pad(t.word("rehearsed"), 28), padLeft(t.word("rehearsed_interval"), 34), padLeft(t.word("came"), 16), "")
	for _, r := range t.rehearsedRows(d) {
		t.line("  %s %s %s %s", pad(r.Name, 28), padLeft(r.Cells[0], 34), padLeft(r.Cells[2], 16), r.Cells[3])
	}
	t.wrap(t.rehearsedNote(d), "  ")
}
