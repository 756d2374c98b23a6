// Package preview plans a campaign up to its offers without starting it: the same steps as the workflow's, over a store
// that keeps in memory what the workflow would write. Only the snapshot of features is written, which is immutable and
// which the campaign, started on the same data, then finds ready.
package preview

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/offers"
	"github.com/danbi-project/danbi/internal/targeting"
	"github.com/danbi-project/danbi/internal/warehouse"
)

// Preview is what a campaign would come to. Amounts are minor units of its currency.
type Preview struct {
	Campaign  string               `json:"campaign"`
	Instant   time.Time            `json:"instant"` // of the features
	Snapshot  string               `json:"snapshot"`
	Customers uint64               `json:"customers"`
	Sample    uint64               `json:"sample,omitempty"`  // customers who were looked at, where not all: everything but Customers and Matches is estimated from them
	Matches   *uint64              `json:"matches,omitempty"` // customers for whom the rule holds, counted over all, where it was sampled otherwise
	Funnel    []Step               `json:"funnel"`
	Model     activities.Model     `json:"model"`
	Knowledge activities.Knowledge `json:"knowledge"` // what offers are valued by
	Treated   uint64               `json:"treated"`
	Control   uint64               `json:"control"`
	Offers    []Rung               `json:"offers,omitempty"`
	None      uint64               `json:"none"` // treated customers without an offer: they get no message
	Budget    Budget               `json:"budget"`
	Outlook   *activities.Outlook  `json:"outlook,omitempty"`
	Hours     *Hours               `json:"hours,omitempty"`   // when the first touch would arrive
	Problem   string               `json:"problem,omitempty"` // why it cannot be started like this
	Drawn     []uint32             `json:"-"`                 // the treated among those who were looked at
}

// Step counts the customers who leave the funnel for one reason, with a few of them.
type Step struct {
	Reason    string   `json:"reason"`
	Customers uint64   `json:"customers"`
	Low       uint64   `json:"low"` // of an estimate, the interval of 95 %; else Customers
	High      uint64   `json:"high"`
	Examples  []uint32 `json:"examples"`
}

// Rung is one offer of the ladder over the customers who would get it.
type Rung struct {
	Offer      string        `json:"offer"`
	Title      campaign.Text `json:"title,omitempty"`
	Reward     money.Minor   `json:"reward"`
	Customers  uint64        `json:"customers"`
	Cost       money.Minor   `json:"expected_cost"`
	Value      money.Minor   `json:"expected_value"`
	Reach      float64       `json:"reach"`         // mean chance of reaching the threshold
	Without    float64       `json:"reach_without"` // the same without the offer
	Thresholds []Bar         `json:"thresholds,omitempty"`
}

// Bar counts the customers whose threshold is at least From and below To.
type Bar struct {
	From      money.Minor `json:"from"`
	To        money.Minor `json:"to"`
	Customers uint64      `json:"customers"`
}

// Budget is what the offers would use of both limits.
type Budget struct {
	Expected money.Minor `json:"expected"`
	Cost     money.Minor `json:"cost"`
	Exposure money.Minor `json:"exposure"`
	Out      money.Minor `json:"out"`
	Value    money.Minor `json:"value"`
	Bound    float64     `json:"bound"` // no assignment is worth more

	Limits []activities.LimitPrice `json:"limits,omitempty"`
	Curve  []activities.CurvePoint `json:"curve,omitempty"` // what other budgets would bring
	More   money.Minor             `json:"more,omitempty"`  // value that 5 % more budget would bring
}

// How says how a preview is made.
type How struct {
	Exact    bool               // look at every customer, and take the instant's own snapshot, however long it takes
	Oldest   time.Duration      // of a published snapshot that may stand in for the instant's; 0: none may
	Sample   int                // customers to look at where there are many more; 0: 65,536
	Progress func(done, of int) // is called as steps are done, of so many; nil: nobody asks
}

func (h How) sample() int { return cmp.Or(h.Sample, sampleSize) }

// Make plans the campaign with features as of an instant. Of many customers it looks at a sample, unless how says Exact.
func Make(ctx context.Context, w *warehouse.Warehouse, brief campaign.Brief, instant time.Time, how How) (Preview, error) {
	if how.Progress == nil {
		how.Progress = func(int, int) {}
	}
	out := Preview{Campaign: brief.Spec.Campaign, Instant: instant.UTC(), Budget: Budget{Expected: brief.Spec.Budget.Expected, Exposure: brief.Spec.Budget.Exposure}}
	times, err := brief.Spec.Times(instant)
	if err != nil {
		return out, err
	}
	run, err := brief.Spec.Run(1, 1, times.Opens)
	if err != nil {
		return out, err
	}
	p := &planner{memory: &memory{Warehouse: w, brief: brief}, run: run, clock: clock.Rehearse(instant, 0), progress: how.Progress, sample: sample{factor: 1}}
	if err := p.extract(ctx, brief.Spec, instant, how); err != nil {
		return out, err
	}
	out.Snapshot, out.Customers, out.Instant = p.snapshot.ID, p.snapshot.Customers, p.snapshot.Instant
	if !how.Exact {
		if err = p.look(ctx, &out, how.sample()); err != nil {
			return out, err
		}
	}
	err = p.choose(ctx)
	if err == nil {
		err = p.assign(ctx)
	}
	// What stops a campaign is what a preview is for: it is shown together with what was found on the way to it.
	if errors.Is(err, targeting.ErrEmptyAudience) || errors.Is(err, offers.ErrNothingAffordable) || errors.Is(err, activities.ErrNobodyTreated) {
		out.Problem, err = err.Error(), nil
	}
	p.describe(&out)
	if p.sample.factor != 1 {
		out.whole(p.sample)
	}
	if err == nil {
		err = p.hours(ctx, &out)
	}
	return out, err
}

type planner struct {
	memory    *memory
	run       campaign.Run
	clock     clock.Clock
	snapshot  activities.Snapshot
	shards    []campaign.Shard
	model     activities.Model
	funnel    activities.Funnel
	knowledge activities.Knowledge
	prices    activities.Prices
	expected  activities.Expected
	sample    sample
	progress  func(done, of int)
	done      int
}

// step counts the steps: four for each shard.
func (p *planner) step() {
	p.done++
	p.progress(p.done, 4*len(p.shards))
}

func (p *planner) extract(ctx context.Context, spec campaign.Spec, instant time.Time, how How) error {
	if !how.Exact && how.Oldest > 0 {
		found, there, err := latest(ctx, p.memory.Warehouse, spec.Currency, instant, how.Oldest)
		if err != nil || there && found.Customers > sampleAbove*uint64(how.sample()) {
			p.snapshot, p.snapshot.Zone = found, spec.Zone // which the list of snapshots does not tell
			return err
		}
	}
	a := &activities.Features{Store: p.memory.Warehouse, Briefs: p.memory}
	planned, err := a.PlanSnapshot(ctx, activities.PlanSnapshotInput{Run: p.run, Instant: instant, Currency: spec.Currency, Zone: spec.Zone})
	if err != nil {
		return err
	}
	p.snapshot, p.shards = planned.Snapshot, planned.Shards
	var customers uint64
	for _, shard := range p.shards {
		if !p.snapshot.Published {
			one, err := a.ExtractFeatures(ctx, activities.ExtractFeaturesInput{Snapshot: p.snapshot, Shard: shard})
			if err != nil {
				return err
			}
			customers += one.Customers
		}
		p.step()
	}
	if p.snapshot.Published {
		return nil
	}
	published, err := a.PublishSnapshot(ctx, activities.PublishSnapshotInput{Snapshot: p.snapshot, Shards: p.shards, Customers: customers})
	p.snapshot = published.Snapshot
	return err
}

func (p *planner) choose(ctx context.Context) error {
	a := &activities.Targeting{Store: p.memory, Briefs: p.memory, Quick: true}
	fitted, err := a.FitModel(ctx, activities.FitModelInput{Run: p.run, Snapshot: p.snapshot})
	if err != nil {
		return err
	}
	p.model, p.funnel = fitted.Model, activities.Funnel{}
	if p.sample.factor != 1 {
		if err := p.memory.fetch(ctx, p.snapshot.ID, p.shards, targeting.TermsOf(p.run, p.memory.brief, p.clock.Now)); err != nil {
			return err
		}
		p.weigh()
	}
	var scores [][]uint32
	for _, shard := range p.shards {
		scored, err := a.ScoreAudience(ctx, activities.ScoreAudienceInput{Run: p.run, Snapshot: p.snapshot, Model: p.model, Clock: p.clock, Shard: shard})
		if err != nil {
			return err
		}
		scores = append(scores, scored.Scores)
		for reason, n := range scored.Funnel {
			p.funnel[reason] += n
		}
		p.step()
	}
	cut, err := a.CutAudience(ctx, activities.CutAudienceInput{Run: p.run, Scores: scores})
	if err != nil {
		return err
	}
	p.funnel = activities.Funnel{}
	for _, shard := range p.shards {
		selected, err := a.SelectAudience(ctx, activities.SelectAudienceInput{Run: p.run, Snapshot: p.snapshot, Model: p.model, Cut: cut.Cut, Clock: p.clock, Shard: shard})
		if err != nil {
			return err
		}
		for reason, n := range selected.Funnel {
			p.funnel[reason] += n
		}
		p.sample.parts = append(p.sample.parts, selected.Funnel)
		p.step()
	}
	return nil
}

func (p *planner) assign(ctx context.Context) error {
	a := &activities.Offers{Store: p.memory, Briefs: p.memory}
	if err := p.learn(ctx, a); err != nil {
		return err
	}
	p.memory.pricing = true
	priced, err := a.PriceOffers(ctx, activities.PriceOffersInput{Run: p.run, Snapshot: p.snapshot, Shards: p.shards, Knowledge: p.knowledge.ID})
	p.memory.pricing = false
	if err != nil {
		return err
	}
	p.prices = priced.Prices
	for _, shard := range p.shards {
		assigned, err := a.AssignOffers(ctx, activities.AssignOffersInput{Run: p.run, Snapshot: p.snapshot, Prices: p.prices, Shard: shard})
		if err != nil {
			return err
		}
		p.expected.Add(*assigned.Expected)
		p.step()
	}
	return nil
}

// learn asks past campaigns about offers. A sample is not worth the minutes which that takes where there are millions: what was
// learned last stands in, or the prior.
func (p *planner) learn(ctx context.Context, a *activities.Offers) error {
	if p.sample.factor == 1 {
		learned, err := a.LearnOffers(ctx, activities.LearnOffersInput{Run: p.run, Snapshot: p.snapshot, Instant: p.snapshot.Instant})
		p.knowledge = learned.Knowledge
		return err
	}
	all, err := p.memory.Learned(ctx, p.snapshot.Currency, 1)
	if err != nil {
		return err
	}
	p.knowledge.Note = NoteNotLearned
	for _, k := range all {
		p.memory.knowledge = k
		p.knowledge = activities.Knowledge{ID: k.ID, Campaigns: k.Campaigns, Offered: k.Offered, Control: k.Control}
	}
	return nil
}

// NoteNotLearned says that no plan has learned of offers yet, and that a preview of a sample does not either.
const NoteNotLearned = "not_learned_yet"

func (p *planner) describe(out *Preview) {
	out.Model, out.Knowledge, out.Drawn = p.model, p.knowledge, p.memory.treated
	for _, reason := range targeting.Reasons {
		if n := p.funnel[reason]; n > 0 {
			out.Funnel = append(out.Funnel, Step{Reason: reason, Customers: n, Low: n, High: n, Examples: p.memory.examples[reason]})
		}
	}
	out.Treated, out.Control, out.None = p.funnel[targeting.ReasonTreated], p.funnel[targeting.ReasonControl], p.prices.Offers[offers.NoOffer]
	out.Budget.Cost, out.Budget.Out, out.Budget.Value, out.Budget.Bound = p.prices.Cost, p.prices.Out, p.prices.Value, p.prices.DualBound
	if p.expected.Treated > 0 {
		known := offers.Prior()
		if p.knowledge.ID != "" {
			known = p.memory.knowledge
		}
		outlook := known.Outlook(p.expected, float64(p.memory.brief.Spec.Budget.Expected), float64(p.memory.brief.Spec.Budget.Exposure))
		out.Outlook = &outlook
	}
	out.Budget.Limits, out.Budget.Curve, out.Budget.More = p.prices.Limits, p.prices.Curve, p.prices.More
	for _, offer := range p.memory.brief.Spec.Offers {
		out.Offers = append(out.Offers, p.memory.rung(offer))
	}
}

var _ activities.FeatureStore = (*warehouse.Warehouse)(nil)
