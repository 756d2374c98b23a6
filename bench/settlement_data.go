package main

import (
	"context"
	"fmt"
	"time"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/settlement"
	"github.com/danbi-project/danbi/internal/stack"
)

// The data are made by the engine itself from hashes of keys: the same for the same size. Every twelfth purchase is
// refunded, in whole or in part; a third of the purchases has two lines; all lie within the window.
const (
	settlementPurchases = `INSERT INTO transactions (customer_key, at, id, line, kind, amount, currency, quantity, product, category, brand, merchant, channel, nature, original, reference)
		WITH cityHash64(customer_key, n, 1) AS h, cityHash64(customer_key, n, 2) AS g, n % 12 = 11 AS back, if(n % 3 = 2, n - 1, n) AS basket,
			cityHash64(customer_key, if(back, n - 2, basket), 1) AS of
		SELECT customer_key, toDateTime({opens:UInt32} + if(back, of % {span:UInt32} + g % 400000, of % {span:UInt32}), 'UTC') AS at,
			toUInt64(customer_key) * 4096 + if(back, n, basket) AS id, toUInt16(1 + (n % 3 = 2)) AS line, if(back, 'refund', 'purchase') AS kind,
			toInt64(1000 + 500 * (h % 15) * (g % 20)) AS amount, 'KRW', 1, concat('p', toString(g % 5000)), concat('c', toString(g % 40)), concat('b', toString(h % 600)),
			concat('m', toString(h % 3000)), ['store', 'web', 'app'][1 + g % 3], ['', '', '', '', '', '', '', '', '', '', '', '', 'fee', 'gift_card', 'cash_advance'][1 + h % 15],
			if(back, toUInt64(customer_key) * 4096 + n - 2, 0), ''
		FROM (SELECT toUInt32(number) AS customer_key, arrayJoin(range(toUInt32({most:UInt32} / 2 + cityHash64(number, 3) % ({most:UInt32} + 1)))) AS n FROM numbers({low:UInt64}, {count:UInt64}))
		ORDER BY customer_key, at, id, line`
	settlementAssignments = `INSERT INTO assignments (campaign, occurrence, plan, launch, customer_key, offer, threshold, reward)
		SELECT {campaign:String}, 1, 1, toDate({launch:Date}), toUInt32(number), {offers:Array(String)}[1 + cityHash64(number, 4) % length({offers:Array(String)}) AS o],
			{thresholds:Array(Int64)}[o], {rewards:Array(Int64)}[o] FROM numbers({low:UInt64}, {count:UInt64})`
	settlementEvents = `INSERT INTO delivery_events (campaign, occurrence, launch, touch, customer_key, channel, attempt, state, at)
		SELECT {campaign:String}, 1, toDate({launch:Date}), touch, toUInt32(number), 'email', 1, arrayJoin(['attempting', if(cityHash64(number, touch) % 20 = 0, 'failed', 'sent')]) AS state,
			toDateTime64({opens:UInt32} + if(touch = 'first', 0, 2592000) + cityHash64(number, 5) % 86400, 3, 'UTC')
		FROM (SELECT number, arrayJoin(['first', 'second']) AS touch FROM numbers({low:UInt64}, {count:UInt64}))`
	settlementChunk = 6_250_000 // rows of one insert: they are sorted in memory
)

// prepare makes the data, a chunk of customers at a time.
func (r *settlementRun) prepare(ctx context.Context, customers, transactions int) error {
	say("making %d customers with about %d transactions", customers, transactions)
	var offers []string
	var thresholds, rewards []int64
	for _, o := range r.brief.Spec.Offers {
		offers, thresholds, rewards = append(offers, o.ID), append(thresholds, int64(o.Threshold.Fixed)), append(rewards, int64(o.Reward))
	}
	chunk := max(settlementChunk/max(transactions/customers, 1), 1000)
	for low := 1; low <= customers; low += chunk {
		for _, statement := range []string{settlementPurchases, settlementAssignments, settlementEvents} {
			err := r.store.Conn().Exec(ctx, statement, named("campaign", r.run.Campaign), named("launch", r.run.Launch.Format(time.DateOnly)),
				named("opens", uint32(r.times.Opens.Unix())), named("span", uint32(r.times.Closes.Sub(r.times.Opens).Seconds())),
				named("most", uint32(transactions/customers)), named("low", uint64(low)), named("count", uint64(min(chunk, customers-low+1))),
				named("offers", offers), named("thresholds", thresholds), named("rewards", rewards))
			if err != nil {
				return fmt.Errorf("make the data: %w", err)
			}
		}
	}
	return nil
}

// The plain scan reads the columns that sql/settlement_judge.sql reads of the transactions, in the same window, and does
// the least with them: one sum by customer.
const settlementScan = `SELECT count(), sum(s) FROM
	(SELECT customer_key, sum(amount + toUInt32(at) + id + line + toInt8(kind) + length(currency) + length(product) + length(category) + length(brand) + length(merchant)
		+ length(channel) + length(nature) + original) AS s
	FROM transactions WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND at >= {opens:DateTime('UTC')} AND at < {known:DateTime('UTC')} GROUP BY customer_key)`

// scan runs the plain scan over the shards, as many at once as a worker runs.
func (r *settlementRun) scan(ctx context.Context) (seconds, cpu float64, err error) {
	began, before := time.Now(), r.cpu(stack.PartEngine)
	err = r.over(ctx, func(ctx context.Context, _ int, shard campaign.Shard) error {
		return r.store.Conn().Exec(ctx, settlementScan, named("low", shard.Low), named("high", shard.High), named("opens", r.times.Opens), named("known", r.times.Settles))
	})
	return time.Since(began).Seconds(), r.cpu(stack.PartEngine) - before, err
}

// check judges some customers one by one with the evaluator that explains, and compares all of theirs.
func (r *settlementRun) check(ctx context.Context, published activities.PublishRedemptionsOutput) error {
	total, err := r.count(ctx, "SELECT uniqExact(customer_key, offer, round) FROM redemptions")
	if err != nil {
		return err
	}
	if total != published.Qualified || total == 0 {
		return fmt.Errorf("%w: %d redemptions are in the warehouse, %d were counted", errWrong, total, published.Qualified)
	}
	terms := settlement.TermsOf(r.brief.Spec, r.times)
	compared := 0
	for customer := uint32(1); customer <= r.shards[len(r.shards)-1].High; customer += r.shards[len(r.shards)-1].High/400 + 1 {
		why, err := r.store.Explain(ctx, r.run, r.brief, r.times, customer)
		if err != nil {
			return err
		}
		earned := 0
		if why.Judged != nil {
			earned = len(why.Judged.Earned)
		}
		have, err := r.count(ctx, "SELECT uniqExact(offer, round) FROM candidates WHERE customer_key = {customer:UInt32}", named("customer", customer))
		if err != nil {
			return err
		}
		if int(have) != earned {
			return fmt.Errorf("%w: customer %d earned %d rewards by the query and %d by the evaluator of %s", errWrong, customer, have, earned, terms.Offers[0].ID)
		}
		compared += earned
	}
	if compared == 0 {
		return fmt.Errorf("%w: nobody of those who were looked at earned anything", errWrong)
	}
	return nil
}
