package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"strings"

	"github.com/danbi-project/danbi/internal/money"
)

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// HTML writes the report as one page that needs nothing else: no script, no font, no picture from elsewhere. lang is ko
// or en.
func (d *Document) HTML(w io.Writer, lang string) error {
	p := page{d: d, reader: d.reader(lang)}
	return pageTemplate.Execute(w, p)
}

// page answers what the template asks.
type page struct {
	d *Document
	reader
}

// tile is one number of the headline.
type tile struct{ Name, Value, Note string }

// row is one line of a table: a name and its cells.
type row struct {
	Name  string
	Note  string
	Cells []string
}

func (p page) Lang() string              { return p.lang }
func (p page) Word(key string) string    { return p.word(key) }
func (p page) Doc() *Document            { return p.d }
func (p page) Title() string             { return p.d.Title.In(p.lang) }
func (p page) Stage() string             { return p.d.Stage.Describe(p.lang) }
func (p page) Verdict() string           { return p.d.Verdict(p.lang) }
func (p page) Window() string            { return p.days(p.d.Times.Opens, p.d.Times.Closes) }
func (p page) Instant() string           { return p.date(p.d.Snapshot.Instant) }
func (p page) Settles() string           { return p.date(p.d.Times.Settles) }
func (p page) Ends() string              { return p.date(p.d.Times.Ends) }
func (p page) Written() string           { return p.date(p.d.At) }
func (p page) Funnel() template.HTML     { return p.d.drawFunnel(p.reader) }
func (p page) Thresholds() template.HTML { return p.d.drawThresholds(p.reader) }
func (p page) Hours() template.HTML      { return p.d.drawHours(p.reader) }
func (p page) HourSources() string       { return p.hourSources(p.d) }
func (p page) Days() template.HTML       { return p.d.drawDays(p.reader) }
func (p page) Arms() template.HTML       { return p.d.drawArms(p.reader) }
func (p page) Budget() template.HTML     { return p.d.drawBudget(p.reader) }

func (p page) Planned() (total uint64) {
	for _, n := range p.d.Hours {
		total += n
	}
	return total
}

func (p page) Claim() string {
	if p.d.Effect == nil {
		return "inconclusive"
	}
	return p.d.Effect.Claim
}

func (p page) Model() string {
	out := p.word("model_" + p.d.Model.Kind)
	if p.d.Model.AUC > 0 {
		out += fmt.Sprintf(" (AUC %.3f)", p.d.Model.AUC)
	}
	if p.d.Model.Note != "" {
		out += " – " + p.word(p.d.Model.Note)
	}
	return out
}

func (p page) Tiles() []tile {
	d := p.d
	tiles := []tile{
		{p.word("deliveries"), p.count(d.Budget.Messages), p.word("treated") + " " + p.count(d.arm("treated"))},
		{p.word("redeemed"), p.count(d.Settlement.Qualified), p.wordf("of_reached", p.percent(share(d.Settlement.Qualified, d.Settlement.Reached)))},
		{p.word("rewards"), p.money(d.Budget.Rewards), p.count(d.Settlement.Paid) + " " + p.word("payouts")},
		{p.word("spent"), p.money(d.Budget.Total), p.word("limit_expected") + " " + p.money(d.Budget.Expected)},
	}
	if e := d.Effect; e != nil && e.Claim == "effect" {
		tiles = append(tiles, tile{p.word("effect"), p.signedPercent(e.Relative), p.signedPercent(e.RelativeLow) + " – " + p.signedPercent(e.RelativeHigh)})
	}
	return tiles
}

func (p page) LeftOut() []row {
	var rows []row
	for _, s := range p.d.leftOut() {
		rows = append(rows, row{Name: p.word(s.Key), Cells: []string{p.count(s.Customers)}})
	}
	return rows
}

func (p page) Offers() []row {
	var rows []row
	for _, o := range p.d.Offers {
		name := o.Title.In(p.lang)
		if name == "" {
			name = p.word(o.ID)
		}
		r := row{Name: name, Note: o.ID, Cells: []string{p.count(o.Customers), "–", "–", "–", "–", "–"}}
		if o.Exposure > 0 {
			r.Cells = []string{
				p.count(o.Customers), p.digits(o.Least) + " – " + p.digits(o.Median) + " – " + p.digits(o.Greatest),
				p.percent(o.Reach), p.percent(share(o.Redeemed, o.Customers)), p.count(o.Redeemed), p.money(o.Due),
			}
		}
		rows = append(rows, r)
	}
	return rows
}

// DeliveryStates are those that occur, for the head of the table.
func (p page) DeliveryStates() []string {
	var found []string
	for _, state := range states {
		for _, touch := range p.d.Deliveries {
			if touch.States[state] > 0 {
				found = append(found, state)
				break
			}
		}
	}
	return found
}

func (p page) Deliveries() []row {
	var rows []row
	for _, touch := range p.d.Deliveries {
		r := row{Name: p.word(touch.Touch)}
		if by := touch.byChannel(p.count); by != "" {
			r.Name += " (" + by + ")"
		}
		for _, state := range p.DeliveryStates() {
			r.Cells = append(r.Cells, p.count(touch.States[state]))
		}
		rows = append(rows, r)
	}
	return rows
}

func (p page) Settlement() []row {
	s := p.d.Settlement
	of := func(key string, n uint64, amount money.Minor) row {
		return row{Name: p.word(key), Cells: []string{p.count(n), p.money(amount)}}
	}
	rows := []row{of("owed", s.Qualified, s.Due), of("ours", s.Paid, s.PaidAmount), of("theirs", s.Theirs, s.TheirsAmount)}
	if s.Refused > 0 {
		rows = append(rows, row{Name: p.word("refused"), Cells: []string{p.count(s.Refused), "–"}})
	}
	if s.Unknown > 0 {
		rows = append(rows, row{Name: p.word("unsettled"), Cells: []string{p.count(s.Unknown), "–"}})
	}
	if s.Clawed > 0 {
		rows = append(rows, of("clawed", s.Clawed, s.ClawedAmount))
	}
	return rows
}

func (p page) Agreement() []string { return p.agreement(p.d.Settlement) }
func (p page) Agrees() bool        { return len(p.d.Settlement.Differences) == 0 }

func (p page) Effect() []row {
	e := p.d.Effect
	rows := []row{
		{Name: p.word("difference"), Cells: []string{p.amount(e, e.Difference, true), p.amount(e, e.Low, true) + " – " + p.amount(e, e.High, true)}},
		{Name: p.word("relative"), Cells: []string{p.signedPercent(e.Relative), p.signedPercent(e.RelativeLow) + " – " + p.signedPercent(e.RelativeHigh)}},
	}
	if e.Incremental != 0 {
		rows = append(rows, row{Name: p.word("incremental"), Cells: []string{p.amount(e, e.Incremental, true), p.amount(e, e.Low*float64(e.Treated.Customers), true) + " – " + p.amount(e, e.High*float64(e.Treated.Customers), true)}})
	}
	if e.UnitCost > 0 {
		rows = append(rows, row{Name: p.word("unit_cost_" + e.Metric), Cells: []string{p.unitCost(e, e.UnitCost), p.unitRange(e)}})
	}
	return rows
}

func (p page) IntervalName() string { return p.wordf("interval", p.level(p.d.Effect.Confidence)) }
func (p page) Notes() []string      { return p.notes(p.d.Effect) }

func (p page) Forecast() []row {
	f := p.d.Forecast
	return []row{
		{Name: p.word("forecast_redeemed"), Cells: []string{p.count(uint64(math.Round(f.Redeemed))), p.count(f.RedeemedOut)}},
		{Name: p.word("forecast_cost"), Cells: []string{p.money(f.Cost), p.money(f.CostOut)}},
		{Name: p.word("forecast_value"), Cells: []string{p.money(f.Value), "–"}},
	}
}

func (p page) Accounts() []row {
	var rows []row
	for _, account := range accounts {
		if balance, used := p.d.Ledger.Accounts[account]; used {
			debit, credit := p.sides(balance)
			rows = append(rows, row{Name: account, Note: p.word(account), Cells: []string{debit, credit}})
		}
	}
	return rows
}

func (p page) Books() []string { return p.books(p.d.Ledger) }
func (p page) BooksRight() bool {
	return p.d.Ledger.Sum == 0 && p.d.Ledger.Intact
}

// hourSources says where the planned hours came from, in words.
func (r reader) hourSources(d *Document) string {
	var parts []string
	for _, source := range []string{"learned", "fallback", "moved", "random", "blocked"} {
		if n := d.HourSources[source]; n > 0 {
			parts = append(parts, r.word("hour_"+source)+" "+r.count(n))
		}
	}
	return strings.Join(parts, " · ")
}
