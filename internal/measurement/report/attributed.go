package report

import (
	"math"
	"time"

	"github.com/danbi-project/danbi/internal/measurement"
	"github.com/danbi-project/danbi/internal/money"
)

// attributed are the rows of the attribution view: what is credited to opens, to clicks, and what the comparison with
// control found in their place.
func (r reader) attributed(d *Document) []row {
	a := d.Attributed
	rows := []row{
		{Name: r.word("after_open"), Cells: []string{r.count(a.Opened), r.money(a.AfterOpen)}},
		{Name: r.word("after_click"), Cells: []string{r.count(a.Clicked), r.money(a.AfterClick)}},
	}
	if e := d.Effect; e != nil && e.Money && e.Metric == string(measurement.Spend) {
		amount := func(perCustomer float64) string {
			return r.money(money.Minor(math.Round(perCustomer * float64(e.Treated.Customers))))
		}
		rows = append(rows, row{Name: r.word("measured"), Note: amount(e.Low) + " – " + amount(e.High), Cells: []string{r.count(e.Treated.Customers), amount(e.Difference)}})
	}
	return rows
}

func (r reader) attributedNote(a *Attributed) string {
	return r.wordf("attributed_note", int(a.Within/(24*time.Hour)))
}

func (p page) Attributed() []row      { return p.attributed(p.d) }
func (p page) AttributedNote() string { return p.attributedNote(p.d.Attributed) }

// attributed writes the view of attribution.
func (t *text) attributed(d *Document) {
	if d.Attributed == nil {
		return
	}
	t.line("")
	t.line("  %s", t.word("attributed"))
	for _, row := range t.reader.attributed(d) {
		t.line("  %s%s %s%s", pad(row.Name, 38), padLeft(row.Cells[0], 10), t.word("customers"), padLeft(row.Cells[1], 20))
		if row.Note != "" {
			t.line("  %s(%s)", pad("", 38), row.Note)
		}
	}
	t.wrap(t.attributedNote(d.Attributed), "  ")
}
