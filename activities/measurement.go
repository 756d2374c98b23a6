package activities

import (
	"context"
	"math"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/measurement"
)

// MeasureEffectInput asks for treated against control over the window.
type MeasureEffectInput struct {
	Run      campaign.Run     `json:"run"`
	Snapshot Snapshot         `json:"snapshot"`
	Times    campaign.Times   `json:"times"`
	Shards   []campaign.Shard `json:"shards"`
}

// MeasureEffectOutput is the headline, with its interval, and what stands beside it. Claim is "effect", or why none may
// be claimed.
type MeasureEffectOutput struct {
	Metric     string  `json:"metric"`
	Treated    Arm     `json:"treated"`
	Control    Arm     `json:"control"`
	Difference float64 `json:"difference"` // per customer
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
	Relative   float64 `json:"relative"`
	Adjusted   bool    `json:"adjusted"`            // by the pre-period (CUPED)
	Reduction  float64 `json:"reduction,omitempty"` // share of variance that the adjustment saved
	Mismatch   float64 `json:"mismatch"`            // p of the sample ratio
	Claim      string  `json:"claim"`

	Confidence   float64 `json:"confidence,omitempty"` // of the intervals
	RelativeLow  float64 `json:"relative_low,omitempty"`
	RelativeHigh float64 `json:"relative_high,omitempty"`
	Currency     string  `json:"currency,omitempty"` // of a metric that is money, in minor units

	P        float64    `json:"p,omitempty"`        // of a difference this large without an effect
	Beside   []Estimate `json:"beside,omitempty"`   // the other metrics, corrected for being several
	Segments []Estimate `json:"segments,omitempty"` // the headline's metric by segment, corrected for being several
	Factors  []Contrast `json:"factors,omitempty"`  // levels of the spec's factors, and two of them together, corrected for being several
	Looks    []Look     `json:"looks,omitempty"`    // spend to the end of each day or so, with intervals that hold at all looks together
	Cap      float64    `json:"cap,omitempty"`      // where spend is winsorised, in minor units
	Smallest float64    `json:"smallest,omitempty"` // relative lift that this design would have found four times of five
}

// Arm is one side of the comparison.
type Arm struct {
	Customers uint64  `json:"customers"`
	Mean      float64 `json:"mean"`
	Deviation float64 `json:"deviation"`
}

// Estimate is one comparison beside the headline.
type Estimate struct {
	Name         string  `json:"name"` // of the metric, or of the segment
	Money        bool    `json:"money,omitempty"`
	Treated      Arm     `json:"treated"`
	Control      Arm     `json:"control"`
	Difference   float64 `json:"difference"`
	Low          float64 `json:"low"` // at the headline's confidence, not corrected
	High         float64 `json:"high"`
	Relative     float64 `json:"relative,omitempty"`
	RelativeLow  float64 `json:"relative_low,omitempty"`
	RelativeHigh float64 `json:"relative_high,omitempty"`
	Adjusted     bool    `json:"adjusted,omitempty"`
	P            float64 `json:"p"`
	Corrected    float64 `json:"corrected"` // p by Holm, among those that stand together
	Claim        string  `json:"claim"`
}

// Contrast is one level of a factor against its reference level, among the treated; or, with no means of its own, what two
// such differences come to beyond their sum.
type Contrast struct {
	Name       string  `json:"name"` // "timing: chosen", or "offer: chosen × timing: chosen"
	Money      bool    `json:"money,omitempty"`
	Together   bool    `json:"together,omitempty"`
	Level      uint64  `json:"level"`               // customers at the level, or of all four combinations
	Reference  uint64  `json:"reference,omitempty"` // customers at the reference level
	Mean       float64 `json:"mean,omitempty"`
	Against    float64 `json:"against,omitempty"`
	Difference float64 `json:"difference"`
	Low        float64 `json:"low"` // at the headline's confidence, not corrected
	High       float64 `json:"high"`
	P          float64 `json:"p"`
	Corrected  float64 `json:"corrected"` // p by Holm, among all of them
	Claim      string  `json:"claim"`
}

// Look is spend per customer from the window's start until an instant.
type Look struct {
	Until      time.Time `json:"until"`
	Treated    float64   `json:"treated"`
	Control    float64   `json:"control"`
	Difference float64   `json:"difference"`
	Low        float64   `json:"low"` // sequential: holds at every look together
	High       float64   `json:"high"`
}

// EffectStore adds up the arms in the warehouse.
type EffectStore interface {
	ArmSums(ctx context.Context, run campaign.Run, q measurement.Question, shard campaign.Shard) (measurement.Study, error)
	SpendHistograms(ctx context.Context, run campaign.Run, q measurement.Question, shard campaign.Shard) (after, before measurement.Histogram, customers uint64, err error)
	Results(ctx context.Context, run campaign.Run) (measurement.Study, error)
	SaveResults(ctx context.Context, run campaign.Run, study measurement.Study, at time.Time) error
	FactorSums(ctx context.Context, run campaign.Run, q measurement.Question, metric measurement.Metric, touch string, shard campaign.Shard) (measurement.Factorial, error)
	FactorResults(ctx context.Context, run campaign.Run) (measurement.Factorial, error)
	SaveFactorResults(ctx context.Context, run campaign.Run, f measurement.Factorial, at time.Time) error
}

// Measurement compares treated with control.
type Measurement struct {
	Store  EffectStore
	Briefs Briefs
}

// MeasureEffect compares all who were drawn for treatment with all who were drawn for control, whatever reached them.
func (a *Measurement) MeasureEffect(ctx context.Context, in MeasureEffectInput) (MeasureEffectOutput, error) {
	stop := heartbeat(ctx)
	defer stop()
	out, err := a.measure(ctx, in)
	return out, Classify(err)
}

func (a *Measurement) measure(ctx context.Context, in MeasureEffectInput) (MeasureEffectOutput, error) {
	brief, err := a.Briefs.Brief(ctx, in.Run)
	if err != nil {
		return MeasureEffectOutput{}, err
	}
	spec := brief.Spec
	question := questionOf(spec, in)
	study, err := a.study(ctx, in, question, spec.Measurement.Winsorise)
	if err != nil {
		return MeasureEffectOutput{}, err
	}
	metric := measurement.Metric(spec.Measurement.Metric)
	effect := study.Compare(metric, "", 0, spec.Measurement.Confidence)
	mismatch := measurement.SampleRatio(effect.Treated.Customers, effect.Control.Customers, float64(spec.Audience.Control))
	really := spec.Measurement.Delivered != campaign.DeliveredNever
	headline := estimate("", metric, effect)
	out := MeasureEffectOutput{
		Metric: spec.Measurement.Metric, Treated: headline.Treated, Control: headline.Control,
		Difference: effect.Difference, Low: effect.Low, High: effect.High,
		Relative: effect.Relative, RelativeLow: effect.RelativeLow, RelativeHigh: effect.RelativeHigh,
		Adjusted: effect.Adjusted, Reduction: effect.Reduction, Confidence: effect.Confidence, Mismatch: mismatch,
		Claim: string(effect.Judge(really, mismatch)), P: effect.P,
		Beside: beside(study, metric, spec.Measurement.Confidence, really, mismatch), Segments: bySegment(study, metric, spec.Measurement.Confidence, really, mismatch),
		Looks: looks(study, question, spec.Measurement.Confidence), Cap: study[capCell].Y, Smallest: smallest(effect),
	}
	if metric.Money() {
		out.Currency = spec.Currency
	}
	question.Cap, question.CapPre = study[capCell].Y, study[capCell].X
	out.Factors, err = a.factors(ctx, in, spec, question, really)
	return out, err
}

func questionOf(spec campaign.Spec, in MeasureEffectInput) measurement.Question {
	q := measurement.Question{
		Snapshot: in.Snapshot.ID, Currency: spec.Currency, Opens: in.Times.Opens, Closes: in.Times.Closes,
		Instant: in.Snapshot.Instant, Baseline: spec.Measurement.Baseline.Std(),
	}
	q.Periods, q.Period = measurement.Looks(q.Opens, q.Closes)
	return q
}

// capCell keeps where spend was winsorised beside the sums that it was winsorised for.
var capCell = measurement.Cell{Metric: measurement.Winsorised, Arm: "cap"}

// study is the sums as they were first added up, or adds them up: first how spend lies, because the cap must be known
// before anybody's spend is capped, then everything else.
func (a *Measurement) study(ctx context.Context, in MeasureEffectInput, q measurement.Question, share float64) (measurement.Study, error) {
	study, err := a.Store.Results(ctx, in.Run)
	if err != nil || len(study) > 0 {
		return study, err
	}
	after, before, customers := measurement.Histogram{}, measurement.Histogram{}, uint64(0)
	for _, shard := range in.Shards {
		a, b, n, err := a.Store.SpendHistograms(ctx, in.Run, q, shard)
		if err != nil {
			return nil, err
		}
		after.Add(a)
		before.Add(b)
		customers += n
	}
	q.Cap, q.CapPre = after.Cap(share, customers), before.Cap(share, customers)
	for _, shard := range in.Shards {
		part, err := a.Store.ArmSums(ctx, in.Run, q, shard)
		if err != nil {
			return nil, err
		}
		study.Add(part)
	}
	study.Total()
	study[capCell] = measurement.Sums{Customers: customers, Y: q.Cap, X: q.CapPre}
	return study, a.Store.SaveResults(ctx, in.Run, study, in.Times.Settles)
}

// smallest is the relative lift that a design as large as this one, on customers who vary as these do, finds four times
// of five.
func smallest(e measurement.Effect) float64 {
	d := measurement.Design{
		Treated: e.Treated.Customers, Control: e.Control.Customers, Mean: e.Control.Mean(), Deviation: e.Control.Deviation(),
		Reduction: e.Reduction, Confidence: e.Confidence, Power: 0.8,
	}
	if _, relative := d.SmallestLift(); !math.IsInf(relative, 0) && !e.Ratio {
		return relative
	}
	return 0
}

func arm(s measurement.Sums) Arm {
	return Arm{Customers: s.Customers, Mean: s.Mean(), Deviation: s.Deviation()}
}
