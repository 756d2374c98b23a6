package warehouse_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/features"
	"github.com/danbi-project/danbi/internal/stack/stacktest"
	"github.com/danbi-project/danbi/internal/warehouse"
)

func ownFeature(name, kind, from, window, sql string, params map[string]any) features.Own {
	return features.Own{Name: name, Meaning: campaign.Text{"en": name, "ko": name}, Type: kind, From: from, Window: window, SQL: sql, Params: params, Owner: "crm"}
}

// The user's own features are what they say over the rows before the instant, and planted futures change nothing in any
// feature, built in or not.
func TestOwnFeaturesSeeNothingOfTheFuture(t *testing.T) {
	w := stacktest.Warehouse(t)
	h := anyFeatureHistory(21)
	h.load(t, w)
	wall := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	plain, _ := snapshot(t, w, instant, 1)
	own := []features.Own{
		ownFeature("cafes_60d", features.TypeCount, "transactions", "60d", "countIf(category = {category:String})", map[string]any{"category": "cafe"}),
		ownFeature("latest", features.TypeNumber, "transactions", "", "max(at) - instant", nil),
		ownFeature("largest", features.TypeAmount, "transactions", "", "maxIf(amount, brand in {brands:Array(String)})", map[string]any{"brands": []any{"x", "planted"}}),
		ownFeature("touched", features.TypeCount, "interactions", "", "count()", nil),
		ownFeature("events", features.TypeCount, "delivery_events", "30d", "count()", nil),
	}
	require.NoError(t, w.DefineFeatures(t.Context(), own, "tester", wall))
	before, shards := snapshot(t, w, instant, 2)
	require.NotEqual(t, plain.Catalogue, before.Catalogue)
	require.NotEqual(t, plain.ID, before.ID)

	counts := values(t, w, before.ID, "own[1]")
	largest := values(t, w, before.ID, "own[3]")
	for _, p := range h.customers {
		want, most := 0.0, 0.0
		for _, l := range h.transactions {
			if l.Key != p.Key || !l.At.Before(instant) {
				continue
			}
			if l.Category == "cafe" && instant.Sub(l.At) <= 60*day {
				want++
			}
			if l.Brand == "x" {
				most = max(most, float64(l.Amount))
			}
		}
		require.Equal(t, want, counts[p.Key], "customer %d", p.Key)
		require.InDelta(t, most, largest[p.Key], 1e-2*max(1, most/1e5), "customer %d", p.Key)
	}
	binnings, err := w.Binnings(t.Context(), before.ID)
	require.NoError(t, err)
	require.Len(t, binnings, len(features.Builtin)+len(own))
	require.Equal(t, "events", binnings[len(binnings)-1].Feature)

	for _, at := range []time.Time{instant, instant.Add(time.Second), instant.Add(40 * day)} {
		insert(t, w, "transactions", "customer_key, at, id, line, kind, amount, currency, category, brand",
			[]line{{Key: 10, At: at, ID: 1, Line: 1, Kind: "purchase", Amount: 1e9, Currency: "KRW", Category: "cafe", Brand: "planted"}})
		insert(t, w, "interactions", "customer_key, at, kind, channel, campaign, occurrence, touch, id", []contact{{Key: 10, At: at, Kind: "open", Channel: "email", ID: 77}})
		require.NoError(t, w.Conn().Exec(t.Context(), "INSERT INTO delivery_events (campaign, occurrence, touch, customer_key, channel, attempt, state, at) VALUES ('c', 1, 'first', 10, 'email', 1, 'sent', '"+at.UTC().Format(time.DateTime)+"')"))
	}
	for _, table := range []string{"features", "snapshots"} {
		require.NoError(t, w.Conn().Exec(t.Context(), "TRUNCATE TABLE "+table))
	}
	again, _ := snapshot(t, w, instant, len(shards))
	require.Equal(t, before, again, "identity and checksum, which is over every bin")
	require.True(t, values(t, w, again.ID, "own[2]")[10] < 0 || values(t, w, again.ID, "own[2]")[10] != values(t, w, again.ID, "own[2]")[10])

	// A snapshot of features that are no longer defined can't be extracted under its name.
	old := before
	old.Catalogue = "0123456789ab"
	old.ID, old.Published = "sother", false
	_, err = w.ExtractFeatures(t.Context(), old, shards[0])
	require.ErrorIs(t, err, features.ErrOtherCatalogue)

	err = w.DefineFeatures(t.Context(), []features.Own{ownFeature("words", features.TypeNumber, "transactions", "", "any(brand)", nil)}, "tester", wall)
	require.ErrorContains(t, err, "feature words: ClickHouse does not take its sql")
	err = w.DefineFeatures(t.Context(), []features.Own{ownFeature("rows", features.TypeNumber, "transactions", "", "amount", nil)}, "tester", wall)
	require.ErrorContains(t, err, "feature rows: ClickHouse does not take its sql")
}

// Whoever reads a table in a query of features bounds it by the instant on the spot.
func TestEverySourceOfFeaturesIsBounded(t *testing.T) {
	reads := regexp.MustCompile(`FROM (transactions|interactions|delivery_events)\s+WHERE ((?:.+\n?){1,4})`)
	for _, name := range []string{"features_extract", "features_own_transactions", "features_own_interactions", "features_own_delivery_events"} {
		data, err := os.ReadFile("sql/" + name + ".sql")
		require.NoError(t, err)
		found := reads.FindAllStringSubmatch(string(data), -1)
		require.Len(t, found, len(regexp.MustCompile(`FROM (transactions|interactions|delivery_events)\b`).FindAllString(string(data), -1)), name)
		require.NotEmpty(t, found, name)
		for _, read := range found {
			require.True(t, strings.Contains(read[2], "at < {instant:DateTime('UTC')}"), "%s reads %s without a bound", name, read[1])
		}
	}
}

// Every feature that is built in shows what computes it, and not its own name.
func TestFeaturesShowWhatComputesThem(t *testing.T) {
	for _, f := range features.Builtin {
		sql := warehouse.FeatureSQL(f.Name)
		require.NotEmpty(t, sql, f.Name)
		if !slices.Contains([]string{"tenure_days", "age"}, f.Name) {
			require.NotEqual(t, f.Name, sql, f.Name)
		}
	}
	require.Contains(t, warehouse.FeatureSQL("forecast_28d"), "0.40 * months[1]")
	require.Contains(t, warehouse.FeatureSQL("purchases_90d"), "countIf")
}
