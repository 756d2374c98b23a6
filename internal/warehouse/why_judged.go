package warehouse

import (
	"context"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/settlement"
)

// WhyJudged is one offer that a customer holds, and how what they bought counted for it, receipt by receipt.
type WhyJudged struct {
	settlement.Promise
	settlement.Judgement
}

// judgeAll judges every offer with a reward that a customer holds: the one that was assigned, or all that were imported.
func (w *Warehouse) judgeAll(ctx context.Context, run campaign.Run, terms settlement.Terms, y *Why) error {
	promises, err := w.promises(ctx, run, terms, y)
	if err != nil {
		return err
	}
	for _, p := range promises {
		judged, err := w.JudgeOne(ctx, terms, y.Customer, p)
		if err != nil {
			return err
		}
		y.Promised = append(y.Promised, WhyJudged{p, judged})
	}
	if len(y.Promised) > 0 {
		first := y.Promised[0]
		y.Received, y.Judged, y.Verdict = first.Received[0], &first.Judgement, &first.Receipts[0]
	}
	return nil
}

func (w *Warehouse) promises(ctx context.Context, run campaign.Run, terms settlement.Terms, y *Why) (all []settlement.Promise, err error) {
	if !terms.Imported {
		arrivals := received(y.Deliveries, terms.Closes)
		if y.Offer == nil || y.Offer.Reward == 0 || len(arrivals) == 0 {
			return nil, nil
		}
		return []settlement.Promise{{Offer: y.Offer.ID, Threshold: y.Offer.Threshold, Reward: y.Offer.Reward, Received: arrivals}}, nil
	}
	err = w.each(ctx, "why_receipts", runOnly(run).with(args{"customer": y.Customer, "closes": second(terms.Closes)}), func(rows driver.Rows) error {
		var offer string
		var at time.Time
		if err := rows.Scan(&offer, &at); err != nil {
			return err
		}
		i := slices.IndexFunc(terms.Offers, func(o settlement.OfferTerms) bool { return o.ID == offer })
		if i < 0 {
			return nil
		}
		if len(all) == 0 || all[len(all)-1].Offer != offer {
			all = append(all, settlement.Promise{Offer: offer, Threshold: terms.Offers[i].Threshold, Reward: terms.Offers[i].Reward})
		}
		last := &all[len(all)-1]
		last.Received = append(last.Received, at)
		return nil
	})
	return all, err
}
