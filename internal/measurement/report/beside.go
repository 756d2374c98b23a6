package report

import (
	"fmt"
	"html/template"
	"math"
	"strings"

	"github.com/danbi-project/danbi/internal/measurement"
	"github.com/danbi-project/danbi/internal/money"
)

// of is a value of the estimate's metric: money in whole minor units, a share of customers in percent, or a number.
func (r reader) of(e Estimate, metric string, value float64, signed bool) string {
	plus := ""
	if signed && value > 0 {
		plus = "+"
	}
	switch {
	case e.Money:
		return plus + r.money(money.Minor(math.Round(value)))
	case metric == string(measurement.Response) && signed:
		return plus + fmt.Sprintf("%.2f", value*100) + r.choose(" points", "%p")
	case metric == string(measurement.Response):
		return r.percent(value)
	}
	return plus + fmt.Sprintf("%.3f", value)
}

// verdictOf is one word on an estimate that stands among several.
func (r reader) verdictOf(e Estimate) string {
	switch {
	case e.Claim == string(measurement.Proven) && e.Difference > 0:
		return r.word("rose")
	case e.Claim == string(measurement.Proven):
		return r.word("fell")
	}
	return r.word("claim_" + e.Claim)
}

// besideRows are the comparisons beside the headline as rows of a table: both arms, the difference, its interval, relative,
// and what may be said when they are looked at together.
func (r reader) besideRows(all []Estimate, metricOf func(Estimate) string, name func(Estimate) string) []row {
	var rows []row
	for _, e := range all {
		metric := metricOf(e)
		rows = append(rows, row{Name: name(e), Cells: []string{
			r.of(e, metric, e.Treated.Mean, false), r.of(e, metric, e.Control.Mean, false), r.of(e, metric, e.Difference, true),
			r.of(e, metric, e.Low, true) + " – " + r.of(e, metric, e.High, true), r.signedPercent(e.Relative), r.verdictOf(e),
		}})
	}
	return rows
}

func (p page) Beside() []row {
	return p.besideRows(p.d.Effect.Beside, func(e Estimate) string { return e.Name }, func(e Estimate) string { return p.word("metric_" + e.Name) })
}

func (p page) Segments() []row {
	return p.besideRows(p.d.Effect.Segments, func(Estimate) string { return p.d.Effect.Metric }, p.segment)
}

func (r reader) segment(e Estimate) string {
	name := e.Name
	if name == "-" {
		name = r.word("no_segment")
	}
	return name + " (" + r.count(e.Treated.Customers+e.Control.Customers) + ")"
}

// SegmentPicture is the relative lift of each segment with its interval, on one scale, and that of everybody.
// SegmentPicture draws the differences themselves, which the claims are about: a share of control's mean has a wider interval
// of its own, and could cross zero where the difference does not.
func (p page) SegmentPicture() template.HTML {
	e := p.d.Effect
	all := append([]Estimate{{Name: p.word("everybody"), Treated: e.Treated, Control: e.Control, Money: e.Money, Difference: e.Difference, Low: e.Low, High: e.High, Relative: e.Relative, Claim: e.Claim}}, e.Segments...)
	const rowHeight, labels, right = 34.0, 210.0, 190.0
	low, high := 0.0, 0.0
	for _, s := range all {
		low, high = math.Min(low, s.Low), math.Max(high, s.High)
	}
	low, high = widen(low, high)
	pic := &picture{width: pictureWidth, height: rowHeight*float64(len(all)) + 30}
	at := func(v float64) float64 { return labels + (v-low)/(high-low)*(pictureWidth-labels-right) }
	bottom := rowHeight * float64(len(all))
	pic.line(at(0), 0, at(0), bottom, "zero")
	pic.text(at(0), bottom+20, "middle", "small", "0 ("+p.word("zero")+")")
	for i, s := range all {
		y := float64(i)*rowHeight + rowHeight/2
		name, class := p.segment(s), "label"
		if i == 0 {
			class = "label strong"
		}
		pic.text(labels-12, y+5, "end", class, name)
		pic.line(labels, y, pictureWidth-right, y, "grid")
		mark := "difference"
		if s.Claim != string(measurement.Proven) {
			mark = "unclaimed"
		}
		show := func(v float64) string { return p.of(s, e.Metric, v, true) }
		value := show(s.Difference) + " (" + p.signedPercent(s.Relative) + ")"
		pic.line(at(s.Low), y, at(s.High), y, "whisker "+mark)
		pic.circle(at(s.Difference), y, 5, "dot "+mark, name+": "+value+", "+show(s.Low)+" – "+show(s.High))
		pic.text(pictureWidth-right+10, y+5, "start", "number", value)
	}
	return pic.draw(p.word("segments"))
}

// LookPicture is spend per customer of both arms as it added up over the window, and below it their difference with the
// interval that holds however often one looks.
func (p page) LookPicture() template.HTML {
	looks := p.d.Effect.Looks
	const left, right, upper, gap, lower, bottom = 110.0, 20.0, 150.0, 34.0, 150.0, 24.0
	pic := &picture{width: pictureWidth, height: upper + gap + lower + bottom}
	if len(looks) == 0 {
		return pic.draw(p.word("looks"))
	}
	x := func(i int) float64 {
		return left + float64(i+1)/float64(len(looks))*(pictureWidth-left-right)
	}
	amount := func(v float64) string { return p.money(money.Minor(math.Round(v))) }
	most, low, high := 1.0, 0.0, 0.0
	for i, l := range looks {
		most = math.Max(most, math.Max(l.Treated, l.Control))
		if i >= len(looks)/4 { // the first days know next to nothing, and would flatten the rest
			low, high = math.Min(low, l.Low), math.Max(high, l.High)
		}
	}
	low, high = widen(low, high)
	top := func(v float64) float64 { return 10 + (upper-10)*(1-v/most) }
	low, high = roundOut(low, high)
	below := func(v float64) float64 {
		return upper + gap + lower*(1-(math.Min(math.Max(v, low), high)-low)/(high-low))
	}
	for _, tick := range []float64{most, most / 2, 0} {
		pic.line(left, top(tick), pictureWidth-right, top(tick), "grid")
		pic.text(left-8, top(tick)+4, "end", "small", amount(tick))
	}
	var treated, control, edge, back, middle strings.Builder
	for i, l := range looks {
		fmt.Fprintf(&treated, "%.1f,%.1f ", x(i), top(l.Treated))
		fmt.Fprintf(&control, "%.1f,%.1f ", x(i), top(l.Control))
		fmt.Fprintf(&middle, "%.1f,%.1f ", x(i), below(l.Difference))
		fmt.Fprintf(&edge, "%.1f,%.1f ", x(i), below(l.High))
	}
	for i := len(looks) - 1; i >= 0; i-- {
		fmt.Fprintf(&back, "%.1f,%.1f ", x(i), below(looks[i].Low))
	}
	start := fmt.Sprintf("%.1f,%.1f ", left, top(0))
	pic.polyline(start+control.String(), "curve")
	pic.polyline(start+treated.String(), "curve mark")
	for _, tick := range []float64{high, low} {
		pic.text(left-8, below(tick)+4, "end", "small", amount(tick))
	}
	pic.text(left, upper+gap-10, "start", "small", p.word("difference"))
	pic.polygon(edge.String()+back.String(), "band")
	pic.line(left, below(0), pictureWidth-right, below(0), "zero")
	pic.text(left-8, below(0)+4, "end", "small", "0")
	pic.polyline(middle.String(), "curve mark")
	every := max(1, (len(looks)+9)/10)
	for i, l := range looks {
		if (len(looks)-1-i)%every == 0 {
			pic.text(x(i), pic.height-6, "middle", "small", l.Until.Add(-1).In(p.zone).Format("01-02"))
		}
	}
	return pic.draw(p.word("looks"))
}

// roundOut moves both ends of a scale outwards to two digits.
func roundOut(low, high float64) (float64, float64) {
	unit := math.Pow(10, math.Floor(math.Log10(math.Max(high-low, 1)))-1)
	return math.Floor(low/unit) * unit, math.Ceil(high/unit) * unit
}

func (p *picture) polyline(points, class string) {
	fmt.Fprintf(&p.out, `<polyline points="%s" class="%s"/>`, points, class)
}

func (p *picture) polygon(points, class string) {
	fmt.Fprintf(&p.out, `<polygon points="%s" class="%s"/>`, points, class)
}

// besides writes the other metrics, the segments and what the design could have seen.
func (t *text) besides(e *Effect) {
	list := func(title string, all []Estimate, metric func(Estimate) string, name func(Estimate) string) {
		if len(all) == 0 {
			return
		}
		t.line("")
		t.line("  %s", title)
		low, high := 0.0, 0.0
		for _, b := range all {
			low, high = math.Min(low, b.RelativeLow), math.Max(high, b.RelativeHigh)
		}
		for _, b := range all {
			t.line("  %s %s %s %s  %s", pad(name(b), 30), padLeft(t.of(b, metric(b), b.Difference, true), 14), padLeft(t.signedPercent(b.Relative), 8),
				pad(between(b.RelativeLow, b.Relative, b.RelativeHigh, low, high, 28), 28), t.verdictOf(b))
		}
	}
	list(t.word("beside"), e.Beside, func(b Estimate) string { return b.Name }, func(b Estimate) string { return t.word("metric_" + b.Name) })
	list(t.word("segments"), e.Segments, func(Estimate) string { return e.Metric }, t.segment)
}

// between draws an interval within a scale on which zero is marked.
func between(low, value, high, from, to float64, width int) string {
	if !(to > from) || math.IsNaN(low+high+value) {
		return ""
	}
	at := func(v float64) int {
		return min(max(int(math.Round((v-from)/(to-from)*float64(width-1))), 0), width-1)
	}
	cells := []rune(strings.Repeat(" ", width))
	for i := at(low); i <= at(high); i++ {
		cells[i] = '─'
	}
	cells[at(0)] = '┊'
	cells[at(low)], cells[at(high)] = '├', '┤'
	cells[at(value)] = '●'
	return string(cells)
}
