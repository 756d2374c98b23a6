package preview

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/warehouse"
)

// A preview of more customers than this looks at ranges of neighbouring keys, spread over all of them, and multiplies: a
// share of 1 % is then known to within a tenth of itself, in seconds.
const (
	sampleAbove  = 200_000
	sampleRanges = 8
	sampleEach   = 8192
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

// sampled cuts the keys of so many customers into ranges of a sample, and says how many customers one of it stands for.
func sampled(last uint32, customers uint64) (shards []campaign.Shard, factor float64) {
	if customers <= sampleAbove || last <= sampleRanges*sampleEach {
		return nil, 1
	}
	for i := range uint32(sampleRanges) {
		low := uint32(uint64(last-sampleEach)*uint64(i)/(sampleRanges-1)) + 1
		shards = append(shards, campaign.Shard{Index: int(i), Of: sampleRanges, Low: low, High: low + sampleEach - 1})
	}
	return shards, float64(last) / (sampleRanges * sampleEach)
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

// whole multiplies what a sample came to.
func (p *Preview) whole(factor float64) {
	count := func(n *uint64) { *n = uint64(math.Round(float64(*n) * factor)) }
	sum := func(n *money.Minor) { *n = money.Minor(math.Round(float64(*n) * factor)) }
	for i := range p.Funnel {
		count(&p.Funnel[i].Customers)
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
