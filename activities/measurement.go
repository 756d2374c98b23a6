package activities

import (
	"context"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
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

// EffectStore computes the sufficient statistics of the arms in the warehouse.
type EffectStore interface{}

// Measurement compares treated with control.
type Measurement struct {
	Store  EffectStore
	Briefs Briefs
}

// MeasureEffect is the effect by intention to treat, with its interval.
func (a *Measurement) MeasureEffect(ctx context.Context, in MeasureEffectInput) (MeasureEffectOutput, error) {
	return MeasureEffectOutput{}, errUnwritten
}
