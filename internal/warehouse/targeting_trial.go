package warehouse

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/features"
	"github.com/danbi-project/danbi/internal/targeting"
)

// Trial gives about most customers of a past campaign's two arms: their bins just before its launch, by the binning of a
// snapshot, and what they did within its window. One without a control group teaches nothing of effects and gives none.
func (w *Warehouse) Trial(ctx context.Context, like features.Snapshot, past targeting.Past, most int) (targeting.Trial, error) {
	arms := []string{targeting.ArmTreated, targeting.ArmControl}
	return w.cohort(ctx, like, past, arms, most)
}

// cohort reads bins and outcomes of some arms of a past campaign.
func (w *Warehouse) cohort(ctx context.Context, like features.Snapshot, past targeting.Past, arms []string, most int) (t targeting.Trial, err error) {
	given := args{"campaign": past.Campaign, "occurrence": past.Occurrence, "arms": arms}
	var all uint64
	if err := w.conn.QueryRow(ctx, query("targeting_arms"), given.list()...).Scan(&all); err != nil {
		return t, fmt.Errorf("count the arms of %s: %w", past.Campaign, err)
	}
	if all == 0 {
		return t, nil
	}
	part := uint32((all + uint64(most) - 1) / uint64(most))
	like.Instant = past.Launched
	keys, bins, err := w.BinsBefore(ctx, like, nil, Cohort{Campaign: past.Campaign, Occurrence: past.Occurrence, Arms: arms, Part: part})
	if err != nil {
		return t, err
	}
	t = targeting.Trial{Bins: bins, Customers: keys, Treated: make([]bool, len(keys)), Propensity: make([]float32, len(keys)), Spend: make([]float32, len(keys)),
		Before: make([]float32, len(keys)), Bought: make([]bool, len(keys)), Responded: make([]bool, len(keys))}
	given["part"], given["launched"], given["ended"], given["currency"] = part, past.Launched, past.Ended, like.Currency
	rows, err := w.conn.Query(w.settings(ctx, extractSettings()), query("targeting_outcomes"), given.list()...)
	if err != nil {
		return t, fmt.Errorf("read what became of %s: %w", past.Campaign, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var share [2]struct{ sum, n float64 }
	for rows.Next() {
		var customer, purchases uint32
		var treated, responded uint8
		var propensity float32
		var spend, before float64
		if err := rows.Scan(&customer, &treated, &propensity, &spend, &before, &purchases, &responded); err != nil {
			return t, fmt.Errorf("read what became of %s: %w", past.Campaign, err)
		}
		at, found := slices.BinarySearch(keys, customer)
		if !found {
			continue // a customer of whom nothing is known at all
		}
		t.Treated[at], t.Spend[at], t.Before[at], t.Bought[at], t.Responded[at] = treated == 1, float32(max(spend, 0)), float32(max(before, 0)), purchases > 0, responded == 1
		share[treated].sum += float64(propensity)
		share[treated].n++
	}
	// A row keeps the chance of its own arm; what counts is the chance of treatment among those of either arm.
	for i := range t.Propensity {
		control, treated := share[0].sum/max(share[0].n, 1), share[1].sum/max(share[1].n, 1)
		if control+treated > 0 {
			t.Propensity[i] = float32(treated / (treated + control))
		}
	}
	return t, rows.Err()
}

// Dropped gives customers of a few ranges of keys as they were at an instant, and what they spent in the 90 days before
// and in the window after it: nobody is left out for having been contacted.
func (w *Warehouse) Dropped(ctx context.Context, like features.Snapshot, from, until time.Time, most int) (targeting.Trial, error) {
	var t targeting.Trial
	ranges, err := w.ranges(ctx, like, most)
	if err != nil {
		return t, err
	}
	like.Instant = from
	for _, r := range ranges {
		keys, bins, err := w.BinsBefore(ctx, like, nil, Cohort{Low: r.Low, High: r.High})
		if err != nil {
			return t, err
		}
		spend, before := make([]float32, len(keys)), make([]float32, len(keys))
		given := args{"low": r.Low, "high": r.High, "currency": like.Currency, "from": from.UTC().Truncate(time.Second), "until": until.UTC().Truncate(time.Second)}
		err = w.each(ctx, "targeting_dropped", given, func(rows driver.Rows) error {
			var customer uint32
			var s, b float64
			if err := rows.Scan(&customer, &s, &b); err != nil {
				return err
			}
			if at, found := slices.BinarySearch(keys, customer); found {
				spend[at], before[at] = float32(max(s, 0)), float32(max(b, 0))
			}
			return nil
		})
		if err != nil {
			return t, fmt.Errorf("read who spends less: %w", err)
		}
		t.Add(keys, bins)
		t.Spend, t.Before = append(t.Spend, spend...), append(t.Before, before...)
	}
	return t, nil
}

// Likeness gives customers of a few ranges of keys as they are in a snapshot; Bought tells who has what the seeds have.
func (w *Warehouse) Likeness(ctx context.Context, snapshot features.Snapshot, seeds targeting.Seeds, most int) (targeting.Trial, error) {
	var t targeting.Trial
	names, wanted := []string{}, []string{}
	for _, name := range slices.Sorted(maps.Keys(seeds.Attributes)) {
		names, wanted = append(names, name), append(wanted, seeds.Attributes[name])
	}
	ranges, err := w.ranges(ctx, snapshot, most)
	if err != nil {
		return t, err
	}
	for _, r := range ranges {
		given := args{"low": r.Low, "high": r.High, "instant": snapshot.Instant.UTC().Truncate(time.Second),
			"categories": orEmpty(seeds.Categories), "brands": orEmpty(seeds.Brands), "campaigns": orEmpty(seeds.Campaigns),
			"products": orEmpty(seeds.Products), "attributes": names, "values": wanted}
		have, err := w.customersOf(ctx, query("targeting_seeds"), given)
		if err != nil {
			return t, fmt.Errorf("read who has it already: %w", err)
		}
		err = w.FeatureBins(ctx, snapshot.ID, nil, r, func(keys []uint32, bins [][]uint8) error {
			t.Add(keys, bins)
			for _, key := range keys {
				t.Bought = append(t.Bought, have[key])
			}
			return nil
		})
		if err != nil {
			return t, err
		}
	}
	return t, nil
}

// ranges are a few ranges of neighbouring customers over all keys, about most together.
func (w *Warehouse) ranges(ctx context.Context, of features.Snapshot, most int) ([]campaign.Shard, error) {
	var last uint32
	var customers, state uint64
	if err := w.conn.QueryRow(ctx, query("features_census"), args{"instant": of.Instant.UTC().Truncate(time.Second)}.list()...).Scan(&last, &customers, &state); err != nil {
		return nil, fmt.Errorf("count the customers: %w", err)
	}
	if uint64(most) >= customers {
		return []campaign.Shard{{Low: 0, High: last}}, nil
	}
	var out []campaign.Shard
	width := uint64(last) / sampleRanges
	for i := range uint64(sampleRanges) {
		out = append(out, campaign.Shard{Low: uint32(i * width), High: uint32(i*width + width*uint64(most)/customers)})
	}
	return out, nil
}
