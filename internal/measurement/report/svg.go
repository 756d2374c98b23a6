package report

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/danbi-project/danbi/internal/money"
)

// picture is an SVG being drawn. It scales with the page; text stays text, so that it can be read out and searched.
type picture struct {
	width, height float64
	out           strings.Builder
}

func (p *picture) rect(x, y, w, h float64, class, title string) {
	fmt.Fprintf(&p.out, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="2" class="%s"><title>%s</title></rect>`, x, y, math.Max(w, 0), math.Max(h, 0), class, html.EscapeString(title))
}

func (p *picture) line(x1, y1, x2, y2 float64, class string) {
	fmt.Fprintf(&p.out, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" class="%s"/>`, x1, y1, x2, y2, class)
}

func (p *picture) circle(x, y, r float64, class, title string) {
	fmt.Fprintf(&p.out, `<circle cx="%.1f" cy="%.1f" r="%.1f" class="%s"><title>%s</title></circle>`, x, y, r, class, html.EscapeString(title))
}

// text is anchored at start, middle or end.
func (p *picture) text(x, y float64, anchor, class, text string) {
	fmt.Fprintf(&p.out, `<text x="%.1f" y="%.1f" text-anchor="%s" class="%s">%s</text>`, x, y, anchor, class, html.EscapeString(text))
}

func (p *picture) draw(label string) template.HTML {
	return template.HTML(fmt.Sprintf(`<svg viewBox="0 0 %.0f %.0f" role="img" aria-label="%s">%s</svg>`, p.width, p.height, html.EscapeString(label), p.out.String())) //nolint:gosec // every text in it was escaped
}

const pictureWidth = 860

// drawFunnel shows how many customers are left at each level, and what share of the level before.
func (d *Document) drawFunnel(r reader) template.HTML {
	steps := d.funnel()
	const rowHeight, labels, numbers = 34.0, 230.0, 210.0
	p := &picture{width: pictureWidth, height: rowHeight * float64(len(steps))}
	most := 1.0
	for _, s := range steps {
		most = math.Max(most, float64(s.Customers))
	}
	room := pictureWidth - labels - numbers
	for i, s := range steps {
		y := float64(i) * rowHeight
		p.text(labels-12, y+22, "end", "label", r.word(s.Key))
		width := math.Max(float64(s.Customers)/most*room, 1)
		p.rect(labels, y+6, width, rowHeight-12, "bar", r.word(s.Key)+": "+r.count(s.Customers))
		number := r.count(s.Customers)
		if i > 0 && steps[i-1].Customers > 0 {
			number += "  (" + r.percent(share(s.Customers, steps[i-1].Customers)) + ")"
		}
		p.text(labels+width+8, y+22, "start", "number", number)
	}
	return p.draw(r.word("funnel"))
}

// drawArms shows the mean of each arm with its own interval, and the difference with the interval that counts.
func (d *Document) drawArms(r reader) template.HTML {
	e := d.Effect
	const labels, right, top = 190.0, 40.0, 14.0
	p := &picture{width: pictureWidth, height: 226}
	room := pictureWidth - labels - right
	type arm struct {
		key  string
		of   Side
		half float64
	}
	z := 1.96
	if e.High > e.Low && !e.Adjusted {
		if se := standardError(e); se > 0 {
			z = (e.High - e.Low) / 2 / se
		}
	}
	arms := []arm{{"treated", e.Treated, 0}, {"control", e.Control, 0}}
	low, high := math.Inf(1), math.Inf(-1)
	for i := range arms {
		a := &arms[i]
		if a.of.Customers > 0 {
			a.half = z * a.of.Deviation / math.Sqrt(float64(a.of.Customers))
		}
		low, high = math.Min(low, a.of.Mean-a.half), math.Max(high, a.of.Mean+a.half)
	}
	low, high = widen(low, high)
	at := func(v float64) float64 { return labels + (v-low)/(high-low)*room }
	for i, a := range arms {
		y := top + 20 + float64(i)*44
		p.text(labels-12, y+5, "end", "label", r.word(a.key)+" ("+r.count(a.of.Customers)+")")
		p.line(labels, y, pictureWidth-right, y, "grid")
		p.line(at(a.of.Mean-a.half), y, at(a.of.Mean+a.half), y, "whisker "+a.key)
		p.circle(at(a.of.Mean), y, 6, "dot "+a.key, r.amount(e, a.of.Mean, false))
		p.text(at(a.of.Mean), y-12, "middle", "number", r.amount(e, a.of.Mean, false))
	}
	p.line(0, 112, pictureWidth, 112, "rule")
	low, high = widen(math.Min(e.Low, 0), math.Max(e.High, 0))
	y := 160.0
	p.text(labels-12, y+5, "end", "label strong", r.word("difference"))
	p.line(labels, y, pictureWidth-right, y, "grid")
	p.line(at(0), y-24, at(0), y+24, "zero")
	p.text(at(0), y+40, "middle", "small", "0 ("+r.word("zero")+")")
	class := "whisker difference"
	if e.Claim != "effect" {
		class = "whisker unclaimed"
	}
	p.line(at(e.Low), y, at(e.High), y, class)
	p.circle(at(e.Difference), y, 6, strings.Replace(class, "whisker", "dot", 1), r.amount(e, e.Difference, true))
	p.text(at(e.Difference), y-14, "middle", "number", r.amount(e, e.Difference, true))
	for _, end := range []float64{e.Low, e.High} {
		if math.Abs(at(end)-at(0)) > 70 {
			p.text(at(end), y+22, "middle", "small", r.amount(e, end, true))
		}
	}
	return p.draw(r.word("effect"))
}

func standardError(e *Effect) float64 {
	if e.Treated.Customers == 0 || e.Control.Customers == 0 {
		return 0
	}
	return math.Sqrt(e.Treated.Deviation*e.Treated.Deviation/float64(e.Treated.Customers) + e.Control.Deviation*e.Control.Deviation/float64(e.Control.Customers))
}

// widen leaves air at both ends of a scale.
func widen(low, high float64) (float64, float64) {
	if !(high > low) {
		return low - 1, high + 1
	}
	air := (high - low) * .12
	return low - air, high + air
}

// column is one bar of a histogram, with the part of it that is marked.
type column struct {
	label string
	title string
	n     uint64
	part  uint64
}

// drawPairs stands what came beside what was planned: either may be the taller one.
func drawPairs(columns []column, every int, label string, r reader) template.HTML {
	const height, bottom, left, right = 190.0, 26.0, 64.0, 36.0
	p := &picture{width: pictureWidth, height: height + bottom}
	var most uint64 = 1
	for _, c := range columns {
		most = max(most, c.n, c.part)
	}
	ground(p, most, height, left, right, r)
	width := (pictureWidth - left - right) / float64(max(len(columns), 1))
	for i, c := range columns {
		x := left + float64(i)*width
		for k, n := range []uint64{c.n, c.part} {
			if n > 0 {
				tall := (height - 14) * float64(n) / float64(most)
				p.rect(x+2+float64(k)*(width-4)/2, height-tall, (width-4)/2, tall, []string{"bar", "bar mark"}[k], c.title)
			}
		}
		if i%every == 0 {
			p.text(x+width/2, height+18, "middle", "small", c.label)
		}
	}
	p.line(left, height, pictureWidth-right, height, "axis")
	return p.draw(label)
}

// ground draws two lines to read heights by.
func ground(p *picture, most uint64, height, left, right float64, r reader) {
	for _, tick := range []uint64{most, most / 2} {
		y := 14 + (height-14)*(1-float64(tick)/float64(most))
		p.line(left, y, pictureWidth-right, y, "grid")
		p.text(left-8, y+4, "end", "small", r.count(tick))
	}
}

func drawColumns(columns []column, every int, label string, r reader) template.HTML {
	const height, bottom, left, right = 190.0, 26.0, 64.0, 36.0 // the last label reaches beyond its bar
	p := &picture{width: pictureWidth, height: height + bottom}
	var most uint64 = 1
	for _, c := range columns {
		most = max(most, c.n)
	}
	ground(p, most, height, left, right, r)
	width := (pictureWidth - left - right) / float64(max(len(columns), 1))
	for i, c := range columns {
		x := left + float64(i)*width
		tall := (height - 14) * float64(c.n) / float64(most)
		p.rect(x+2, height-tall, width-4, tall, "bar", c.title)
		if c.part > 0 {
			tall = (height - 14) * float64(c.part) / float64(most)
			p.rect(x+2, height-tall, width-4, tall, "bar mark", c.title)
		}
		if i%every == 0 {
			p.text(x+width/2, height+18, "middle", "small", c.label)
		}
	}
	p.line(left, height, pictureWidth-right, height, "axis")
	return p.draw(label)
}

func (d *Document) drawThresholds(r reader) template.HTML {
	var columns []column
	for _, b := range d.Thresholds {
		title := fmt.Sprintf("%s – %s: %s %s, %s %s", r.money(b.Low), r.money(b.High-1), r.count(b.Customers), r.word("customers"), r.count(b.Redeemed), r.word("met"))
		columns = append(columns, column{r.money(b.Low), title, b.Customers, b.Redeemed})
	}
	return drawColumns(columns, max(1, (len(columns)+7)/8), r.word("thresholds"), r)
}

func (d *Document) drawHours(r reader) template.HTML {
	var columns []column
	for hour, n := range d.Hours {
		title := fmt.Sprintf("%02d:00 – %s %s, %s %s", hour, r.word("planned"), r.count(n), r.word("left_hour"), r.count(d.Left[hour]))
		columns = append(columns, column{fmt.Sprintf("%02d", hour), title, n, d.Left[hour]})
	}
	return drawPairs(columns, 2, r.word("hours"), r)
}

func (d *Document) drawDays(r reader) template.HTML {
	var columns []column
	for _, day := range d.everyDay() {
		short := day.Day
		if len(short) > 5 {
			short = short[5:]
		}
		columns = append(columns, column{short, fmt.Sprintf("%s: %s, %s", day.Day, r.count(day.Redeemed), r.money(day.Due)), day.Redeemed, 0})
	}
	return drawColumns(columns, max(1, (len(columns)+13)/14), r.word("days"), r)
}

// everyDay is the days on which goals were met, and those between on which none was.
func (d *Document) everyDay() []Day {
	var all []Day
	for _, day := range d.Days {
		for len(all) > 0 {
			last, err := time.Parse(time.DateOnly, all[len(all)-1].Day)
			next := last.AddDate(0, 0, 1).Format(time.DateOnly)
			if err != nil || next >= day.Day {
				break
			}
			all = append(all, Day{Day: next})
		}
		all = append(all, day)
	}
	return all
}

// drawBudget shows the two limits and what came out of them, on one scale.
func (d *Document) drawBudget(r reader) template.HTML {
	b := d.Budget
	const rowHeight, labels, numbers = 38.0, 190.0, 170.0
	rows := []struct {
		key, class string
		of         money.Minor
	}{{"limit_exposure", "bar limit", b.Exposure}, {"out", "bar", b.Out}, {"limit_expected", "bar limit", b.Expected}, {"spent", "bar", b.Total}}
	p := &picture{width: pictureWidth, height: rowHeight * float64(len(rows))}
	most := float64(slices.Max([]money.Minor{1, b.Exposure, b.Out, b.Expected, b.Total}))
	room := pictureWidth - labels - numbers
	for i, row := range rows {
		y := float64(i) * rowHeight
		width := float64(row.of) / most * room
		p.text(labels-12, y+23, "end", "label", r.word(row.key))
		p.rect(labels, y+6, width, rowHeight-14, row.class, r.word(row.key)+": "+r.money(row.of))
		if row.key == "spent" { // rewards and contact within what was spent
			rewards := float64(max(b.Rewards, 0)) / most * room
			p.rect(labels, y+6, rewards, rowHeight-14, "bar mark", r.word("rewards")+": "+r.money(b.Rewards))
		}
		p.text(labels+width+8, y+23, "start", "number", r.money(row.of))
	}
	return p.draw(r.word("budget"))
}
