package report

import (
	"html/template"
	"math"
	"strings"

	"github.com/danbi-project/danbi/internal/measurement"
)

// factorName says a level, or two together, in the reader's language: the contents' names are the spec's own.
func (r reader) factorName(name string) string {
	var parts []string
	for part := range strings.SplitSeq(name, " × ") {
		factor, level, _ := strings.Cut(part, ": ")
		if factor != string(measurement.FactorContent) {
			level = r.word("level_" + factor + "_" + level)
		}
		parts = append(parts, r.word("factor_"+factor)+": "+level)
	}
	return strings.Join(parts, " × ")
}

// asEstimate lends a contrast the words and pictures of a comparison.
func (c Contrast) asEstimate() Estimate {
	return Estimate{Name: c.Name, Money: c.Money, Treated: Side{Customers: c.Level, Mean: c.Mean}, Control: Side{Customers: c.Reference, Mean: c.Against},
		Difference: c.Difference, Low: c.Low, High: c.High, P: c.P, Corrected: c.Corrected, Claim: c.Claim}
}

func (r reader) factors(e *Effect) []row {
	var rows []row
	for _, c := range e.Factors {
		est, cells := c.asEstimate(), []string{"", ""}
		if !c.Together {
			cells = []string{r.of(est, e.Metric, c.Mean, false), r.of(est, e.Metric, c.Against, false)}
		}
		cells = append(cells, r.of(est, e.Metric, c.Difference, true), r.of(est, e.Metric, c.Low, true)+" – "+r.of(est, e.Metric, c.High, true), r.verdictOf(est))
		note := r.count(c.Level)
		if !c.Together {
			note += " / " + r.count(c.Reference)
		}
		rows = append(rows, row{Name: r.factorName(c.Name), Note: note + " " + r.word("customers"), Cells: cells})
	}
	return rows
}

func (p page) Factors() []row { return p.factors(p.d.Effect) }

// FactorPicture is each difference with its interval, on one scale.
func (p page) FactorPicture() template.HTML {
	e := p.d.Effect
	const rowHeight, labels, right = 34.0, 330.0, 120.0
	low, high := 0.0, 0.0
	for _, c := range e.Factors {
		low, high = math.Min(low, c.Low), math.Max(high, c.High)
	}
	low, high = widen(low, high)
	pic := &picture{width: pictureWidth, height: rowHeight*float64(len(e.Factors)) + 8}
	at := func(v float64) float64 { return labels + (v-low)/(high-low)*(pictureWidth-labels-right) }
	pic.line(at(0), 0, at(0), pic.height-4, "zero")
	for i, c := range e.Factors {
		y := rowHeight*float64(i) + rowHeight/2
		class := ""
		if c.Claim == string(measurement.Proven) {
			class = " difference"
		}
		pic.text(0, y+4, "start", "", p.factorName(c.Name))
		pic.line(at(c.Low), y, at(c.High), y, "whisker"+class)
		pic.circle(at(c.Difference), y, 5, "dot"+class, "")
		pic.text(pictureWidth, y+4, "end", "number", p.of(c.asEstimate(), e.Metric, c.Difference, true))
	}
	return pic.draw(p.word("factors"))
}

// factorial writes the factors.
func (t *text) factorial(e *Effect) {
	if len(e.Factors) == 0 {
		return
	}
	t.line("")
	t.line("  %s", t.word("factors"))
	low, high := 0.0, 0.0
	for _, c := range e.Factors {
		low, high = math.Min(low, c.Low), math.Max(high, c.High)
	}
	for _, c := range e.Factors {
		est := c.asEstimate()
		t.line("  %s %s %s  %s", pad(t.factorName(c.Name), 42), padLeft(t.of(est, e.Metric, c.Difference, true), 14),
			pad(between(c.Low, c.Difference, c.High, low, high, 24), 24), t.verdictOf(est))
	}
}
