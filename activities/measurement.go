package activities

import (
	"context"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/measurement"
)

// MeasureEffectInput asks for treated against control over the window.
type MeasureEffectInput struct {
	Run      campaign.Run     `json:"run"`
	Snapshot Snapshot         `json:"snapshot"`
	Times    campaign.Times   `json:"times"`
	Shards   []campaign.Shard `json:"shards"`
}

// MeasureEffectOutput is the headline, with its interval. Claim is "effect", or why none may be claimed.
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
}

// Arm is one side of the comparison.
type Arm struct {
	Customers uint64  `json:"customers"`
	Mean      float64 `json:"mean"`
	Deviation float64 `json:"deviation"`
}

// WriteReportInput asks to write a run's report from the warehouse and what the workflow knows.
type WriteReportInput struct {
	Run        campaign.Run           `json:"run"`
	Stage      campaign.Stage         `json:"stage"`
	Snapshot   Snapshot               `json:"snapshot"`
	Times      campaign.Times         `json:"times"`
	Clock      clock.Clock            `json:"clock"`
	Funnel     Funnel                 `json:"funnel"`
	Model      Model                  `json:"model"`
	Prices     Prices                 `json:"prices"`
	Deliveries map[string]uint64      `json:"deliveries"` // by state
	Settled    QualifyCustomersOutput `json:"settled"`
	Paid       PayDuesOutput          `json:"paid"`
	Reconciled ReconcilePayoutsOutput `json:"reconciled"`
	Books      CheckBooksOutput       `json:"books"`
	Head       string                 `json:"head"`
	Effect     *MeasureEffectOutput   `json:"effect,omitempty"`
	Final      bool                   `json:"final"`
}

// WriteReportOutput says where the report is.
type WriteReportOutput struct {
	Bytes int `json:"bytes"`
}

// EffectStore adds up the arms in the warehouse.
type EffectStore interface {
	ArmSums(ctx context.Context, run campaign.Run, q measurement.Question, shard campaign.Shard) (map[string]measurement.Sums, error)
	Results(ctx context.Context, run campaign.Run, metric string) (map[string]measurement.Sums, error)
	SaveResults(ctx context.Context, run campaign.Run, metric string, arms map[string]measurement.Sums, at time.Time) error
}

// Measurement compares treated with control.
type Measurement struct {
	Store  EffectStore
	Briefs Briefs
}

// The arms that are compared, by their names in the warehouse.
const (
	armTreated = "treated"
	armControl = "control"
)

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
	arms, err := a.Store.Results(ctx, in.Run, spec.Measurement.Metric)
	if err != nil {
		return MeasureEffectOutput{}, err
	}
	if len(arms) == 0 {
		question := measurement.Question{
			Metric: spec.Measurement.Metric, Currency: spec.Currency, Opens: in.Times.Opens, Closes: in.Times.Closes,
			Instant: in.Snapshot.Instant, Baseline: spec.Measurement.Baseline.Std(),
		}
		for _, shard := range in.Shards {
			part, err := a.Store.ArmSums(ctx, in.Run, question, shard)
			if err != nil {
				return MeasureEffectOutput{}, err
			}
			for name, sums := range part {
				arms[name] = arms[name].Plus(sums)
			}
		}
		if err := a.Store.SaveResults(ctx, in.Run, spec.Measurement.Metric, arms, in.Times.Settles); err != nil {
			return MeasureEffectOutput{}, err
		}
	}
	treated, control := arms[armTreated], arms[armControl]
	effect := measurement.Compare(treated, control, spec.Measurement.Confidence)
	mismatch := measurement.SampleRatio(treated.Customers, control.Customers, float64(spec.Audience.Control))
	out := MeasureEffectOutput{
		Metric: spec.Measurement.Metric, Treated: arm(treated), Control: arm(control),
		Difference: effect.Difference, Low: effect.Low, High: effect.High,
		Relative: effect.Relative, RelativeLow: effect.RelativeLow, RelativeHigh: effect.RelativeHigh,
		Adjusted: effect.Adjusted, Reduction: effect.Reduction, Confidence: effect.Confidence, Mismatch: mismatch,
		Claim: string(effect.Judge(spec.Measurement.Delivered != campaign.DeliveredNever, mismatch)),
	}
	if out.Metric == campaign.MetricSpend {
		out.Currency = spec.Currency
	}
	return out, nil
}

func arm(s measurement.Sums) Arm {
	return Arm{Customers: s.Customers, Mean: s.Mean(), Deviation: s.Deviation()}
}
