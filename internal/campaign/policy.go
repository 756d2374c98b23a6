package campaign

import "github.com/danbi-project/danbi/internal/money"

// Policy is the limits that another role owns: a spec may only tighten them.
type Policy struct {
	Limits      Limits           `yaml:"limits" json:"limits"`
	AutoApprove *Limits          `yaml:"auto_approve,omitempty" json:"auto_approve,omitempty"`         // a plan within these approves itself
	Currencies  []CurrencyLimits `yaml:"other_currencies,omitempty" json:"other_currencies,omitempty"` // the same for campaigns in other currencies
	Approvers   []Approver       `yaml:"approvers,omitempty" json:"approvers,omitempty"`
	Holdout     Share            `yaml:"holdout" json:"holdout"`                     // stable across all campaigns
	Salt        string           `yaml:"salt" json:"salt"`                           // of every hash that assigns; changing it breaks the holdout
	Exposure    float64          `yaml:"exposure_factor" json:"exposure_factor"`     // default exposure = expected x this
	Budgets     []SharedLimit    `yaml:"budgets,omitempty" json:"budgets,omitempty"` // that several campaigns draw on
	Clawback    *ClawbackLimit   `yaml:"clawback,omitempty" json:"clawback,omitempty"`
	Caps        []Cap            `yaml:"caps,omitempty" json:"caps,omitempty"`
	Bundle      *Bundle          `yaml:"bundle,omitempty" json:"bundle,omitempty"`               // several campaigns' offers to one customer go out as one message
	Priority    int              `yaml:"priority_most,omitempty" json:"priority_most,omitempty"` // the highest that a spec may ask for; 0: 9
	Rates       []Rate           `yaml:"rates,omitempty" json:"rates,omitempty"`                 // what providers take, over all campaigns and workers
	Quiet       Quiet            `yaml:"quiet_hours" json:"quiet_hours"`
	ConsentAge  Duration         `yaml:"consent_age,omitempty" json:"consent_age,omitempty"` // reconfirmed at least so often; default 2 years
	SnapshotAge Duration         `yaml:"snapshot_age,omitempty" json:"snapshot_age"`         // an older plan is planned again; default 3d
	ApprovalAge Duration         `yaml:"approval_age,omitempty" json:"approval_age"`         // an approval expires; default 2d
	Sensitive   []string         `yaml:"sensitive,omitempty" json:"sensitive,omitempty"`     // features that may target but never be named
	Sender      Sender           `yaml:"sender" json:"sender"`
	Rules       *Rules           `yaml:"rules,omitempty" json:"rules,omitempty"` // rule packs that hold; none: only what stands here
	Texts       *Texts           `yaml:"texts,omitempty" json:"texts,omitempty"` // how long texts may be and what they cost
}

// Limits are the most that a campaign may be. Zero is no limit in a spec, and nothing allowed in a policy.
type Limits struct {
	Expected  money.Minor `yaml:"expected,omitempty" json:"expected,omitempty"`
	Exposure  money.Minor `yaml:"exposure,omitempty" json:"exposure,omitempty"`
	Reward    money.Minor `yaml:"reward,omitempty" json:"reward,omitempty"` // per customer
	Customers int         `yaml:"customers,omitempty" json:"customers,omitempty"`
	Currency  string      `yaml:"currency,omitempty" json:"currency,omitempty"`
}

// CurrencyLimits are the limits of campaigns in one more currency.
type CurrencyLimits struct {
	Limits      Limits  `yaml:"limits" json:"limits"`
	AutoApprove *Limits `yaml:"auto_approve,omitempty" json:"auto_approve,omitempty"`
}

// Approver may sign plans. Key is an Ed25519 public key, base64.
type Approver struct {
	Name string `yaml:"name" json:"name"`
	Key  string `yaml:"key" json:"key"`
}

// SharedLimit is a budget that several campaigns draw on: the most that all of them together may have out or have spent.
type SharedLimit struct {
	Name     string      `yaml:"name" json:"name"`
	Exposure money.Minor `yaml:"exposure" json:"exposure"`
	Currency string      `yaml:"currency" json:"currency"`
}

// ClawbackLimit is how far what is no longer earned may be taken back.
type ClawbackLimit struct {
	Floor money.Minor `yaml:"floor" json:"floor"` // a customer's balance with us never falls below it: 0 or less
}

// Budget is the shared budget of a name.
func (p Policy) Budget(name string) (SharedLimit, bool) {
	for _, b := range p.Budgets {
		if b.Name == name {
			return b, true
		}
	}
	return SharedLimit{}, false
}

// Rate is how many messages a channel's provider takes a second, or how many payouts the provider of a way of payout.
type Rate struct {
	Channel   string `yaml:"channel" json:"channel"`
	PerSecond int    `yaml:"per_second" json:"per_second"`
}

// RateOf is what a channel's provider takes a second; 0: as much as one sends.
func (p Policy) RateOf(channel string) int {
	for _, rate := range p.Rates {
		if rate.Channel == channel {
			return rate.PerSecond
		}
	}
	return 0
}

// Cap is a frequency cap over a rolling window, across all campaigns.
type Cap struct {
	Channel string   `yaml:"channel,omitempty" json:"channel,omitempty"` // empty: all together
	Most    int      `yaml:"most" json:"most"`
	Within  Duration `yaml:"within" json:"within"`
}

// Bundle says when several messages to one customer are put together: the part of the one that is admitted later goes in the
// other's message.
type Bundle struct {
	Within Duration `yaml:"within" json:"within"`                 // so near in time
	Most   int      `yaml:"most,omitempty" json:"most,omitempty"` // offers in one message; default 3
}

// Quiet is when advertising may not leave without night consent, in the recipient's zone.
type Quiet struct {
	From   Clock    `yaml:"from" json:"from"`                         // 21:00
	Until  Clock    `yaml:"until" json:"until"`                       // 08:00
	Exempt []string `yaml:"exempt,omitempty" json:"exempt,omitempty"` // channels: email
}

// Sender is who the messages come from.
type Sender struct {
	Name        string `yaml:"name" json:"name"`
	Email       string `yaml:"email" json:"email"`
	Contact     string `yaml:"contact" json:"contact"`
	Number      string `yaml:"number,omitempty" json:"number,omitempty"`           // from which text messages come: registered beforehand
	OptOut      string `yaml:"opt_out,omitempty" json:"opt_out,omitempty"`         // free number to opt out: 080…
	Postal      string `yaml:"postal,omitempty" json:"postal,omitempty"`           // postal address
	Unsubscribe string `yaml:"unsubscribe,omitempty" json:"unsubscribe,omitempty"` // URL with {message}
	Track       bool   `yaml:"track,omitempty" json:"track,omitempty"`             // links of HTML, push and Kakao messages tell who opened and clicked
	Label       Text   `yaml:"label,omitempty" json:"label,omitempty"`             // starts the subject by language: (광고)
}
