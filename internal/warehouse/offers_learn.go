package warehouse

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/features"
	"github.com/danbi-project/danbi/internal/offers"
)

// PastOffers are the latest campaigns in a currency that were over by an instant, at most so many. The spec of one that
// was not Danbi's own is empty.
func (w *Warehouse) PastOffers(ctx context.Context, currency string, instant time.Time, most int) ([]offers.PastCampaign, error) {
	var all []offers.PastCampaign
	err := w.each(ctx, "offers_past", args{"currency": currency, "instant": second(instant), "most": uint32(most)}, func(rows driver.Rows) error {
		var p offers.PastCampaign
		var spec string
		if err := rows.Scan(&p.Campaign, &p.Occurrence, &p.Plan, &p.Opens, &p.Closes, &spec, &p.Customers); err != nil {
			return err
		}
		if spec != "" {
			var brief campaign.Brief
			if err := json.Unmarshal([]byte(spec), &brief); err == nil && brief.Spec.Campaign != "" { // of a past campaign it may be anything
				p.Spec = &brief.Spec
			}
		}
		all = append(all, p)
		return nil
	})
	return all, err
}

// OfferOutcomes are a past campaign's treated and control customers, about most of them, in the order of their keys: what
// was known of them just before its launch, what they were promised, and what they spent until an instant.
func (w *Warehouse) OfferOutcomes(ctx context.Context, snapshot features.Snapshot, past offers.PastCampaign, until time.Time, most int) ([]offers.Outcome, error) {
	part := uint32(max(1, (past.Customers+uint64(most)-1)/uint64(most)))
	last := past.Closes.Add(offers.After)
	if until.Before(last) {
		last = until
	}
	key := args{
		"campaign": past.Campaign, "occurrence": past.Occurrence, "plan": past.Plan, "part": part, "currency": snapshot.Currency,
		"opens": second(past.Opens), "closes": second(past.Closes), "until": second(last),
	}
	limited := w.settings(ctx, extractSettings())
	rows, err := w.conn.Query(limited, query("offers_outcomes"), key.list()...)
	if err != nil {
		return nil, fmt.Errorf("read what became of %s: %w", past.Campaign, err)
	}
	defer func() { _ = rows.Close() }()
	var all []offers.Outcome
	for rows.Next() {
		var o offers.Outcome
		var treated, met uint8
		var threshold, reward int64
		if err := rows.Scan(&o.Customer.Key, &treated, &o.Offer, &o.Content, &threshold, &reward, &o.Chance, &o.OfferChance, &o.Window, &o.After, &met); err != nil {
			return nil, fmt.Errorf("read what became of %s: %w", past.Campaign, err)
		}
		o.Treated, o.Met, o.Threshold, o.Reward = treated == 1, met == 1, float64(threshold), float64(reward)
		o.Days, o.AfterDays = past.Closes.Sub(past.Opens).Hours()/24, max(0, last.Sub(past.Closes).Hours()/24)
		all = append(all, o)
	}
	if err := rows.Err(); err != nil || len(all) == 0 {
		return nil, err
	}
	return all, w.asOf(limited, snapshot, past, part, all)
}

// asOf fills in what was known of the customers when the campaign was launched.
func (w *Warehouse) asOf(ctx context.Context, snapshot features.Snapshot, past offers.PastCampaign, part uint32, all []offers.Outcome) error {
	before := snapshot
	before.ID, before.Instant = "", past.Opens
	given, err := w.extraction(ctx, before, campaign.Shard{Low: 0, High: ^uint32(0)})
	if err != nil {
		return err
	}
	given["cohort"], given["cohort_occurrence"], given["part"], given["arms"] = past.Campaign, past.Occurrence, part, []string{"treated", "control"}
	rows, err := w.conn.Query(ctx, "SELECT customer_key, tenure_days, spend_months, messages_180d, responses_180d, toString(top_category) FROM ("+query("features_extract")+")", given.list()...)
	if err != nil {
		return fmt.Errorf("compute features before %s: %w", past.Campaign, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var c offers.Customer
		var category string
		if err := rows.Scan(&c.Key, &c.Tenure, &c.Months, &c.Messages, &c.Responses, &category); err != nil {
			return fmt.Errorf("compute features before %s: %w", past.Campaign, err)
		}
		if at, found := slices.BinarySearchFunc(all, c.Key, func(o offers.Outcome, key uint32) int { return int(int64(o.Customer.Key) - int64(key)) }); found {
			c.Months = slices.Clone(c.Months)
			all[at].Customer = c
			said(&all[at], past.Spec, category)
		}
	}
	return rows.Err()
}

// said puts what a content was like in place of its id, and whether it was about the customer's own category.
func said(o *offers.Outcome, spec *campaign.Spec, category string) {
	if spec == nil || o.Content == "" {
		return
	}
	for _, c := range spec.Contents {
		if c.ID == o.Content {
			o.Content, o.Own = offers.ContentKey(c), c.Category != "" && c.Category == category
			return
		}
	}
}

// SaveKnowledge keeps what was learned under its id; saving it twice changes nothing that is read.
func (w *Warehouse) SaveKnowledge(ctx context.Context, currency string, k offers.Knowledge) error {
	text, err := json.Marshal(k)
	if err != nil {
		return fmt.Errorf("write what was learned: %w", err)
	}
	if _, err := w.Knowledge(ctx, k.ID); err == nil {
		return nil
	}
	batch, err := w.conn.PrepareBatch(ctx, "INSERT INTO offer_knowledge (id, currency, at, campaigns, offered, control, knowledge)")
	if err == nil {
		err = batch.Append(k.ID, currency, second(k.At), k.Campaigns, k.Offered, k.Control, string(text))
	}
	if err == nil {
		err = batch.Send()
	}
	if err != nil {
		return fmt.Errorf("keep what was learned: %w", err)
	}
	return nil
}

// Knowledge is what was learned, by its id, or offers.ErrNoKnowledge.
func (w *Warehouse) Knowledge(ctx context.Context, id string) (offers.Knowledge, error) {
	var all []offers.Knowledge
	err := w.each(ctx, "offers_knowledge", args{"id": id}, func(rows driver.Rows) error {
		var text string
		var k offers.Knowledge
		if err := rows.Scan(&text); err != nil {
			return err
		}
		err := json.Unmarshal([]byte(text), &k)
		all = append(all, k)
		return err
	})
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("%s: %w", id, offers.ErrNoKnowledge)
	}
	if err != nil {
		return offers.Knowledge{}, err
	}
	return all[0], nil
}

// Learned is what has been learned in a currency, the latest first, at most so many versions.
func (w *Warehouse) Learned(ctx context.Context, currency string, most int) ([]offers.Knowledge, error) {
	var all []offers.Knowledge
	err := w.each(ctx, "offers_known", args{"currency": currency, "most": uint32(most)}, func(rows driver.Rows) error {
		var id, text string
		var at time.Time
		var k offers.Knowledge
		if err := rows.Scan(&id, &at, &text); err != nil {
			return err
		}
		err := json.Unmarshal([]byte(text), &k)
		all = append(all, k)
		return err
	})
	return all, err
}
