package activities

import (
	"context"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/offers"
)

// Offers gives each treated customer the best offer that the budget allows.
type Offers struct {
	Store  OfferStore
	Briefs Briefs

	tables tables
}

// OfferStore is what offers read from and write to the warehouse.
type OfferStore interface {
	// OfferCustomers gives the treated customers of the shard, in the order of their keys.
	OfferCustomers(ctx context.Context, run campaign.Run, snapshot string, shard campaign.Shard, spec campaign.Spec, each func(offers.Customer) error) error
	// StoredAssignments gives those of the shard that are written already, in the order of their keys.
	StoredAssignments(ctx context.Context, run campaign.Run, shard campaign.Shard, each func(offers.Assignment) error) error
	WriteAssignments(ctx context.Context, run campaign.Run, all []offers.Assignment) error
	KnowledgeStore
}

// Prices are the multipliers at which the budget is spent, with what they lead to.
type Prices struct {
	Expected  float64           `json:"expected"` // price of one unit of expected cost
	Exposure  float64           `json:"exposure"` // price of one unit of maximum reward
	Cost      money.Minor       `json:"cost"`     // expected cost at these prices
	Out       money.Minor       `json:"out"`      // sum of maximum rewards at these prices
	Value     money.Minor       `json:"value"`    // expected incremental margin less cost
	DualBound float64           `json:"dual_bound"`
	Offers    map[string]uint64 `json:"offers"` // customers by offer; "none" for no offer
	Note      string            `json:"note,omitempty"`

	// Customers with less luck than Lower choose at these prices instead, so that the budget is used up among equals too.
	LowerExpected float64 `json:"lower_expected,omitempty"`
	LowerExposure float64 `json:"lower_exposure,omitempty"`
	Lower         float64 `json:"lower,omitempty"`
	Explore       float64 `json:"explore,omitempty"` // share of customers whose offer is drawn at random

	// Of a run that was priced before limits had prices of their own, these are empty, and the two above are all there is.
	Limits  []LimitPrice `json:"limits,omitempty"`  // in the order of the rules
	Share   uint32       `json:"share,omitempty"`   // Lower, of 2^32
	Swapped uint64       `json:"swapped,omitempty"` // customers whose assignment is written already, because it is not the prices'
	Refused uint64       `json:"refused,omitempty"` // options whose figures could not be reckoned with

	Knowledge string       `json:"knowledge,omitempty"` // the version of what was learned that values are by; empty: the prior
	Curve     []CurvePoint `json:"curve,omitempty"`     // what other budgets would bring, the other limits at their prices
	More      money.Minor  `json:"more,omitempty"`      // value that 5 % more of the expected cost would bring
}

// LimitPrice is one limit at the prices.
type LimitPrice struct {
	Name  string  `json:"name"`
	Price float64 `json:"price"`           // value that one unit more of it would bring
	Lower float64 `json:"lower,omitempty"` // the price for customers with less luck
	Used  int64   `json:"used"`
	Most  int64   `json:"most"` // negative: at least as much
}

// CurvePoint is what an expected cost would bring.
type CurvePoint struct {
	Cost  money.Minor `json:"cost"`
	Value money.Minor `json:"value"`
}

// PriceOffersInput asks for the prices over all treated customers.
type PriceOffersInput struct {
	Run      campaign.Run     `json:"run"`
	Snapshot Snapshot         `json:"snapshot"`
	Shards   []campaign.Shard `json:"shards"`

	Knowledge string `json:"knowledge,omitempty"` // as LearnOffers named it
}

// PriceOffersOutput is the prices.
type PriceOffersOutput struct {
	Prices Prices `json:"prices"`
}

// AssignOffersInput asks for the assignments of one shard at given prices.
type AssignOffersInput struct {
	Run      campaign.Run   `json:"run"`
	Snapshot Snapshot       `json:"snapshot"`
	Prices   Prices         `json:"prices"`
	Shard    campaign.Shard `json:"shard"`
}

// AssignOffersOutput counts the shard's assignments. Tiers are what the ledger reserves: one line an offer.
type AssignOffersOutput struct {
	Assigned uint64      `json:"assigned"` // customers with a row, those with the offer "none" too
	Cost     money.Minor `json:"cost"`
	Value    money.Minor `json:"value"`
	Tiers    []Tier      `json:"tiers"`
	Checksum uint64      `json:"checksum"`
	Expected *Expected   `json:"expected,omitempty"` // sums that the plan's forecast follows from
}

// Expected is offers' own: shards add up.
type Expected = offers.Expected

// Outlook is offers' own: what a plan is believed to come to.
type Outlook = offers.Outlook

// Tier is the exposure of one offer in one shard.
type Tier struct {
	Offer     string      `json:"offer"`
	Customers uint64      `json:"customers"`
	Exposure  money.Minor `json:"exposure"`
}
