package offers

import (
	"fmt"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/offers/budget"
)

// None is the choice of no offer.
const None = budget.None

// Prices are what a unit of each limit costs, so that the best choices at these prices keep all limits. Customers with
// less luck than Share choose at Lower instead, where a limit would just be broken: so a budget is used up also when many
// customers are alike.
type Prices struct {
	Limits  []float64 // in the order of the rules' limits
	Lower   []float64 // empty: nobody chooses at them
	Share   uint32    // of 2^32
	Explore float64   // share whose offer is drawn at random
}

// ask is how these prices are summed up.
func (p Prices) ask() budget.Ask {
	return budget.Ask{Prices: p.Limits, Lower: p.Lower, Share: p.Share, Drawn: p.Explore}
}

// Draws are the lots of a run: what is random is decided by hash, so that it is decided alike every time.
type Draws struct {
	Salt string
	Run  campaign.Run
}

func (d Draws) explore(customer uint32) float64 {
	return campaign.Uniform(d.Salt, d.Run.Experiment("explore"), customer)
}

// luck has 32 bits, so that a table can keep it.
func (d Draws) luck(customer uint32) uint32 {
	return uint32(campaign.Hash64(d.Salt, d.Run.Experiment("price"), customer) >> 32)
}

func (d Draws) pick(customer uint32, n int) int {
	return int(campaign.Hash64(d.Salt, d.Run.Experiment("offer"), customer) % uint64(n))
}

// Content draws the variant of what the message says evenly; -1 where there is none.
func (d Draws) Content(customer uint32, variants int) int {
	if variants == 0 {
		return -1
	}
	return int(campaign.Hash64(d.Salt, d.Run.Experiment("content"), customer) % uint64(variants))
}

// Decision is the choice for one customer and how likely it was.
type Decision struct {
	Offer      int // None, or a rung
	Explored   bool
	Propensity float64
}

// Decider decides customer by customer at prices.
type Decider struct {
	prices  Prices
	rules   Rules
	draws   Draws
	chooser *budget.Chooser
	options []budget.Option
}

// NewDecider reads prices that were found under the same rules.
func NewDecider(rules Rules, draws Draws, prices Prices) (*Decider, error) {
	if len(prices.Limits) != len(rules.limits) || prices.Lower != nil && len(prices.Lower) != len(rules.limits) {
		return nil, campaign.Fault{Message: campaign.Text{"en": fmt.Sprintf("there are prices of %d limits, and %d limits", len(prices.Limits), len(rules.limits))}}
	}
	chooser, err := budget.NewChooser(rules.Limits(nil), prices.ask(), rules.Classes(), rules.options, 1)
	return &Decider{prices: prices, rules: rules, draws: draws, chooser: chooser}, err
}

// With decides at the same prices by other lots.
func (d *Decider) With(draws Draws) *Decider {
	other := *d
	other.draws = draws
	return &other
}

// Decide chooses for a customer who has these options.
func (d *Decider) Decide(c Customer, options []Option) Decision {
	d.options = reckoned(options, d.options)
	possible := possibilities(d.options)
	greedy, lucky := d.chooser.Choose(d.rules.Class(c), d.options)
	p, share := d.prices, float64(d.prices.Share)/(1<<32)
	out := Decision{Offer: greedy}
	switch {
	case p.Explore > 0 && d.draws.explore(c.Key) < p.Explore:
		out.Explored, out.Offer = true, draw(d.options, d.draws.pick(c.Key, possible))
	case d.draws.luck(c.Key) < p.Share:
		out.Offer = lucky
	}
	out.Propensity = p.Explore / float64(possible)
	if lucky == out.Offer {
		out.Propensity += (1 - p.Explore) * share
	}
	if greedy == out.Offer {
		out.Propensity += (1 - p.Explore) * (1 - share)
	}
	return out
}

// swapped is the decision for a customer who is not explored and gets an offer in place of the prices' choice.
func (d *Decider) swapped(options []Option, offer int) Decision {
	d.options = reckoned(options, d.options)
	return Decision{Offer: offer, Propensity: 1 - d.prices.Explore + d.prices.Explore/float64(possibilities(d.options))}
}

// reckoned are options as the optimiser takes them; what cannot be reckoned with is not possible.
func reckoned(options []Option, into []budget.Option) []budget.Option {
	for len(into) < len(options) {
		into = append(into, budget.Option{Costs: make([]float32, 1)})
	}
	into = into[:len(options)]
	for k, o := range options {
		into[k].Possible, into[k].Value, into[k].Costs[0] = o.Feasible, o.Value, o.Cost
	}
	return into
}

// possibilities is the number of choices, none among them.
func possibilities(options []budget.Option) int {
	n := 1
	for _, o := range options {
		if o.Possible && o.Reasonable() {
			n++
		}
	}
	return n
}

// draw is the n-th possible choice, none first.
func draw(options []budget.Option, n int) int {
	for k, o := range options {
		if n == 0 {
			break
		}
		if o.Possible && o.Reasonable() {
			if n--; n == 0 {
				return k
			}
		}
	}
	return None
}
