package warehouse_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/stack/stacktest"
	"github.com/danbi-project/danbi/internal/targeting"
)

// What a rule asks about behaviour, a naive count over the lines says too; planted futures say nothing.
func TestBehaviourIsWhatANaiveCountSays(t *testing.T) {
	w := stacktest.Warehouse(t)
	h := anyFeatureHistory(31)
	h.load(t, w)
	require.NoError(t, w.Conn().Exec(t.Context(), "INSERT INTO audience (campaign, occurrence, plan, customer_key, arm) VALUES ('other', 1, 1, 5, 'treated'), ('other', 1, 1, 6, 'control')"))
	insert(t, w, "transactions", "customer_key, at, id, line, kind, amount, currency, category, brand",
		[]line{{Key: 20, At: instant, ID: 1, Line: 1, Kind: "purchase", Amount: 1e9, Currency: "KRW", Category: "cafe", Brand: "x"}})
	s, shards := snapshot(t, w, instant, 2)
	spec := campaign.Spec{Currency: "KRW", Audience: campaign.Audience{Purpose: "marketing",
		Rule: `bought("category", "cafe", 180) >= 3 && bought("brand", "z", 28) == 0 || spent("brand", "y", 90) > 60000 && age >= 0 || audience("other")`}}
	terms := targeting.TermsOf(campaign.Run{Campaign: "this", Occurrence: 1, Plan: 1}, campaign.Brief{Spec: spec}, instant)
	in, out := 0, 0
	for _, shard := range shards {
		require.NoError(t, w.Candidates(t.Context(), s.ID, shard, spec, terms, func(c *targeting.Candidate) error {
			cafes, zs, spent := map[uint64]bool{}, map[uint64]bool{}, int64(0)
			for _, l := range h.transactions {
				age := instant.Sub(l.At)
				if l.Key != c.Customer || age <= 0 {
					continue
				}
				if l.Kind == "purchase" && l.Category == "cafe" && age <= 180*day {
					cafes[l.ID] = true
				}
				if l.Kind == "purchase" && l.Brand == "z" && age <= 28*day {
					zs[l.ID] = true
				}
				if l.Brand == "y" && l.Currency == "KRW" && age <= 90*day {
					if l.Kind == "purchase" {
						spent += l.Amount
					} else {
						spent -= l.Amount
					}
				}
			}
			want := len(cafes) >= 3 && len(zs) == 0 || spent > 60000 || c.Customer == 5
			require.Equal(t, want, c.Matches, "customer %d: %d cafes, %d of z, %d spent", c.Customer, len(cafes), len(zs), spent)
			if want {
				in++
			} else {
				out++
			}
			return nil
		}))
	}
	require.Positive(t, in)
	require.Positive(t, out)

	spec.Audience.Rule = `own["nothing"] > 1`
	err := w.Candidates(t.Context(), s.ID, shards[0], spec, terms, func(*targeting.Candidate) error { return nil })
	require.ErrorIs(t, err, targeting.ErrBadRule)
	require.ErrorContains(t, err, `own["nothing"]`)

	exact, known, err := w.RuleMatches(t.Context(), s.ID, "purchases >= 10", "KRW")
	require.NoError(t, err)
	require.True(t, known)
	want := uint64(0)
	for _, v := range values(t, w, s.ID, "purchases") {
		if v >= 10 {
			want++
		}
	}
	require.Equal(t, want, exact)
}
