package warehouse_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/dispatch"
	"github.com/danbi-project/danbi/internal/stack/stacktest"
	"github.com/danbi-project/danbi/internal/targeting"
)

// Whoever is chosen may be written to at that moment, and who is left out for a consent may not: two queries and two
// callers of one rule, over histories of grants, withdrawals, objections and purchases.
func TestChoosingAsksForTheConsentsThatSendingDoes(t *testing.T) {
	t.Parallel()
	w, ctx, day := stacktest.Warehouse(t), t.Context(), 24*time.Hour
	const n = 600
	r := rand.New(rand.NewPCG(11, 4))
	at := func(days float64) string {
		return "'" + instant.Add(-time.Duration(days*24)*time.Hour).Format(time.DateTime) + "'"
	}
	zones := []string{"Asia/Seoul", "America/New_York", "Europe/Berlin", "Nowhere/Invalid", ""}
	rows := map[string][]string{}
	add := func(table, format string, args ...any) {
		rows[table] = append(rows[table], fmt.Sprintf(format, args...))
	}
	keys, ats := make([]uint32, n), make([]time.Time, n)
	for i := range n {
		key := uint32(i + 1)
		keys[i], ats[i] = key, instant
		add("customers (customer_key, segment, language, zone, updated_at)", "(%d, 'a', 'ko', '%s', '2026-01-01')", key, zones[r.IntN(len(zones))])
		for _, channel := range []string{"email", "sms"} {
			add("contacts (customer_key, channel, address, updated_at)", "(%d, '%s', 'x%d@example.invalid', '2026-01-01')", key, channel, key)
			for range r.IntN(3) {
				add("consents (customer_key, channel, purpose, night, at, granted)", "(%d, '%s', 'marketing', %d, %s, %d)", key, channel, r.IntN(10)/9, at(float64(r.IntN(1000)-20)), min(r.IntN(3), 1))
			}
		}
		if r.IntN(3) == 0 {
			add("consents (customer_key, channel, purpose, night, at, granted)", "(%d, 'email', 'profiling', 0, %s, %d)", key, at(float64(r.IntN(100)-20)), r.IntN(2))
		}
		if r.IntN(2) == 0 {
			kind := []string{"purchase", "purchase", "refund"}[r.IntN(3)]
			add("transactions (customer_key, at, id, line, kind, amount, currency)", "(%d, %s, %d, 0, '%s', 1000, 'KRW')", key, at(float64(r.IntN(400)-20)), key, kind)
		}
	}
	for table, values := range rows {
		require.NoError(t, w.Conn().Exec(ctx, "INSERT INTO "+table+" VALUES "+strings.Join(values, ",")), table)
	}
	s, shards := snapshot(t, w, instant, 1)
	for name, rules := range map[string]*campaign.Rules{"no packs": nil, "all": campaignRules(t, true), "without own customers": campaignRules(t, false)} {
		brief := campaign.Brief{
			Spec: campaign.Spec{Currency: "KRW", Zone: "Asia/Seoul", Audience: campaign.Audience{Purpose: "marketing"},
				Touches: []campaign.Touch{{ID: "first", Channels: []string{"email", "sms"}}}},
			Policy: campaign.Policy{Salt: "s", ConsentAge: campaign.Duration(730 * day), Rules: rules},
		}
		terms := targeting.TermsOf(campaign.Run{Campaign: "this", Occurrence: 1, Plan: 1}, brief, instant)
		masks := map[uint32][3]uint8{}
		for _, shard := range shards {
			require.NoError(t, w.Candidates(ctx, s.ID, shard, brief.Spec, terms, func(c *targeting.Candidate) error {
				masks[c.Customer] = [3]uint8{c.Consent, c.Expired, c.Objected}
				return nil
			}))
		}
		require.Len(t, masks, n)
		seen := map[string]int{}
		for i, channel := range terms.Channels {
			sending, err := dispatch.NewRules(brief, channel, time.Time{})
			require.NoError(t, err)
			recipients, err := w.Recipients(ctx, dispatch.RecipientQuery{
				Run: terms.Run, Touch: "first", Channel: channel, Purpose: "marketing", Keys: keys, Ats: ats, Bought: sending.Bought(),
			})
			require.NoError(t, err)
			for _, key := range keys {
				to := recipients[key]
				to.Customer, to.Offer, to.Reserved = key, "reward", true
				_, reason := sending.Refuse(to, instant)
				verdict := "consent"
				switch bit := uint8(1) << i; {
				case masks[key][1]&bit != 0:
					verdict = dispatch.ReasonOldConsent
				case masks[key][2]&bit != 0:
					verdict = dispatch.ReasonObjected
				case masks[key][0]&bit == 0:
					verdict = dispatch.ReasonNoConsent
				}
				switch reason {
				case dispatch.ReasonOldConsent, dispatch.ReasonObjected, dispatch.ReasonNoConsent:
				default: // hours are asked when sending
					reason = "consent"
				}
				require.Equal(t, reason, verdict, "%s: customer %d by %s: %+v", name, key, channel, to)
				seen[reason]++
			}
		}
		if rules != nil {
			require.Len(t, seen, 4, "%s: each verdict was there: %v", name, seen)
		}
	}
}

// campaignRules are all packs that come with Danbi.
func campaignRules(t *testing.T, own bool) *campaign.Rules {
	t.Helper()
	return &campaign.Rules{OwnCustomers: own, Packs: campaign.ShippedRules()}
}
