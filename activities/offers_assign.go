package activities

import (
	"context"
	"errors"
	"slices"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/offers"
)

// ErrNobodyTreated says that an audience has no treated customer.
var ErrNobodyTreated = errors.New("nobody is treated: the audience is too small for its control group; make it larger, or the control group smaller")

var (
	_ = classify(offers.ErrNothingAffordable, "NothingAffordable", true)
	_ = classify(ErrNobodyTreated, "NobodyEligible", true)
)

// pricing is what both steps read from the brief.
type pricing struct {
	brief  campaign.Brief
	ladder *offers.Ladder
	draws  offers.Draws
}

func (o *Offers) pricing(ctx context.Context, run campaign.Run) (pricing, error) {
	brief, err := o.Briefs.Brief(ctx, run)
	if err != nil {
		return pricing{}, err
	}
	times, err := brief.Spec.Times(run.Launch)
	if err != nil {
		return pricing{}, err
	}
	ladder, err := offers.NewLadder(brief.Spec, times)
	return pricing{brief: brief, ladder: ladder, draws: offers.Draws{Salt: brief.Policy.Salt, Run: run}}, err
}

// PriceOffers finds the prices at which the budget is spent.
func (o *Offers) PriceOffers(ctx context.Context, in PriceOffersInput) (PriceOffersOutput, error) {
	stop := heartbeat(ctx)
	defer stop()
	p, err := o.pricing(ctx, in.Run)
	if err != nil {
		return PriceOffersOutput{}, Classify(err)
	}
	table := offers.NewTable(p.ladder, p.draws)
	// At once, because a table that grows needs twice its memory.
	expected := in.Snapshot.Customers
	if size := p.brief.Spec.Audience.Size; size > 0 {
		expected = min(expected, uint64(size))
	}
	table.Reserve(int(expected))
	var options []offers.Option
	for _, shard := range in.Shards {
		err := o.Store.OfferCustomers(ctx, in.Run, in.Snapshot.ID, shard, p.brief.Spec, func(c offers.Customer) error {
			_, options = p.ladder.Options(c, options)
			table.Add(c.Key, options)
			return nil
		})
		if err != nil {
			return PriceOffersOutput{}, Classify(err)
		}
	}
	if table.Len() == 0 {
		return PriceOffersOutput{}, Classify(ErrNobodyTreated)
	}
	budget := p.brief.Spec.Budget
	solution, err := offers.Solve(table, offers.Limits{Expected: budget.Expected, Exposure: budget.Exposure, Explore: float64(budget.Explore)})
	if err != nil {
		return PriceOffersOutput{}, Classify(err)
	}
	prices := Prices{
		Expected: solution.Prices.Expected, Exposure: solution.Prices.Exposure, LowerExpected: solution.Prices.LowerExpected,
		LowerExposure: solution.Prices.LowerExposure, Lower: solution.Prices.Lower, Explore: solution.Prices.Explore,
		Cost: solution.Cost, Out: solution.Out, Value: solution.Value, DualBound: solution.DualBound,
		Offers: map[string]uint64{offers.NoOffer: solution.None},
	}
	for k, n := range solution.Offers {
		prices.Offers[p.ladder.Offer(k).ID] = n
	}
	return PriceOffersOutput{Prices: prices}, nil
}

// AssignOffers writes the assignments of one shard at given prices. Rows that an earlier attempt wrote are equal, and stay.
func (o *Offers) AssignOffers(ctx context.Context, in AssignOffersInput) (AssignOffersOutput, error) {
	stop := heartbeat(ctx)
	defer stop()
	out := AssignOffersOutput{}
	p, err := o.pricing(ctx, in.Run)
	if err != nil {
		return out, Classify(err)
	}
	prices := offers.Prices{
		Expected: in.Prices.Expected, Exposure: in.Prices.Exposure, LowerExpected: in.Prices.LowerExpected,
		LowerExposure: in.Prices.LowerExposure, Lower: in.Prices.Lower, Explore: in.Prices.Explore,
	}
	var all []offers.Assignment
	var options []offers.Option
	rewards := p.ladder.Rewards()
	err = o.Store.OfferCustomers(ctx, in.Run, in.Snapshot.ID, in.Shard, p.brief.Spec, func(c offers.Customer) error {
		var a offers.Assignment
		a, options = p.ladder.Assign(prices, p.draws, rewards, p.brief.Spec.Contents, c, options)
		all = append(all, a)
		return nil
	})
	if err != nil {
		return out, Classify(err)
	}
	missing, err := o.missing(ctx, in.Run, in.Shard, all)
	if err != nil {
		return out, Classify(err)
	}
	if err := o.Store.WriteAssignments(ctx, in.Run, missing); err != nil {
		return out, Classify(err)
	}
	return p.summary(all), nil
}

// missing puts what is stored into all, and returns those that are not stored.
func (o *Offers) missing(ctx context.Context, run campaign.Run, shard campaign.Shard, all []offers.Assignment) ([]offers.Assignment, error) {
	stored := make([]bool, len(all))
	err := o.Store.StoredAssignments(ctx, run, shard, func(a offers.Assignment) error {
		at, found := slices.BinarySearchFunc(all, a.Customer, func(a offers.Assignment, customer uint32) int { return compare(a.Customer, customer) })
		if found {
			all[at], stored[at] = a, true
		}
		return nil
	})
	var missing []offers.Assignment
	for i, a := range all {
		if !stored[i] {
			missing = append(missing, a)
		}
	}
	return missing, err
}

func (p pricing) summary(all []offers.Assignment) AssignOffersOutput {
	out := AssignOffersOutput{Assigned: uint64(len(all))}
	byOffer := map[string]Tier{}
	sum := offers.NewChecksum()
	for _, a := range all {
		sum.Add(a)
		if a.Offer == offers.NoOffer {
			continue
		}
		out.Cost += a.Cost
		out.Value += a.Value
		tier := byOffer[a.Offer]
		tier.Offer, tier.Customers, tier.Exposure = a.Offer, tier.Customers+1, tier.Exposure+a.Reward
		byOffer[a.Offer] = tier
	}
	for k := range p.ladder.Len() {
		if tier, any := byOffer[p.ladder.Offer(k).ID]; any {
			out.Tiers = append(out.Tiers, tier)
		}
	}
	out.Checksum = sum.Sum()
	return out
}
