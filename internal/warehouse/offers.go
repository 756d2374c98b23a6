package warehouse

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/offers"
	"github.com/danbi-project/danbi/internal/targeting"
)

// rulesMark stands in a query where the conditions of the offers' rules go.
const rulesMark = "toUInt8(1) /* rules */"

// OfferCustomers gives the treated customers of the shard, in the order of their keys, with what offers are valued by.
// The customer is reused: keep none.
func (w *Warehouse) OfferCustomers(ctx context.Context, run campaign.Run, snapshot string, shard campaign.Shard, spec campaign.Spec, each func(offers.Customer) error) error {
	return w.offerCustomers(ctx, run, snapshot, shard, spec, false, each)
}

// EveryOfferCustomer gives all customers of the snapshot in the shard as OfferCustomers gives the treated ones: what a
// preview picks from, before there is an audience.
func (w *Warehouse) EveryOfferCustomer(ctx context.Context, snapshot string, shard campaign.Shard, spec campaign.Spec, each func(offers.Customer) error) error {
	return w.offerCustomers(ctx, campaign.Run{}, snapshot, shard, spec, true, each)
}

func (w *Warehouse) offerCustomers(ctx context.Context, run campaign.Run, snapshot string, shard campaign.Shard, spec campaign.Spec, everyone bool, each func(offers.Customer) error) (err error) {
	given := args{
		"snapshot": snapshot, "low": shard.Low, "high": shard.High, "everyone": bit(everyone),
		"campaign": run.Campaign, "occurrence": run.Occurrence, "plan": run.Plan,
	}
	rules := offers.NewRules(spec)
	for name, places := range map[string][]string{"segments": rules.Segments, "regions": rules.Regions, "brands": rules.Brands} {
		given[name] = append([]string{}, places...) // nothing is not an empty list to the driver
	}
	goods(spec, given)
	conditions := make([]string, len(spec.Offers))
	for i, offer := range spec.Offers {
		rule, err := targeting.CompileRule(offer.Rule, spec.Currency)
		if err != nil {
			return fmt.Errorf("offer %s: %w", offer.ID, err)
		}
		if len(rule.Windows) > 0 || len(rule.Own) > 0 {
			return fmt.Errorf("offer %s: bought, spent and own choose an audience, not who gets an offer: %w", offer.ID, targeting.ErrBadRule)
		}
		sql, params := rule.Named(fmt.Sprintf("offer%d", i))
		conditions[i] = "toUInt8(" + sql + ")"
		for name, value := range params {
			given[name] = value
		}
	}
	limited := w.settings(ctx, clickhouse.Settings{"max_memory_usage": selectMemory, "max_bytes_before_external_group_by": selectSpill})
	rows, err := w.conn.Query(limited, strings.Replace(query("offers_customers"), rulesMark, strings.Join(conditions, ", "), 1), given.list()...)
	if err != nil {
		return fmt.Errorf("read whom shard %s makes offers to: %w", shard, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var c offers.Customer
	for rows.Next() {
		if err := rows.Scan(&c.Key, &c.Tenure, &c.Months, &c.Allowed, &c.Segment, &c.Region, &c.Brand, &c.Kin, &c.Messages, &c.Responses, &c.Purchases, &c.Basket, &c.Theme, &c.Counted); err != nil {
			return fmt.Errorf("read whom shard %s makes offers to: %w", shard, err)
		}
		if err := each(c); err != nil {
			return err
		}
	}
	return rows.Err()
}

// goods gives what the terms of each offer count, as lists beside each other: the offer's place from 1, and the name.
func goods(spec campaign.Spec, given args) {
	var categories, excluded, brands []string
	var categoryOffers, excludedOffers, brandOffers, hourOffers, hours, dayOffers, days []uint32
	for i, o := range spec.Offers {
		t, at := spec.TermsOf(o), uint32(i+1)
		for _, name := range t.Categories {
			categories, categoryOffers = append(categories, name), append(categoryOffers, at)
		}
		for _, name := range t.Excluded {
			excluded, excludedOffers = append(excluded, name), append(excludedOffers, at)
		}
		for _, name := range t.Brands {
			brands, brandOffers = append(brands, name), append(brandOffers, at)
		}
		for hour := range uint32(24) {
			if t.Hours != nil && t.Hours.Holds(campaign.Clock(hour*60+30)) {
				hours, hourOffers = append(hours, hour), append(hourOffers, at)
			}
		}
		for _, word := range t.Days {
			days, dayOffers = append(days, uint32(campaign.Weekday(word))), append(dayOffers, at)
		}
	}
	some := func(list []string) []string { return append([]string{}, list...) }
	numbers := func(list []uint32) []uint32 { return append([]uint32{}, list...) }
	for name, list := range map[string][]string{"categories": categories, "excluded": excluded, "brands_counted": brands} {
		given[name] = some(list)
	}
	for name, list := range map[string][]uint32{"category_offers": categoryOffers, "excluded_offers": excludedOffers, "brand_offers": brandOffers, "hour_offers": hourOffers, "hours": hours, "day_offers": dayOffers, "days": days} {
		given[name] = numbers(list)
	}
	given["offers"] = uint32(len(spec.Offers))
	themes := make([]string, len(spec.Contents))
	for i, c := range spec.Contents {
		if themes[i] = c.Category; c.Category == "" {
			themes[i] = "\n" // no category is named so, not even the empty one
		}
	}
	given["content_categories"] = themes
}

// StoredAssignments gives the assignments of the shard that are written, in the order of their keys.
func (w *Warehouse) StoredAssignments(ctx context.Context, run campaign.Run, shard campaign.Shard, each func(offers.Assignment) error) (err error) {
	given := args{"campaign": run.Campaign, "occurrence": run.Occurrence, "plan": run.Plan, "low": shard.Low, "high": shard.High}
	rows, err := w.conn.Query(ctx, query("offers_stored"), given.list()...)
	if err != nil {
		return fmt.Errorf("read the assignments of shard %s: %w", shard, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var a offers.Assignment
		var explored uint8
		if err := rows.Scan(&a.Customer, &a.Offer, &a.Content, (*int64)(&a.Threshold), (*int64)(&a.Reward), (*int64)(&a.Forecast), &a.Reach, &a.Without,
			(*int64)(&a.Value), (*int64)(&a.Cost), &a.Propensity, &explored, &a.ContentPropensity, &a.Beside); err != nil {
			return fmt.Errorf("read the assignments of shard %s: %w", shard, err)
		}
		a.Explored = explored == 1
		if err := each(a); err != nil {
			return err
		}
	}
	return rows.Err()
}

// WriteAssignments appends assignments.
func (w *Warehouse) WriteAssignments(ctx context.Context, run campaign.Run, all []offers.Assignment) error {
	for len(all) > 0 {
		n := min(len(all), insertBlock)
		if err := w.writeAssignments(ctx, run, all[:n]); err != nil {
			return fmt.Errorf("write %d assignments: %w", n, err)
		}
		all = all[n:]
	}
	return nil
}

func (w *Warehouse) writeAssignments(ctx context.Context, run campaign.Run, all []offers.Assignment) (err error) {
	batch, err := w.conn.PrepareBatch(ctx, "INSERT INTO assignments (campaign, occurrence, plan, launch, customer_key, offer, content, threshold, reward, forecast, p_reach, p_reach_without, value, expected_cost, propensity, explore, content_propensity, beside)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, batch.Close()) }()
	n := len(all)
	customers, chosen, contents, beside := make([]uint32, n), make([]string, n), make([]string, n), make([]string, n)
	thresholds, rewards, forecasts, values, costs := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	reach, without, propensities, contentPropensities, explored := make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, n), make([]uint8, n)
	for i, a := range all {
		customers[i], chosen[i], contents[i], beside[i] = a.Customer, a.Offer, a.Content, a.Beside
		thresholds[i], rewards[i], forecasts[i] = int64(a.Threshold), int64(a.Reward), int64(a.Forecast)
		values[i], costs[i] = int64(a.Value), int64(a.Cost)
		reach[i], without[i], propensities[i] = a.Reach, a.Without, a.Propensity
		contentPropensities[i] = a.ContentPropensity
		if a.Explored {
			explored[i] = 1
		}
	}
	columns := append(newRunColumns(run, n), customers, chosen, contents, thresholds, rewards, forecasts, reach, without, values, costs, propensities, explored, contentPropensities, beside)
	return send(batch, columns...)
}

func bit(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}
