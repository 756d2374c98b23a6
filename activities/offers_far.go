package activities

import (
	"context"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/offers"
	"github.com/danbi-project/danbi/internal/offers/budget"
)

// PriceTogether is how many treated customers one activity holds in memory to price their offers: 4 M with 10 offers are
// 350 MB. More are priced by shards, on as many workers as there are: prices go out and sums come back.
const PriceTogether = 4_000_000

// farSample is on how many customers prices are begun for more.
const farSample = 200_000

// PriceSearch is a search for prices as it stands between two rounds. It holds sums, and nothing of any customer.
type PriceSearch struct {
	Search budget.Search `json:"search"`
	Ask    budget.Ask    `json:"ask"`
	Ended  bool          `json:"ended,omitempty"`
	Prices Prices        `json:"prices"` // when it has ended
}

// BeginPrices begins a search on a sample of the treated customers. It counts all of them.
func (o *Offers) BeginPrices(ctx context.Context, in PriceOffersInput) (PriceSearch, error) {
	stop := heartbeat(ctx)
	defer stop()
	p, err := o.pricing(ctx, in.Run, in.Knowledge)
	if err != nil {
		return PriceSearch{}, Classify(err)
	}
	table, err := offers.NewTable(p.rules, p.draws)
	if err != nil {
		return PriceSearch{}, Classify(err)
	}
	expected := in.Snapshot.Customers
	if size := p.brief.Spec.Audience.Size; size > 0 {
		expected = min(expected, uint64(size))
	}
	every, counted, byClass := max(1, expected/farSample), uint64(0), make([]uint64, p.rules.Classes())
	var options []offers.Option
	for _, shard := range in.Shards {
		err := o.Store.OfferCustomers(ctx, in.Run, in.Snapshot.ID, shard, p.brief.Spec, func(c offers.Customer) error {
			byClass[p.rules.Class(c)]++
			if counted++; counted%every == 0 {
				_, options = p.ladder.Options(c, options)
				table.Add(c, options)
			}
			return nil
		})
		if err != nil {
			return PriceSearch{}, Classify(err)
		}
	}
	if table.Len() == 0 {
		return PriceSearch{}, Classify(ErrNobodyTreated)
	}
	return p.search(*offers.Begin(table, byClass), in.Knowledge)
}

// SumOffersInput asks for what one shard's choices at given prices come to.
type SumOffersInput struct {
	Run       campaign.Run   `json:"run"`
	Snapshot  Snapshot       `json:"snapshot"`
	Knowledge string         `json:"knowledge,omitempty"`
	Shard     campaign.Shard `json:"shard"`
	Limits    []budget.Limit `json:"limits"`
	Ask       budget.Ask     `json:"ask"`
}

// SumOffersOutput is those sums.
type SumOffersOutput struct {
	Sums budget.Sums `json:"sums"`
}

// SumOffers adds up a shard's choices. What its offers are worth is kept by the worker while rounds follow each other.
func (o *Offers) SumOffers(ctx context.Context, in SumOffersInput) (SumOffersOutput, error) {
	stop := heartbeat(ctx)
	defer stop()
	table, err := o.tables.get(tableKey{run: in.Run, snapshot: in.Snapshot.ID, knowledge: in.Knowledge, shard: in.Shard}, func() (*offers.Table, error) {
		p, err := o.pricing(ctx, in.Run, in.Knowledge)
		if err != nil {
			return nil, err
		}
		table, err := offers.NewTable(p.rules, p.draws)
		if err != nil {
			return nil, err
		}
		var options []offers.Option
		err = o.Store.OfferCustomers(ctx, in.Run, in.Snapshot.ID, in.Shard, p.brief.Spec, func(c offers.Customer) error {
			_, options = p.ladder.Options(c, options)
			table.Add(c, options)
			return nil
		})
		return table, err
	})
	if err != nil {
		return SumOffersOutput{}, Classify(err)
	}
	return SumOffersOutput{Sums: table.Sums(in.Limits, in.Ask)}, nil
}

// StepPricesInput tells a search the sums of all shards.
type StepPricesInput struct {
	Run       campaign.Run  `json:"run"`
	Knowledge string        `json:"knowledge,omitempty"`
	Search    budget.Search `json:"search"`
	Sums      budget.Sums   `json:"sums"`
}

// StepPrices takes a search one round on.
func (o *Offers) StepPrices(ctx context.Context, in StepPricesInput) (PriceSearch, error) {
	p, err := o.pricing(ctx, in.Run, in.Knowledge)
	if err != nil {
		return PriceSearch{}, Classify(err)
	}
	in.Search.Tell(in.Sums)
	return p.search(in.Search, in.Knowledge)
}

func (p pricing) search(s budget.Search, knowledge string) (PriceSearch, error) {
	ask, more := s.Ask()
	if more {
		return PriceSearch{Search: s, Ask: ask}, nil
	}
	solution, err := offers.Found(&s, p.rules)
	if err != nil {
		return PriceSearch{}, Classify(err)
	}
	if solution.Value == 0 && solution.Cost == money.Minor(0) && solution.None == s.Best.Sums.Customers {
		return PriceSearch{}, Classify(offers.ErrNothingAffordable)
	}
	return PriceSearch{Search: s, Ended: true, Prices: p.prices(solution, knowledge)}, nil
}
