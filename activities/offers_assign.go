package activities

import (
	"context"
	"errors"
	"slices"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/offers"
)

// ErrNobodyTreated says that an audience has no treated customer.
var ErrNobodyTreated = errors.New("nobody is treated: the audience is too small for its control group; make it larger, or the control group smaller")

var (
	_ = classify(offers.ErrNothingAffordable, "NothingAffordable", true)
	_ = classify(offers.ErrInfeasible, "Infeasible", true)
	_ = classify(offers.ErrNoKnowledge, "NoKnowledge", true)
	_ = classify(ErrNobodyTreated, "NobodyEligible", true)
)

// pricing is what both steps read from the brief.
type pricing struct {
	brief  campaign.Brief
	ladder *offers.Ladder
	draws  offers.Draws
	rules  offers.Rules
}

func (o *Offers) pricing(ctx context.Context, run campaign.Run, knowledge string) (pricing, error) {
	brief, err := o.Briefs.Brief(ctx, run)
	if err != nil {
		return pricing{}, err
	}
	times, err := brief.Spec.Times(run.Launch)
	if err != nil {
		return pricing{}, err
	}
	ladder, err := offers.NewLadder(brief.Spec, times)
	if err == nil {
		ladder, err = o.taught(ctx, ladder, knowledge)
	}
	return pricing{brief: brief, ladder: ladder, draws: offers.Draws{Salt: brief.Policy.Salt, Run: run}, rules: offers.NewRules(brief.Spec)}, err
}

// PriceOffers finds the prices at which the budget is spent.
func (o *Offers) PriceOffers(ctx context.Context, in PriceOffersInput) (PriceOffersOutput, error) {
	stop := heartbeat(ctx)
	defer stop()
	p, err := o.pricing(ctx, in.Run, in.Knowledge)
	if err != nil {
		return PriceOffersOutput{}, Classify(err)
	}
	table, err := offers.NewTable(p.rules, p.draws)
	if err != nil {
		return PriceOffersOutput{}, Classify(err)
	}
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
			table.Add(c, options)
			return nil
		})
		if err != nil {
			return PriceOffersOutput{}, Classify(err)
		}
	}
	if table.Len() == 0 {
		return PriceOffersOutput{}, Classify(ErrNobodyTreated)
	}
	solution, err := offers.Solve(table, true)
	if err != nil {
		return PriceOffersOutput{}, Classify(err)
	}
	if err := o.swap(ctx, in, p, solution); err != nil {
		return PriceOffersOutput{}, Classify(err)
	}
	return PriceOffersOutput{Prices: p.prices(solution, in.Knowledge)}, nil
}

func (p pricing) prices(solution offers.Solution, knowledge string) Prices {
	prices := Prices{
		Explore: solution.Prices.Explore, Share: solution.Prices.Share, Lower: float64(solution.Prices.Share) / (1 << 32),
		Cost: solution.Cost, Out: solution.Out, Value: solution.Value, DualBound: solution.DualBound,
		Offers: map[string]uint64{offers.NoOffer: solution.None}, Swapped: uint64(len(solution.Swaps)), Refused: solution.Refused, Knowledge: knowledge,
	}
	for k, n := range solution.Offers {
		prices.Offers[p.ladder.Offer(k).ID] = n
	}
	prices.More = solution.More
	for _, at := range solution.Curve {
		prices.Curve = append(prices.Curve, CurvePoint(at))
	}
	for j, l := range solution.Limits {
		one := LimitPrice{Name: l.Name, Price: l.Price, Used: l.Used, Most: l.Most}
		if solution.Prices.Lower != nil {
			one.Lower = solution.Prices.Lower[j]
		}
		switch l.Name {
		case offers.LimitExpected:
			prices.Expected, prices.LowerExpected = one.Price, one.Lower
		case offers.LimitExposure:
			prices.Exposure, prices.LowerExposure = one.Price, one.Lower
		}
		prices.Limits = append(prices.Limits, one)
	}
	return prices
}

// decider decides at prices as they came over the wire.
func (p pricing) decider(in Prices) (*offers.Decider, error) {
	prices := offers.Prices{Share: in.Share, Explore: in.Explore}
	if len(in.Limits) == 0 { // priced by an earlier release
		prices.Limits, prices.Lower, prices.Share = []float64{in.Expected, in.Exposure}, []float64{in.LowerExpected, in.LowerExposure}, uint32(in.Lower*(1<<32))
		return offers.NewDecider(p.rules, p.draws, prices)
	}
	for _, l := range in.Limits {
		prices.Limits, prices.Lower = append(prices.Limits, l.Price), append(prices.Lower, l.Lower)
	}
	return offers.NewDecider(p.rules, p.draws, prices)
}

// swap writes the assignments of those who get another offer than the prices would give them. AssignOffers finds them
// written, and leaves them as they are.
func (o *Offers) swap(ctx context.Context, in PriceOffersInput, p pricing, solution offers.Solution) error {
	if len(solution.Swaps) == 0 {
		return nil
	}
	decider, err := offers.NewDecider(p.rules, p.draws, solution.Prices)
	if err != nil {
		return err
	}
	offer := map[uint32]int{}
	for _, s := range solution.Swaps {
		offer[s.Customer] = s.Offer
	}
	var all []offers.Assignment
	var options []offers.Option
	for _, shard := range in.Shards {
		err := o.Store.OfferCustomers(ctx, in.Run, in.Snapshot.ID, shard, p.brief.Spec, func(c offers.Customer) error {
			if k, swapped := offer[c.Key]; swapped {
				var a offers.Assignment
				a, options = p.ladder.Swap(decider, p.brief.Spec.Contents, c, k, options)
				all = append(all, a)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return o.Store.WriteAssignments(ctx, in.Run, all)
}

// AssignOffers writes the assignments of one shard at given prices. Rows that an earlier attempt wrote are equal, and stay.
func (o *Offers) AssignOffers(ctx context.Context, in AssignOffersInput) (AssignOffersOutput, error) {
	stop := heartbeat(ctx)
	defer stop()
	out := AssignOffersOutput{}
	p, err := o.pricing(ctx, in.Run, in.Prices.Knowledge)
	if err != nil {
		return out, Classify(err)
	}
	decider, err := p.decider(in.Prices)
	if err != nil {
		return out, Classify(err)
	}
	var all []offers.Assignment
	var options []offers.Option
	var expected offers.Expected
	neighbours := offers.NewNeighbours(p.ladder, decider, p.rules)
	err = o.Store.OfferCustomers(ctx, in.Run, in.Snapshot.ID, in.Shard, p.brief.Spec, func(c offers.Customer) error {
		var a offers.Assignment
		a, options = p.ladder.Assign(decider, p.brief.Spec.Contents, c, options)
		all = append(all, a)
		neighbours.Add(c, options, a)
		p.ladder.Expect(&expected, p.ladder.Forecast(c), options, p.ladder.Rung(a.Offer))
		return nil
	})
	if err != nil {
		return out, Classify(err)
	}
	for i, reason := range neighbours.Reasons() {
		all[i].Beside = reason
		expected.Aside(reason)
	}
	missing, err := o.missing(ctx, in.Run, in.Shard, all)
	if err != nil {
		return out, Classify(err)
	}
	if err := o.Store.WriteAssignments(ctx, in.Run, missing); err != nil {
		return out, Classify(err)
	}
	if out, err = p.summary(all); err != nil {
		return out, Classify(err)
	}
	out.Expected = &expected
	return out, nil
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

func (p pricing) summary(all []offers.Assignment) (AssignOffersOutput, error) {
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
		tier.Offer, tier.Customers = a.Offer, tier.Customers+1
		byOffer[a.Offer] = tier
	}
	for k := range p.ladder.Len() {
		offer := p.ladder.Offer(k)
		tier, any := byOffer[offer.ID]
		if !any {
			continue
		}
		// What is reserved is the most that the terms can come to, not the reward that one step of them gives.
		most, err := p.brief.Spec.MaxReward(offer)
		if err != nil {
			return out, err
		}
		if tier.Exposure, err = money.Times(most, int64(tier.Customers)); err != nil { //nolint:gosec // a shard's customers
			return out, err
		}
		out.Tiers = append(out.Tiers, tier)
	}
	out.Checksum = sum.Sum()
	return out, nil
}
