package preview

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/offers"
	"github.com/danbi-project/danbi/internal/targeting"
	"github.com/danbi-project/danbi/internal/targeting/registry"
	"github.com/danbi-project/danbi/internal/warehouse"
)

// memory reads from the warehouse and keeps for itself what the workflow's steps write.
type memory struct {
	*warehouse.Warehouse
	brief     campaign.Brief
	fitted    targeting.Fitted
	knowledge offers.Knowledge
	treated   []uint32            // in the order of their keys
	examples  map[string][]uint32 // by reason
	rungs     map[string]*rung
	pricing   bool // what is written now is kept
	judged    map[campaign.Shard][]targeting.Candidate
	offered   map[campaign.Shard][]offers.Customer
	swapped   []offers.Assignment // in the order of their customers' keys
}

// rung sums up the customers of one offer.
type rung struct {
	customers      uint64
	cost, value    money.Minor
	reach, without float64
	thresholds     map[money.Minor]uint64
}

// fetchAtOnce is how many questions the engine gets at a time.
const fetchAtOnce = 4

// mostExamples is how many customers are shown for a reason.
const mostExamples = 5

// Brief is the one that is previewed: no run is registered.
func (m *memory) Brief(context.Context, campaign.Run) (campaign.Brief, error) { return m.brief, nil }

// SaveModel keeps the model.
func (m *memory) SaveModel(_ context.Context, fitted targeting.Fitted) error {
	m.fitted = fitted
	return nil
}

// Model is the one that was kept, or one that a campaign fitted.
func (m *memory) Model(ctx context.Context, id string) (targeting.Model, targeting.Metrics, error) {
	if id != m.fitted.ID {
		return m.Warehouse.Model(ctx, id)
	}
	return m.fitted.Model, m.fitted.Metrics, nil
}

// Candidates gives those of a sample from memory: they are asked for twice, to be counted and to be chosen.
func (m *memory) Candidates(ctx context.Context, snapshot string, shard campaign.Shard, spec campaign.Spec, terms targeting.Terms, each func(*targeting.Candidate) error) error {
	kept, sampled := m.judged[shard]
	if !sampled {
		return m.Warehouse.Candidates(ctx, snapshot, shard, spec, terms, each)
	}
	for i := range kept {
		if err := each(&kept[i]); err != nil {
			return err
		}
	}
	return nil
}

// fetch reads whom a sample is made of, several shards at once: each answer takes longer to ask for than to read.
func (m *memory) fetch(ctx context.Context, snapshot string, shards []campaign.Shard, terms targeting.Terms) error {
	candidates, customers := make([][]targeting.Candidate, len(shards)), make([][]offers.Customer, len(shards))
	spec := m.brief.Spec
	group, working := errgroup.WithContext(ctx)
	group.SetLimit(fetchAtOnce)
	for i, shard := range shards {
		group.Go(func() error {
			return m.Warehouse.Candidates(working, snapshot, shard, spec, terms, func(c *targeting.Candidate) error {
				one := *c
				one.Signals, one.Contacts = slices.Clone(c.Signals), slices.Clone(c.Contacts)
				candidates[i] = append(candidates[i], one)
				return nil
			})
		})
		group.Go(func() error {
			return m.EveryOfferCustomer(working, snapshot, shard, spec, func(c offers.Customer) error {
				c.Months, c.Allowed = slices.Clone(c.Months), slices.Clone(c.Allowed)
				customers[i] = append(customers[i], c)
				return nil
			})
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	m.judged, m.offered = map[campaign.Shard][]targeting.Candidate{}, map[campaign.Shard][]offers.Customer{}
	for i, shard := range shards {
		m.judged[shard], m.offered[shard] = candidates[i], customers[i]
	}
	return nil
}

// WriteReasons keeps nothing: a preview shows no customer's reasons.
func (m *memory) WriteReasons(context.Context, campaign.Run, string, []registry.Reasons) error {
	return nil
}

// StoredAudience is empty: nothing has been written.
func (m *memory) StoredAudience(context.Context, campaign.Run, campaign.Shard, func(targeting.Member) error) error {
	return nil
}

// WriteAudience keeps who is treated, and a few customers for each reason.
func (m *memory) WriteAudience(_ context.Context, _ campaign.Run, members []targeting.Member) error {
	if m.examples == nil {
		m.examples = map[string][]uint32{}
	}
	for _, member := range members {
		if some := m.examples[member.Reason]; len(some) < mostExamples {
			m.examples[member.Reason] = append(some, member.Customer)
		}
		if member.Arm == targeting.ArmTreated {
			m.treated = append(m.treated, member.Customer)
		}
	}
	return nil
}

// OfferCustomers gives the shard's customers who are treated in memory.
func (m *memory) OfferCustomers(ctx context.Context, _ campaign.Run, snapshot string, shard campaign.Shard, spec campaign.Spec, each func(offers.Customer) error) error {
	treated := func(c offers.Customer) error {
		if _, treated := slices.BinarySearch(m.treated, c.Key); !treated {
			return nil
		}
		return each(c)
	}
	kept, sampled := m.offered[shard]
	if !sampled {
		return m.EveryOfferCustomer(ctx, snapshot, shard, spec, treated)
	}
	for _, c := range kept {
		if err := treated(c); err != nil {
			return err
		}
	}
	return nil
}

// SaveKnowledge keeps what was learned.
func (m *memory) SaveKnowledge(_ context.Context, _ string, k offers.Knowledge) error {
	m.knowledge = k
	return nil
}

// Knowledge is what was kept.
func (m *memory) Knowledge(context.Context, string) (offers.Knowledge, error) {
	return m.knowledge, nil
}

// StoredAssignments gives those that pricing wrote.
func (m *memory) StoredAssignments(_ context.Context, _ campaign.Run, shard campaign.Shard, each func(offers.Assignment) error) error {
	for _, a := range m.swapped {
		if a.Customer < shard.Low || a.Customer > shard.High {
			continue
		}
		if err := each(a); err != nil {
			return err
		}
	}
	return nil
}

// WriteAssignments sums them up.
func (m *memory) WriteAssignments(_ context.Context, _ campaign.Run, all []offers.Assignment) error {
	if m.pricing {
		m.swapped = append(m.swapped, all...)
	}
	if m.rungs == nil {
		m.rungs = map[string]*rung{}
	}
	for _, a := range all {
		r := m.rungs[a.Offer]
		if r == nil {
			r = &rung{thresholds: map[money.Minor]uint64{}}
			m.rungs[a.Offer] = r
		}
		r.customers++
		r.cost, r.value = r.cost+a.Cost, r.value+a.Value
		r.reach, r.without = r.reach+float64(a.Reach), r.without+float64(a.Without)
		if a.Threshold > 0 {
			r.thresholds[a.Threshold]++
		}
	}
	return nil
}

func (m *memory) rung(offer campaign.Offer) Rung {
	out := Rung{Offer: offer.ID, Title: offer.Title, Reward: offer.Reward}
	r := m.rungs[offer.ID]
	if r == nil {
		return out
	}
	n := float64(r.customers)
	out.Customers, out.Cost, out.Value, out.Reach, out.Without = r.customers, r.cost, r.value, r.reach/n, r.without/n
	out.Thresholds = bars(r.thresholds)
	return out
}

// mostBars is how many bars people compare at a glance.
const mostBars = 6

// bars divides thresholds into ranges of an equal, round length; the last one holds the long tail above the 95th percentile.
func bars(thresholds map[money.Minor]uint64) []Bar {
	amounts := make([]money.Minor, 0, len(thresholds))
	var total uint64
	for amount, n := range thresholds {
		amounts = append(amounts, amount)
		total += n
	}
	if total == 0 {
		return nil
	}
	slices.Sort(amounts)
	high, seen := amounts[len(amounts)-1], uint64(0)
	for _, amount := range amounts {
		if seen += thresholds[amount]; seen*100 >= total*95 {
			high = amount
			break
		}
	}
	width := round(max(1, (high-amounts[0])/(mostBars-1)+1))
	low := amounts[0] / width * width
	var out []Bar
	for _, amount := range amounts {
		i := min((amount-low)/width, mostBars-1)
		from := low + i*width
		if len(out) == 0 || out[len(out)-1].From != from {
			out = append(out, Bar{From: from, To: from + width})
		}
		out[len(out)-1].Customers += thresholds[amount]
		out[len(out)-1].To = max(out[len(out)-1].To, amount+1)
	}
	return out
}

// round is the least of 1, 2, 5, 10, 20, 50, … that is not below an amount.
func round(amount money.Minor) money.Minor {
	for unit := money.Minor(1); ; unit *= 10 {
		for _, step := range []money.Minor{1, 2, 5} {
			if unit*step >= amount {
				return unit * step
			}
		}
	}
}
