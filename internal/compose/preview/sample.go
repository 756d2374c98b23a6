package preview

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/targeting"
	"github.com/danbi-project/danbi/internal/warehouse"
)

// A preview of more than three times as many customers as its sample looks at ranges of neighbouring keys, spread over all of
// them, and multiplies: a share of 1 % is then known to within a tenth of itself, in a second.
const (
	sampleSize   = 1 << 16
	sampleRanges = 8
	sampleAbove  = 3
)

// latest is the published snapshot that stands in for one of the instant: of the same currency and catalogue, and no
// older than a plan's may be. A quick preview must not wait for a new one.
func latest(ctx context.Context, w *warehouse.Warehouse, currency string, instant time.Time, oldest time.Duration) (activities.Snapshot, bool, error) {
	all, err := w.Snapshots(ctx)
	if err != nil {
		return activities.Snapshot{}, false, err
	}
	catalogue, err := w.Catalogue(ctx)
	if err != nil {
		return activities.Snapshot{}, false, err
	}
	for _, s := range all {
		if s.Currency == currency && s.Catalogue == catalogue && !s.Instant.After(instant) && instant.Sub(s.Instant) <= oldest {
			return activities.Snapshot(s), true, nil
		}
	}
	return activities.Snapshot{}, false, nil
}

// sample is what a preview looks at in place of everybody.
type sample struct {
	factor    float64 // how many customers one of it stands for who fits the rule; 1: everybody is looked at
	customers uint64  // of it
	fit       uint64  // of them, those whom the rule holds for
	all       uint64  // customers of the snapshot
	matches   uint64  // of them, those whom the rule holds for, where counted
	counted   bool
	parts     []activities.Funnel // of each range of keys
}

// sampled cuts the keys of so many customers into ranges of a sample of the size; nil: there are few enough to look at all.
func sampled(last uint32, customers uint64, size int) (shards []campaign.Shard) {
	each := uint32(size / sampleRanges)
	if customers <= sampleAbove*uint64(size) || last <= sampleRanges*each {
		return nil
	}
	for i := range uint32(sampleRanges) {
		low := uint32(uint64(last-each)*uint64(i)/(sampleRanges-1)) + 1
		shards = append(shards, campaign.Shard{Index: int(i), Of: sampleRanges, Low: low, High: low + each - 1})
	}
	return shards
}

// look narrows the preview to a sample where there are many customers. Whom the rule holds for is counted over all of them,
// by the columns that it names.
func (p *planner) look(ctx context.Context, out *Preview, size int) error {
	last, err := p.memory.LastCustomer(ctx, p.snapshot.ID)
	if err != nil {
		return err
	}
	shards := sampled(last, p.snapshot.Customers, size)
	if shards == nil {
		if p.shards == nil { // a snapshot that was found, and not planned
			p.shards = []campaign.Shard{{Of: 1, Low: 1, High: last}}
		}
		return nil
	}
	customers, err := p.memory.CountCustomers(ctx, p.snapshot.ID, shards)
	if err != nil || customers == 0 {
		return err
	}
	p.shards, out.Sample = shards, customers
	p.sample = sample{factor: float64(p.snapshot.Customers) / float64(customers), customers: customers, all: p.snapshot.Customers}
	p.sample.matches, p.sample.counted, err = p.memory.RuleMatches(ctx, p.snapshot.ID, p.memory.brief.Spec.Audience.Rule, p.memory.brief.Spec.Currency)
	if p.sample.counted {
		out.Matches = &p.sample.matches
	}
	return err
}

// weigh lets those of the sample who fit the rule stand for all who do, as they were counted, and makes the brief the
// sample's: else luck with the rule would be a fault of everything behind it.
func (p *planner) weigh() {
	for _, candidates := range p.memory.judged {
		for i := range candidates {
			if candidates[i].Matches {
				p.sample.fit++
			}
		}
	}
	if p.sample.counted && p.sample.fit > 0 {
		p.sample.factor = float64(p.sample.matches) / float64(p.sample.fit)
	}
	p.memory.brief = portion(p.memory.brief, p.sample.factor)
}

// ruled is how many of the sample fail the rule.
func (s sample) ruled() (n uint64) {
	for _, part := range s.parts {
		n += part[targeting.ReasonRule]
	}
	return n
}

// portion is the brief of a sample: everything that counts people or adds up money is its part of the whole.
func portion(brief campaign.Brief, factor float64) campaign.Brief {
	part := func(n int) int {
		if n == 0 {
			return 0 // no limit
		}
		return max(1, int(math.Round(float64(n)/factor)))
	}
	sum := func(n money.Minor) money.Minor {
		if n == 0 {
			return 0
		}
		return max(1, money.Minor(math.Round(float64(n)/factor)))
	}
	s := &brief.Spec
	s.Audience.Size = part(s.Audience.Size)
	s.Budget.Expected, s.Budget.Exposure = sum(s.Budget.Expected), sum(s.Budget.Exposure)
	s.Budget.Limits = slices.Clone(s.Budget.Limits)
	for i := range s.Budget.Limits {
		limit := &s.Budget.Limits[i]
		limit.Expected, limit.Exposure, limit.Most, limit.Least = sum(limit.Expected), sum(limit.Exposure), part(limit.Most), int(float64(limit.Least)/factor)
	}
	s.Offers = slices.Clone(s.Offers)
	for i := range s.Offers {
		s.Offers[i].Inventory, s.Offers[i].Least = part(s.Offers[i].Inventory), int(float64(s.Offers[i].Least)/factor)
	}
	return brief
}

// students is the 97.5 % point of Student's distribution for as many ranges as a sample has.
const students = 2.36

// interval is how many customers of the whole a reason may have, by how much the ranges of the sample differ in it, and by
// chance among so many customers: neighbours may be alike, so the greater of both counts.
func (s sample) interval(reason string, customers, of, whole float64) (low, high uint64) {
	n := float64(len(s.parts))
	share, squares := customers/of, 0.0
	for _, part := range s.parts {
		d := float64(part[reason])/(of/n) - share
		squares += d * d
	}
	spread := math.Sqrt(share * (1 - share) / of)
	if n > 1 {
		spread = max(spread, math.Sqrt(squares/(n-1)/n))
	}
	return uint64(math.Round(max(0, share-students*spread) * whole)), uint64(math.Round(min(1, share+students*spread) * whole))
}

// whole multiplies what a sample came to. The holdout is drawn from everybody; who fails the rule is what is left.
func (p *Preview) whole(s sample) {
	factor := s.factor
	count := func(n *uint64) { *n = uint64(math.Round(float64(*n) * factor)) }
	sum := func(n *money.Minor) { *n = money.Minor(math.Round(float64(*n) * factor)) }
	left, rule := s.all, -1
	for i := range p.Funnel {
		step := &p.Funnel[i]
		looked, of, whole := float64(step.Customers), float64(s.customers), float64(s.all)
		switch step.Reason {
		case targeting.ReasonRule:
			rule = i
			continue
		case targeting.ReasonHoldout:
		default:
			of, whole = float64(s.fit), float64(s.fit)*factor
		}
		step.Customers = uint64(math.Round(looked / of * whole))
		step.Low, step.High = s.interval(step.Reason, looked, of, whole)
		left -= min(left, step.Customers)
	}
	if rule >= 0 {
		p.Funnel[rule].Customers, p.Funnel[rule].Low, p.Funnel[rule].High = left, left, left
		if !s.counted {
			p.Funnel[rule].Low, p.Funnel[rule].High = s.interval(targeting.ReasonRule, float64(s.ruled()), float64(s.customers), float64(s.all))
		}
	}
	for _, n := range []*uint64{&p.Treated, &p.Control, &p.None} {
		count(n)
	}
	for i := range p.Offers {
		o := &p.Offers[i]
		count(&o.Customers)
		sum(&o.Cost)
		sum(&o.Value)
		for j := range o.Thresholds {
			count(&o.Thresholds[j].Customers)
		}
	}
	for _, n := range []*money.Minor{&p.Budget.Cost, &p.Budget.Out, &p.Budget.Value} {
		sum(n)
	}
	p.Budget.Bound *= factor
}
