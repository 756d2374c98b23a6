package campaign

import (
	"math"
	"slices"

	"github.com/danbi-project/danbi/internal/money"
)

// Terms say which purchases count for an offer, when it is met, and how often it gives its reward. What they leave out
// is as it was before the key existed: one reward, for all purchases of the window together.
type Terms struct {
	Measure    string      `yaml:"measure,omitempty" json:"measure"`                 // cumulative (default) or single
	Reach      string      `yaml:"reach,omitempty" json:"reach,omitempty"`           // at_least (default) or more_than the threshold
	Purchases  int         `yaml:"purchases,omitempty" json:"purchases,omitempty"`   // so many for each reward; with single, each of them reaches the threshold. 0: one
	Times      int         `yaml:"times,omitempty" json:"times,omitempty"`           // earned so often from one receipt: every N-th purchase, every so much spend. 0: once
	Percent    Share       `yaml:"percent,omitempty" json:"percent,omitempty"`       // of the spend, at most the offer's reward
	Tiers      []TermsTier `yaml:"tiers,omitempty" json:"tiers,omitempty"`           // above the offer's own threshold and reward; the highest that is reached counts
	From       string      `yaml:"from,omitempty" json:"from"`                       // window (default), receipt or first_purchase
	Within     Duration    `yaml:"within,omitempty" json:"within,omitempty"`         // of the receipt or first purchase; default: to the window's end
	Start      string      `yaml:"start,omitempty" json:"start,omitempty"`           // included (default) or excluded
	End        string      `yaml:"end,omitempty" json:"end,omitempty"`               // excluded (default) or included
	Instances  int         `yaml:"instances,omitempty" json:"instances,omitempty"`   // receipts of one offer that a customer may have open beside each other. 0: the first only
	Gross      bool        `yaml:"gross,omitempty" json:"gross,omitempty"`           // true: refunds do not count against
	Categories []string    `yaml:"categories,omitempty" json:"categories,omitempty"` // only these count
	Brands     []string    `yaml:"brands,omitempty" json:"brands,omitempty"`         // only these count
	Merchants  []string    `yaml:"merchants,omitempty" json:"merchants,omitempty"`   // only these count
	Channels   []string    `yaml:"channels,omitempty" json:"channels,omitempty"`     // of purchases; only these count
	Excluded   []string    `yaml:"excluded_categories,omitempty" json:"excluded_categories,omitempty"`
	Natures    []string    `yaml:"excluded_kinds,omitempty" json:"excluded_kinds,omitempty"` // cash_advance, gift_card, fee: the nature of a transaction as imported
	Hours      *TermsHours `yaml:"hours,omitempty" json:"hours,omitempty"`                   // of the day, in the spec's zone
	Days       []string    `yaml:"days,omitempty" json:"days,omitempty"`                     // mon … sun; empty: all
	Caps       TermsCaps   `yaml:"caps,omitempty" json:"caps,omitzero"`                      //
	FirstCome  FirstCome   `yaml:"first_come,omitempty" json:"first_come,omitzero"`          //
}

// TermsTier is a further step: whoever reaches Threshold gets Reward in all.
type TermsTier struct {
	Threshold money.Minor `yaml:"threshold" json:"threshold"`
	Reward    money.Minor `yaml:"reward" json:"reward"`
}

// TermsHours are hours of the day; From may be later than Until, over midnight.
type TermsHours struct {
	From  Clock `yaml:"from" json:"from"`
	Until Clock `yaml:"until" json:"until"` // exclusive
}

// Holds says whether a minute of the day is within the hours.
func (h TermsHours) Holds(minute Clock) bool {
	if h.From < h.Until {
		return minute >= h.From && minute < h.Until
	}
	return minute >= h.From || minute < h.Until
}

// TermsCaps are the most that one customer gets from an offer; the reward that goes beyond is cut. 0: no cap.
type TermsCaps struct {
	Customer money.Minor `yaml:"customer,omitempty" json:"customer,omitempty"`
	Day      money.Minor `yaml:"day,omitempty" json:"day,omitempty"` // of the spec's zone
}

// FirstCome is how many rewards of an offer there are for all customers together, in order of the purchases that earned
// them. 0: no limit.
type FirstCome struct {
	Total int `yaml:"total,omitempty" json:"total,omitempty"`
	Day   int `yaml:"day,omitempty" json:"day,omitempty"` // of the spec's zone
}

// Step is one reward of one receipt: the spend has reached Threshold with so many purchases.
type Step struct {
	Threshold money.Minor
	Purchases int
	Reward    money.Minor // for this step alone; with a percentage the most of it
}

// TermsOf are the terms of an offer: its own, or those of all, with what its kind and its own keys say in place of theirs.
// Whatever values, explains, settles or claws back an offer reads these.
func (s Spec) TermsOf(o Offer) Terms {
	t := s.Settlement.Terms
	if o.Terms != nil {
		t = *o.Terms
	}
	if o.Percent > 0 {
		t.Percent = o.Percent
	}
	if o.Kind == OfferCoupon {
		t.Measure = MeasureSingle
	}
	if o.Valid > 0 {
		t.From, t.Within = FromReceipt, o.Valid
	}
	return t
}

// Rewards says that an offer gives something: it has terms, a cost, and a redemption.
func (o Offer) Rewards() bool { return o.Kind != OfferInform }

// Single says that one purchase reaches the threshold, not all together.
func (t Terms) Single() bool { return t.Measure == MeasureSingle }

// Strict says that the threshold itself is not enough.
func (t Terms) Strict() bool { return t.Reach == ReachMoreThan }

// PerMillion is the percentage in millionths, so that it is multiplied in whole numbers. 0: the reward is fixed.
func (t Terms) PerMillion() int64 { return int64(math.Round(float64(t.Percent) * 1e6)) }

// Receipts is how many receipts of one customer may open an instance of an offer.
func (t Terms) Receipts() int { return max(t.Instances, 1) }

// Rounds is how many rewards one receipt can earn.
func (t Terms) Rounds() int { return max(t.Times, 1) + len(t.Tiers) }

// Steps are the rewards of one receipt, in the order in which they are reached, for a customer's own threshold and
// reward. A step of a tier gives what it adds to the one before. Steps that nobody's spend can reach are left out.
func (t Terms) Steps(threshold, reward money.Minor) []Step {
	purchases := max(t.Purchases, 1)
	steps := make([]Step, 0, t.Rounds())
	for k := range max(t.Times, 1) {
		goal := threshold
		if !t.Single() {
			var err error
			if goal, err = money.Times(threshold, int64(k+1)); err != nil {
				break
			}
		}
		steps = append(steps, Step{Threshold: goal, Purchases: purchases * (k + 1), Reward: reward})
	}
	before := reward
	for _, tier := range t.Tiers {
		steps = append(steps, Step{Threshold: tier.Threshold, Purchases: purchases, Reward: tier.Reward - before})
		before = tier.Reward
	}
	return steps
}

// MaxReward is the most that one assignment of an offer can cost: all its steps, for every receipt it may have, within
// its caps. It is what exposure is reserved for. An amount beyond 64 bits is money.ErrOverflow.
func (s Spec) MaxReward(o Offer) (money.Minor, error) {
	t := s.TermsOf(o)
	once := o.Reward
	for _, tier := range t.Tiers {
		once = max(once, tier.Reward)
	}
	receipts := t.Receipts()
	if s.Settlement.Receipts != ReceiptsImported {
		receipts = max(1, min(receipts, len(s.Touches)))
	}
	most, err := money.Times(once, int64(max(t.Times, 1))*int64(receipts))
	if most > t.Caps.Customer && t.Caps.Customer > 0 || err != nil && t.Caps.Customer > 0 {
		return t.Caps.Customer, nil
	}
	return most, err
}

// Weekday is the number of a day's word from Monday, 1, to Sunday, 7; 0 for another word.
func Weekday(word string) int { return slices.Index(weekdays, word) + 1 }
