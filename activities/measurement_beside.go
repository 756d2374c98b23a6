package activities

import (
	"cmp"
	"slices"
	"time"

	"github.com/danbi-project/danbi/internal/measurement"
)

// A segment with fewer customers than this in either arm says nothing of its own, and a page has room for so many.
const (
	leastOfSegment = 50
	mostSegments   = 12
)

// beside compares the metrics that are not the headline. They are several, so each claim is corrected for that.
func beside(study measurement.Study, headline measurement.Metric, confidence float64, really bool, ratio float64) []Estimate {
	var names []string
	var effects []measurement.Effect
	var metrics []measurement.Metric
	for _, m := range measurement.Metrics {
		e := study.Compare(m, "", 0, confidence)
		if m == headline || e.Treated.Customers == 0 && e.Control.Customers == 0 {
			continue
		}
		names, effects, metrics = append(names, string(m)), append(effects, e), append(metrics, m)
	}
	return corrected(names, metrics, effects, really, ratio)
}

// bySegment compares the headline's metric within each segment that is large enough, the largest first.
func bySegment(study measurement.Study, metric measurement.Metric, confidence float64, really bool, ratio float64) []Estimate {
	var segments []string
	for cell := range study {
		if cell.Metric == metric && cell.Segment != "" && cell.Period == 0 && cell.Arm == measurement.Treated {
			segments = append(segments, cell.Segment)
		}
	}
	size := func(segment string) uint64 {
		return study[measurement.Cell{Metric: metric, Arm: measurement.Treated, Segment: segment}].Customers
	}
	slices.SortFunc(segments, func(a, b string) int { return cmp.Or(cmp.Compare(size(b), size(a)), cmp.Compare(a, b)) })
	var names []string
	var effects []measurement.Effect
	var metrics []measurement.Metric
	for _, segment := range segments {
		e := study.Compare(metric, segment, 0, confidence)
		if len(names) == mostSegments || min(e.Treated.Customers, e.Control.Customers) < leastOfSegment {
			continue
		}
		names, effects, metrics = append(names, segment), append(effects, e), append(metrics, metric)
	}
	if len(names) < 2 { // a single one is everybody
		return nil
	}
	return corrected(names, metrics, effects, really, ratio)
}

func corrected(names []string, metrics []measurement.Metric, effects []measurement.Effect, really bool, ratio float64) []Estimate {
	var probabilities []float64
	for _, e := range effects {
		probabilities = append(probabilities, e.P)
	}
	var all []Estimate
	for i, p := range measurement.Holm(probabilities) {
		e := estimate(names[i], metrics[i], effects[i])
		e.Corrected = p
		claim := effects[i].Judge(really, ratio)
		if claim == measurement.Proven && p > 1-effects[i].Confidence {
			claim = measurement.Inconclusive
		}
		e.Claim = string(claim)
		all = append(all, e)
	}
	return all
}

func estimate(name string, metric measurement.Metric, e measurement.Effect) Estimate {
	out := Estimate{
		Name: name, Money: metric.Money(), Treated: arm(e.Treated), Control: arm(e.Control),
		Difference: e.Difference, Low: e.Low, High: e.High, Relative: e.Relative, RelativeLow: e.RelativeLow, RelativeHigh: e.RelativeHigh,
		Adjusted: e.Adjusted, P: e.P,
	}
	if e.Ratio { // its means are the ratios, and a customer has no deviation from one
		out.Treated.Mean, out.Control.Mean = e.Treated.Ratio(), e.Control.Ratio()
		out.Treated.Deviation, out.Control.Deviation = 0, 0
	}
	return out
}

// looks are what somebody saw who looked at the end of each day, with intervals that allow for it.
func looks(study measurement.Study, q measurement.Question, confidence float64) []Look {
	whole := func(arm string) measurement.Sums { return study[measurement.Cell{Metric: measurement.Spend, Arm: arm}] }
	expected := measurement.Expected(whole(measurement.Treated), whole(measurement.Control), q.Baseline.Hours(), q.Closes.Sub(q.Opens).Hours())
	boundary := measurement.NewSequential(confidence, expected)
	var all []Look
	for i := range q.Periods {
		e := study.Compare(measurement.Spend, "", i+1, confidence)
		half := boundary.Half(e.Error * e.Error)
		if e.Error == 0 || expected == 0 { // nothing was bought yet, or nothing is known of before
			continue
		}
		until := q.Opens.Add(time.Duration(i+1) * q.Period)
		if until.After(q.Closes) {
			until = q.Closes
		}
		all = append(all, Look{
			Until: until, Treated: e.Treated.Mean(), Control: e.Control.Mean(),
			Difference: e.Difference, Low: e.Difference - half, High: e.Difference + half,
		})
	}
	return all
}
