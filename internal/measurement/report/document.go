// Package report is what a run brought, as one document: what it holds, and how it is shown to people in a terminal
// and on a page, in Korean and English.
package report

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/measurement/forecast"
	"github.com/danbi-project/danbi/internal/money"
)

// Document is the report of a run. All amounts are minor units of Currency.
type Document struct {
	Campaign   string         `json:"campaign"`
	Occurrence uint32         `json:"occurrence"`
	Plan       uint16         `json:"plan"`
	Title      campaign.Text  `json:"title"`
	Stage      campaign.Stage `json:"stage"`
	Final      bool           `json:"final"`
	Currency   string         `json:"currency"`
	Zone       string         `json:"zone"`
	Rehearsal  bool           `json:"rehearsal"`
	Delivered  string         `json:"delivered"` // really, or never: a replay over history
	Times      campaign.Times `json:"times"`
	At         time.Time      `json:"at"` // campaign time
	Snapshot   Snapshot       `json:"snapshot"`
	Model      Model          `json:"model"`

	Funnel      map[string]uint64 `json:"funnel,omitempty"` // customers by the reason that took them out; what the workflow counted
	Arms        []Arm             `json:"arms"`
	Offers      []Offer           `json:"offers"`
	Thresholds  []Bin             `json:"thresholds,omitempty"`
	Hours       [24]uint64        `json:"hours"`                  // planned messages by the customer's own hour
	HourSources map[string]uint64 `json:"hour_sources,omitempty"` // of these: learned, fallback, moved, random; and blocked, who got none
	Left        [24]uint64        `json:"left_hours"`             // messages that left, the same way; all 0: written by an older program, or none did
	Deliveries  []Touch           `json:"deliveries"`
	Settlement  Settlement        `json:"settlement"`
	Days        []Day             `json:"days,omitempty"` // redemptions by day of the window
	Ledger      Ledger            `json:"ledger"`
	Effect      *Effect           `json:"effect,omitempty"`
	Attributed  *Attributed       `json:"attributed,omitempty"`
	Budget      Budget            `json:"budget"`
	Forecast    Forecast          `json:"forecast"`

	Overlaps  []Overlap     `json:"overlaps,omitempty"`  // other campaigns with the same customers at the same time
	Cancelled *Cancellation `json:"cancelled,omitempty"` // before all messages had left

	Rehearsed *forecast.Forecast `json:"rehearsed,omitempty"` // what rehearsals said before; put beside the report by who shows it
}

// Snapshot is the features that the run was planned on.
type Snapshot struct {
	ID        string    `json:"id"`
	Instant   time.Time `json:"instant"`
	Customers uint64    `json:"customers"`
}

// Model is what ranked the audience.
type Model struct {
	Kind string  `json:"kind"`
	Rows uint64  `json:"rows,omitempty"`
	AUC  float64 `json:"auc,omitempty"`
	Note string  `json:"note,omitempty"`
}

// Arm counts the customers of an arm, or those left out, for one reason.
type Arm struct {
	Arm       string `json:"arm"` // treated, control, holdout, left_out
	Reason    string `json:"reason,omitempty"`
	Customers uint64 `json:"customers"`
}

// Offer is one rung of the ladder: what was promised, believed and earned.
type Offer struct {
	ID           string        `json:"id"`
	Title        campaign.Text `json:"title,omitempty"`
	Customers    uint64        `json:"customers"`
	Explored     uint64        `json:"explored,omitempty"` // drawn at random, to learn
	Exposure     money.Minor   `json:"exposure"`           // sum of rewards
	ExpectedCost money.Minor   `json:"expected_cost"`
	Value        money.Minor   `json:"value"`              // expected
	Reach        float64       `json:"p_reach"`            // mean, given the offer
	Without      float64       `json:"p_reach_without"`    // mean, without it
	Least        money.Minor   `json:"least,omitempty"`    // thresholds
	Median       money.Minor   `json:"median,omitempty"`   //
	Greatest     money.Minor   `json:"greatest,omitempty"` //
	Redeemed     uint64        `json:"redeemed"`           //
	Due          money.Minor   `json:"due"`                //
}

// Bin counts thresholds from Low on, up to the next bin.
type Bin struct {
	Low       money.Minor `json:"low"`
	High      money.Minor `json:"high"`
	Customers uint64      `json:"customers"`
	Redeemed  uint64      `json:"redeemed"`
}

// Touch counts one contact's deliveries by the state they ended in.
type Touch struct {
	Touch  string            `json:"touch"`
	States map[string]uint64 `json:"states"`

	Channels map[string]uint64 `json:"channels,omitempty"` // that may have arrived, by the channel that they went by last
}

// byChannel is how many went by each channel, where more than one was used.
func (t Touch) byChannel(count func(uint64) string) string {
	if len(t.Channels) < 2 {
		return ""
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(t.Channels)) {
		parts = append(parts, name+" "+count(t.Channels[name]))
	}
	return strings.Join(parts, " · ")
}

// Settlement is what was owed and paid, by us and by the provider.
type Settlement struct {
	Reached      uint64       `json:"reached"`
	Qualified    uint64       `json:"qualified"`
	Due          money.Minor  `json:"due"`
	Paid         uint64       `json:"paid"`
	PaidAmount   money.Minor  `json:"paid_amount"`
	Refused      uint64       `json:"refused,omitempty"`
	Unknown      uint64       `json:"unknown,omitempty"`
	Theirs       uint64       `json:"theirs"`
	TheirsAmount money.Minor  `json:"theirs_amount"`
	Differences  []Difference `json:"differences,omitempty"`
	Clawed       uint64       `json:"clawed,omitempty"`
	ClawedAmount money.Minor  `json:"clawed_amount,omitempty"`
}

// Difference is one kind of disagreement with the provider.
type Difference struct {
	Kind     string `json:"kind"` // missing, surplus, unequal, twice
	Payouts  uint64 `json:"payouts"`
	Customer uint32 `json:"customer"` // an example
}

// Day counts the redemptions of one day, local in the run's zone.
type Day struct {
	Day      string      `json:"day"`
	Redeemed uint64      `json:"redeemed"`
	Due      money.Minor `json:"due"`
}

// Ledger is the trial balance and the head of the chain.
type Ledger struct {
	Accounts map[string]money.Minor `json:"accounts"`
	Sum      money.Minor            `json:"sum"`
	Intact   bool                   `json:"intact"`
	Findings []string               `json:"findings,omitempty"`
	Batches  uint64                 `json:"batches"`
	Head     string                 `json:"head"`
}

// Effect is treated against control, per customer, and what may be claimed of it.
type Effect struct {
	Metric       string     `json:"metric"`
	Money        bool       `json:"money"` // the metric is in minor units of the currency
	Treated      Side       `json:"treated"`
	Control      Side       `json:"control"`
	Confidence   float64    `json:"confidence"`
	Difference   float64    `json:"difference"`
	Low          float64    `json:"low"`
	High         float64    `json:"high"`
	Relative     float64    `json:"relative"`
	RelativeLow  float64    `json:"relative_low"`
	RelativeHigh float64    `json:"relative_high"`
	Adjusted     bool       `json:"adjusted"`
	Reduction    float64    `json:"reduction,omitempty"`
	Mismatch     float64    `json:"mismatch"` // probability of the sample ratio
	Claim        string     `json:"claim"`
	Beside       []Estimate `json:"beside,omitempty"`   // the other metrics
	Segments     []Estimate `json:"segments,omitempty"` // the headline's metric by segment
	Factors      []Contrast `json:"factors,omitempty"`  // levels of the factors, among the treated
	Looks        []Look     `json:"looks,omitempty"`    // spend per customer over time
	Cap          float64    `json:"cap,omitempty"`      // where spend is winsorised
	Smallest     float64    `json:"smallest,omitempty"` // relative lift that this design finds four times of five
	// Only where an effect may be claimed:
	Incremental float64 `json:"incremental,omitempty"`   // over all treated customers
	UnitCost    float64 `json:"cost_per_unit,omitempty"` // cost of one incremental unit of the metric
	UnitLow     float64 `json:"cost_per_unit_low,omitempty"`
	UnitHigh    float64 `json:"cost_per_unit_high,omitempty"` // 0 beside a UnitCost: no bound
}

// Estimate is one comparison beside the headline: another metric, or one segment.
type Estimate struct {
	Name         string  `json:"name"`
	Money        bool    `json:"money,omitempty"`
	Treated      Side    `json:"treated"`
	Control      Side    `json:"control"`
	Difference   float64 `json:"difference"`
	Low          float64 `json:"low"`
	High         float64 `json:"high"`
	Relative     float64 `json:"relative,omitempty"`
	RelativeLow  float64 `json:"relative_low,omitempty"`
	RelativeHigh float64 `json:"relative_high,omitempty"`
	Adjusted     bool    `json:"adjusted,omitempty"`
	P            float64 `json:"p"`
	Corrected    float64 `json:"corrected"` // for being one of several (Holm)
	Claim        string  `json:"claim"`
}

// Contrast is one level of a factor against its reference level, among the treated; or, together, what two such differences
// come to beyond their sum.
type Contrast struct {
	Name       string  `json:"name"` // "timing: chosen", or "offer: chosen × timing: chosen"
	Money      bool    `json:"money,omitempty"`
	Together   bool    `json:"together,omitempty"`
	Level      uint64  `json:"level"`               // customers at the level, or of all four combinations
	Reference  uint64  `json:"reference,omitempty"` // customers at the reference level
	Mean       float64 `json:"mean,omitempty"`
	Against    float64 `json:"against,omitempty"`
	Difference float64 `json:"difference"`
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
	P          float64 `json:"p"`
	Corrected  float64 `json:"corrected"` // for being one of several (Holm)
	Claim      string  `json:"claim"`
}

// Look is spend per customer from the window's start until an instant; its interval holds at all looks together.
type Look struct {
	Until      time.Time `json:"until"`
	Treated    float64   `json:"treated"`
	Control    float64   `json:"control"`
	Difference float64   `json:"difference"`
	Low        float64   `json:"low"`
	High       float64   `json:"high"`
}

// Side is one arm of the comparison.
type Side struct {
	Customers uint64  `json:"customers"`
	Mean      float64 `json:"mean"`
	Deviation float64 `json:"deviation"`
}

// Budget is what might be spent, and what was.
type Budget struct {
	Expected money.Minor `json:"expected"` // the optimiser's constraint
	Exposure money.Minor `json:"exposure"` // the hard cap
	Out      money.Minor `json:"out"`      // sum of maximum rewards that were promised
	Rewards  money.Minor `json:"rewards"`  // cost of rewards, less what was clawed back
	Messages uint64      `json:"messages"` // that left, or may have
	Contact  money.Minor `json:"contact"`  // their cost
	Total    money.Minor `json:"total"`

	Limits []Limit     `json:"limits,omitempty"` // as they stood when the offers were given
	More   money.Minor `json:"more,omitempty"`   // value that 5 % more of the expected cost would have brought, as was believed
}

// Limit is one limit of the budget.
type Limit struct {
	Name  string  `json:"name"`
	Price float64 `json:"price"` // value that one unit more of it would have brought; 0: it did not bind
	Used  int64   `json:"used"`
	Most  int64   `json:"most"` // negative: at least as much
}

// Forecast is what was believed before, beside what came.
type Forecast struct {
	Redeemed    float64     `json:"redeemed"`     // of all who were given an offer
	RedeemedOut uint64      `json:"redeemed_out"` //
	Cost        money.Minor `json:"cost"`
	CostOut     money.Minor `json:"cost_out"`
	Value       money.Minor `json:"value"` // incremental margin less cost
}

// Attributed is what last-touch attribution would credit the run with: net spend of the window that followed an open or a
// click within some time. It is a view, never an effect: most of it would have come anyway.
type Attributed struct {
	Within     time.Duration `json:"within"`
	Opened     uint64        `json:"opened"`  // customers who opened or clicked
	Clicked    uint64        `json:"clicked"` // customers who clicked
	AfterOpen  money.Minor   `json:"after_open"`
	AfterClick money.Minor   `json:"after_click"`
}

// AttributedWithin is how long after an open or a click a purchase is attributed to it.
const AttributedWithin = 7 * 24 * time.Hour

// Question is what the facts of a run are asked for.
type Question struct {
	Snapshot      string
	Zone          string // of customers whose own is missing or unknown
	Currency      string
	Opens, Closes time.Time
}

// Facts are what the warehouse adds to a report.
type Facts struct {
	Attributed  *Attributed // nil: nobody opened anything
	Arms        []Arm
	Offers      []Offer
	Thresholds  []Bin
	Hours       [24]uint64
	HourSources map[string]uint64
	Left        [24]uint64
	Deliveries  []Touch
	Overlaps    []Overlap
	Days        []Day
	Clawed      uint64
	Clawback    money.Minor
	Batches     uint64
	Expected    float64 // redemptions
}
