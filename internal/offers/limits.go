package offers

import (
	"math"
	"slices"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/offers/budget"
)

// Names of the limits that every campaign has. Others are named by the id of a limit or an offer and what is bounded.
const (
	LimitExpected = "expected"
	LimitExposure = "exposure"
)

// thousandths are in which a least return is counted, so that its sums are whole.
const thousandths = 1000

// Rules are the limits of a spec. Customers whom no limit tells apart are of one class.
type Rules struct {
	Segments, Regions, Brands []string // that limits name; a customer's own is given by its place here, from 1

	options  int
	rewards  []int64 // the most of each offer
	currency string
	limits   []budget.Limit
	shares   []float64 // by limit: of the customers in its scope, instead of a fixed Most
	explore  float64
}

// NewRules reads the limits of a spec.
func NewRules(spec campaign.Spec) Rules {
	r := Rules{options: len(spec.Offers), currency: spec.Currency, explore: float64(spec.Budget.Explore)}
	for _, o := range spec.Offers {
		r.rewards = append(r.rewards, mostOf(spec, o))
	}
	for _, l := range spec.Budget.Limits {
		r.Segments, r.Regions, r.Brands = union(r.Segments, l.Segments), union(r.Regions, l.Regions), union(r.Brands, l.Brands)
	}
	all := part{offers: spec.Offers, scope: nil, among: nil}
	b := spec.Budget
	r.add(LimitExpected, all, budget.Weight{Cost: 1}, int64(b.Expected))
	r.exposure(LimitExposure, all, int64(b.Exposure))
	r.bring("return", all, b.Return)
	for _, o := range spec.Offers {
		one := part{offers: spec.Offers, among: []string{o.ID}}
		if o.Inventory > 0 {
			r.add(o.ID+".inventory", one, budget.Weight{Unit: 1}, int64(o.Inventory))
		}
		r.least(o.ID+".least", one, o.Least)
	}
	for _, l := range b.Limits {
		p := part{offers: spec.Offers, scope: r.scope(l), among: l.Offers}
		if l.Expected > 0 {
			r.add(l.ID+".expected", p, budget.Weight{Cost: 1}, int64(l.Expected))
		}
		if l.Exposure > 0 {
			r.exposure(l.ID+".exposure", p, int64(l.Exposure))
		}
		if l.Most > 0 {
			r.add(l.ID+".most", p, budget.Weight{Unit: 1}, int64(l.Most))
		}
		r.least(l.ID+".least", p, l.Least)
		if l.Share > 0 {
			r.add(l.ID+".share", p, budget.Weight{Unit: -1}, 0)
			r.shares[len(r.shares)-1] = float64(l.Share)
		}
		r.bring(l.ID+".return", p, l.Return)
	}
	return r
}

// part is whom and what a limit is about.
type part struct {
	offers []campaign.Offer
	scope  []bool
	among  []string // offers, by id; empty: all
}

func (p part) has(offer campaign.Offer) bool {
	return len(p.among) == 0 || slices.Contains(p.among, offer.ID)
}

func (r *Rules) add(name string, p part, each budget.Weight, most int64) {
	l := budget.Limit{Name: name, Scope: p.scope, Most: most, Weight: make([]budget.Weight, len(p.offers))}
	for k, o := range p.offers {
		if p.has(o) {
			l.Weight[k] = each
		}
	}
	r.limits, r.shares = append(r.limits, l), append(r.shares, 0)
}

func (r *Rules) exposure(name string, p part, most int64) {
	r.add(name, p, budget.Weight{}, most)
	for k, o := range p.offers {
		if p.has(o) {
			r.limits[len(r.limits)-1].Weight[k].Unit = r.rewards[k]
		}
	}
}

// mostOf is the most that one assignment of an offer can cost, by its terms. Validation refuses terms whose most does not
// fit; a number that no budget has stands for it here.
func mostOf(spec campaign.Spec, o campaign.Offer) int64 {
	most, err := spec.MaxReward(o)
	if err != nil {
		return math.MaxInt64 / 8
	}
	return int64(most)
}

func (r *Rules) least(name string, p part, customers int) {
	if customers > 0 {
		r.add(name, p, budget.Weight{Unit: -1}, -int64(customers))
	}
}

// bring asks that the value be at least so many times the cost. A value is what is left when the cost is paid.
func (r *Rules) bring(name string, p part, times float64) {
	if times > 0 {
		r.add(name, p, budget.Weight{Cost: int64(math.Ceil(times * thousandths)), Value: -thousandths}, 0)
	}
}

func union(names, more []string) []string {
	for _, name := range more {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// scope marks the classes of a limit; none are marked where it is about everybody.
func (r *Rules) scope(l campaign.BudgetLimit) []bool {
	if len(l.Segments) == 0 && len(l.Regions) == 0 && len(l.Brands) == 0 {
		return nil
	}
	in := func(named, wanted []string, at int) bool {
		return len(wanted) == 0 || at > 0 && slices.Contains(wanted, named[at-1])
	}
	scope := make([]bool, r.Classes())
	for class := range scope {
		segment, region, brand := r.split(class)
		scope[class] = in(r.Segments, l.Segments, segment) && in(r.Regions, l.Regions, region) && in(r.Brands, l.Brands, brand)
	}
	return scope
}

// Classes is how many classes of customers there are.
func (r Rules) Classes() int {
	return (len(r.Segments) + 1) * (len(r.Regions) + 1) * (len(r.Brands) + 1)
}

func (r Rules) split(class int) (segment, region, brand int) {
	brands, regions := len(r.Brands)+1, len(r.Regions)+1
	return class / brands / regions, class / brands % regions, class % brands
}

// Class is a customer's class.
func (r Rules) Class(c Customer) uint16 {
	return uint16((int(c.Segment)*(len(r.Regions)+1)+int(c.Region))*(len(r.Brands)+1) + int(c.Brand))
}

// Limits are the limits over so many treated customers by class.
func (r Rules) Limits(customers []uint64) []budget.Limit {
	out := slices.Clone(r.limits)
	for j, share := range r.shares {
		if share == 0 {
			continue
		}
		var in uint64
		for class, n := range customers {
			if len(out[j].Scope) == 0 || out[j].Scope[class] {
				in += n
			}
		}
		out[j].Most = -int64(math.Ceil(share * float64(in)))
	}
	return out
}
