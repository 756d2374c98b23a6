package activities

import (
	"context"
	"fmt"
	"math"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/measurement"
)

// sizedOn is how many customers' past is enough to say how customers vary.
const sizedOn = 200_000

// power is the chance that a plan's comparison is sized for.
const power = 0.8

// sizing says before approval how small an effect the comparison would still see, from what the chosen customers did in
// as long a time before the snapshot. It looks at the arms together: nothing was done to them yet.
func (p *Planning) sizing(ctx context.Context, in PreflightInput, spec campaign.Spec) ([]Fault, error) {
	length := in.Times.Closes.Sub(in.Times.Opens)
	if in.Treated == 0 || in.Control == 0 || length <= 0 || p.Effects == nil {
		return nil, nil
	}
	before := in.Snapshot.Instant.Add(-length)
	q := measurement.Question{
		Snapshot: in.Snapshot.ID, Currency: spec.Currency, Opens: before, Closes: in.Snapshot.Instant, Instant: before, Baseline: spec.Measurement.Baseline.Std(),
	}
	study := measurement.Study{}
	after, pre := measurement.Histogram{}, measurement.Histogram{}
	customers := uint64(0)
	for _, shard := range in.Shards {
		if customers >= sizedOn {
			break
		}
		a, b, n, err := p.Effects.SpendHistograms(ctx, in.Run, q, shard)
		if err != nil {
			return nil, err
		}
		after.Add(a)
		pre.Add(b)
		customers += n
		q.Cap, q.CapPre = after.Cap(spec.Measurement.Winsorise, customers), pre.Cap(spec.Measurement.Winsorise, customers)
		part, err := p.Effects.ArmSums(ctx, in.Run, q, shard)
		if err != nil {
			return nil, err
		}
		study.Add(part)
	}
	study.Total()
	return sized(study, measurement.Metric(spec.Measurement.Metric), in, spec), nil
}

func sized(study measurement.Study, metric measurement.Metric, in PreflightInput, spec campaign.Spec) []Fault {
	if metric == measurement.Basket { // a ratio of two sums has no deviation by customer
		metric = measurement.Spend
	}
	treated, control := study[measurement.Cell{Metric: metric, Arm: measurement.Treated}], study[measurement.Cell{Metric: metric, Arm: measurement.Control}]
	all := treated.Plus(control)
	design := measurement.Design{
		Treated: in.Treated, Control: in.Control, Mean: all.Mean(), Deviation: all.Deviation(), Confidence: spec.Measurement.Confidence, Power: power,
		Reduction: measurement.Compare(treated, control, spec.Measurement.Confidence).Reduction,
	}
	_, lift := design.SmallestLift()
	if math.IsInf(lift, 0) || math.IsNaN(lift) || lift == 0 {
		return []Fault{{Kind: "unsized", Message: fmt.Sprintf("the %d customers who were chosen bought nothing before, so nobody can say how small an effect would be seen", in.Treated+in.Control)}}
	}
	message := fmt.Sprintf("with %d treated and %d in control, the smallest lift in %s that would be seen four times out of five is %.1f%%", in.Treated, in.Control, metric, lift*100)
	if better, ok := design.ControlFor(in.Treated+in.Control, lift*3/4); ok {
		message += fmt.Sprintf("; to see three quarters of that, control needs %d (%.0f%%)", better, 100*float64(better)/float64(in.Treated+in.Control))
	}
	return []Fault{{Kind: "smallest_lift", Message: message, Customers: in.Treated + in.Control}}
}
