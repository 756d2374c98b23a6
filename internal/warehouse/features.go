package warehouse

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/features"
)

// featureColumns are the columns of the table features, in the order in which the extraction gives them.
const featureColumns = "snapshot, customer_key, segment, region, zone, language, gender, age, tenure_days, recency_days, " +
	"purchases, purchases_90d, spend, spend_28d, spend_90d, spend_months, rhythm_days, category_shares, top_category, top_brand, " +
	"purchase_hours, response_hours, messages_180d, responses_180d, purchases_28d, purchases_365d, spend_365d, forecast_28d, basket_365d, " +
	"largest_365d, refund_share_365d, spend_slope_28d, spend_slope_90d, purchases_slope_28d, purchases_slope_90d, spend_trend_180d, " +
	"active_months, recency_to_rhythm, rhythm_spread_365d, longest_gap_days, categories_365d, category_entropy, top_category_share, " +
	"new_categories_90d, brands_365d, brand_entropy, top_brand_share, morning_share, midday_share, evening_share, night_share, hour_entropy, " +
	"weekend_share, friday_share, online_share_365d, app_share_365d, new_education_days, new_kids_days, new_home_days, messages_28d, " +
	"response_rate_180d, response_days, message_days, email_messages_180d, email_responses_180d, sms_messages_180d, sms_responses_180d, " +
	"kakao_messages_180d, kakao_responses_180d, push_messages_180d, push_responses_180d, visits_90d, app_28d, app_90d, unsubscribes_365d, female"

// lookback is how far back anything but the totals reaches.
const lookback = 365 * 24 * time.Hour

// buckets is how finely customers are counted before they are cut into shards.
const buckets = 4096

// short is a name from a hash: enough for a warehouse's snapshots and models, and short enough to be read aloud.
func short(parts ...string) string {
	sum := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(sum, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(sum.Sum(nil))[:12]
}

// PlanSnapshot names the snapshot of want's instant, currency and default zone, says whether it is published already, and
// cuts the customers into shards (0: as many as their number asks for). Without customers it is features.ErrNoCustomers.
func (w *Warehouse) PlanSnapshot(ctx context.Context, want features.Snapshot, shards int) (features.Snapshot, []campaign.Shard, error) {
	var last uint32
	var customers, state uint64
	instant := args{"instant": want.Instant.UTC().Truncate(time.Second)}
	if err := w.conn.QueryRow(ctx, query("features_census"), instant.list()...).Scan(&last, &customers, &state); err != nil {
		return want, nil, fmt.Errorf("count what the snapshot is made of: %w", err)
	}
	if customers == 0 {
		return want, nil, features.ErrNoCustomers
	}
	want.Instant = want.Instant.UTC().Truncate(time.Second)
	own, err := w.OwnFeatures(ctx)
	if err != nil {
		return want, nil, err
	}
	want.Catalogue, want.Customers = catalogue(own), customers
	if want.Binning, err = w.standingBinning(ctx, want, own, last); err != nil {
		return want, nil, err
	}
	want.ID = "s" + short(want.Instant.Format(time.RFC3339), want.Catalogue, want.Binning, want.Currency, want.Zone, fmt.Sprint(state))
	published, err := w.published(ctx, want)
	if err != nil {
		return want, nil, err
	}
	counted, err := w.buckets(ctx, want.Instant, last)
	if err != nil {
		return want, nil, err
	}
	if shards <= 0 {
		shards = features.ShardsFor(customers)
	}
	return published, counted.Cut(shards), nil
}

// published fills in count, checksum and Published of a snapshot that is in place.
func (w *Warehouse) published(ctx context.Context, of features.Snapshot) (features.Snapshot, error) {
	rows, err := w.conn.Query(ctx, query("features_snapshot"), args{"snapshot": of.ID}.list()...)
	if err != nil {
		return of, fmt.Errorf("ask for snapshot %s: %w", of.ID, err)
	}
	defer func() { _ = rows.Close() }()
	if rows.Next() {
		if err := rows.Scan(&of.Customers, &of.Checksum); err != nil {
			return of, fmt.Errorf("ask for snapshot %s: %w", of.ID, err)
		}
		of.Published = true
	}
	return of, rows.Err()
}

func (w *Warehouse) buckets(ctx context.Context, instant time.Time, last uint32) (features.Buckets, error) {
	b := features.Buckets{Width: (last + buckets - 1) / buckets, Last: last}
	b.Transactions = make([]uint64, (last+b.Width-1)/b.Width)
	given := args{"width": b.Width, "last": last, "instant": instant}
	rows, err := w.conn.Query(ctx, query("features_buckets"), given.list()...)
	if err != nil {
		return b, fmt.Errorf("count transactions by customer: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var bucket uint32
		var transactions uint64
		if err := rows.Scan(&bucket, &transactions); err != nil {
			return b, fmt.Errorf("count transactions by customer: %w", err)
		}
		b.Transactions[bucket] = transactions
	}
	return b, rows.Err()
}

// extraction gives the parameters of the query that computes features for a range of customers.
func (w *Warehouse) extraction(ctx context.Context, of features.Snapshot, shard campaign.Shard) (args, error) {
	to := of.Instant
	from := to.Add(-lookback)
	otherwise, err := features.OffsetsOf(of.Zone, from, to)
	if err != nil {
		return nil, fmt.Errorf("the snapshot's zone: %w", err)
	}
	a := args{
		"snapshot": of.ID, "instant": of.Instant, "currency": of.Currency, "low": shard.Low, "high": shard.High,
		"cohort": "", "cohort_occurrence": uint32(0), "arms": []string{"treated"}, "part": uint32(1), "offset": otherwise.Base, "binning": of.Binning,
	}
	names, err := w.words(ctx, query("features_zones"), args{"low": shard.Low, "high": shard.High})
	if err != nil {
		return nil, fmt.Errorf("list the time zones: %w", err)
	}
	known := []string{}
	base := []int32{}
	var at [features.Changes][]uint32
	var by [features.Changes][]int32
	for _, name := range names {
		o, err := features.OffsetsOf(name, from, to)
		if err != nil || o == otherwise {
			continue
		}
		known, base = append(known, name), append(base, o.Base)
		for i := range at {
			at[i], by[i] = append(at[i], o.At[i]), append(by[i], o.By[i])
		}
	}
	// transform does not take empty arrays; this name is no customer's, because zones hold no line ends.
	if len(known) == 0 {
		known, base = []string{"\n"}, []int32{0}
		for i := range at {
			at[i], by[i] = []uint32{features.Never}, []int32{0}
		}
	}
	a["zones"], a["offsets"] = known, base
	for i := range at {
		n := fmt.Sprint(i + 1)
		a["at"+n], a["by"+n] = at[i], by[i]
		a["default_at"+n], a["default_by"+n] = otherwise.At[i], otherwise.By[i]
	}
	return a, nil
}

// words are the rows of a query that gives one text each.
func (w *Warehouse) words(ctx context.Context, statement string, given args) (words []string, err error) {
	rows, err := w.conn.Query(ctx, statement, given.list()...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var word string
		if err := rows.Scan(&word); err != nil {
			return nil, err
		}
		words = append(words, word)
	}
	return words, rows.Err()
}
