package integration

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/campaign"
)

func named(run campaign.Run) []any {
	return []any{clickhouse.Named("campaign", run.Campaign), clickhouse.Named("occurrence", run.Occurrence)}
}

// mails is how often the sink has each Message-ID.
func (l *local) mails() map[string]int {
	l.t.Helper()
	have := map[string]int{}
	for _, box := range []string{"messages", "sms", "gateway"} {
		response, err := http.Get(l.stack.Running().Sink.HTTP + "/" + box + "/ids")
		require.NoError(l.t, err)
		lines := bufio.NewScanner(response.Body)
		for lines.Scan() {
			if !strings.Contains(lines.Text(), " part ") { // a text message that was sent in parts is there with its first
				have[lines.Text()]++
			}
		}
		require.NoError(l.t, lines.Err())
		require.NoError(l.t, response.Body.Close())
	}
	return have
}

// verifyMail holds the sink's mails against the treated audience, by keys that are computed here from the audience alone.
func (l *local) verifyMail(run campaign.Run, atLeast int) {
	l.t.Helper()
	rows, err := l.store.Conn().Query(l.t.Context(), `
		SELECT customer_key FROM (SELECT customer_key, any(arm) AS arm FROM audience WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} GROUP BY customer_key) AS a
		INNER JOIN (SELECT customer_key, any(offer) AS offer FROM assignments WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} GROUP BY customer_key) AS o USING customer_key
		WHERE a.arm = 'treated' AND o.offer != 'none'
		  AND customer_key NOT IN (SELECT customer_key FROM delivery_events WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} GROUP BY customer_key HAVING max(state) IN ('suppressed', 'expired'))`, named(run)...)
	require.NoError(l.t, err)
	defer func() { _ = rows.Close() }()
	have, customers, lost, doubled := l.mails(), 0, 0, 0
	byDelivery := map[string]int{}
	for id, copies := range have {
		delivery, _, _ := strings.Cut(strings.Trim(id, "<>"), "@")
		byDelivery[delivery] += copies
	}
	for rows.Next() {
		var customer uint32
		require.NoError(l.t, rows.Scan(&customer))
		customers++
		switch copies := byDelivery[run.DeliveryID("first", customer).String()]; {
		case copies == 0:
			lost++
		case copies > 1:
			doubled++
		}
	}
	require.NoError(l.t, rows.Err())
	require.Zero(l.t, lost, "customers of the treated audience without a mail, of %d", customers)
	require.Zero(l.t, doubled, "customers with more than one mail")
	require.Len(l.t, byDelivery, customers, "mails in the sink against customers who were to get one")
	require.GreaterOrEqual(l.t, customers, atLeast)
	require.EqualValues(l.t, customers, l.count(`
		SELECT count() FROM (SELECT touch, customer_key, max(state) AS reached FROM delivery_events WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} GROUP BY touch, customer_key)
		WHERE reached IN ('sent', 'delivered')`, named(run)...), "what we say was sent is what the sink has")
}

// paid is the provider's list of payouts.
type paid struct {
	Payouts []struct {
		Key    string `json:"key"`
		Amount int64  `json:"amount"`
	} `json:"payouts"`
	Count int `json:"count"`
}

// verifyMoney holds redemptions, the provider's payouts and the ledger against each other.
func (l *local) verifyMoney(run campaign.Run, atLeast uint64) {
	l.t.Helper()
	const redeemed = `FROM (SELECT customer_key, offer, round, any(due) AS due FROM redemptions WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} GROUP BY customer_key, offer, round)`
	dues := l.count(`SELECT count() `+redeemed, named(run)...)
	require.GreaterOrEqual(l.t, dues, atLeast)

	response, err := http.Get(l.stack.Running().Sink.HTTP + "/payouts?limit=100000&reference=" + url.QueryEscape(fmt.Sprintf("%s/%d", run.Campaign, run.Occurrence)))
	require.NoError(l.t, err)
	defer func() { _ = response.Body.Close() }()
	var list paid
	require.NoError(l.t, json.NewDecoder(response.Body).Decode(&list))
	byKey := map[string]int64{}
	for _, p := range list.Payouts {
		require.NotContains(l.t, byKey, p.Key)
		byKey[p.Key] = p.Amount
	}
	rows, err := l.store.Conn().Query(l.t.Context(), `SELECT customer_key, offer, round, due `+redeemed, named(run)...)
	require.NoError(l.t, err)
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var customer uint32
		var offer string
		var round uint16
		var due int64
		require.NoError(l.t, rows.Scan(&customer, &offer, &round, &due))
		require.Equal(l.t, due, byKey[run.PayoutID(customer, offer, round).String()], "payout of customer %d", customer)
	}
	require.NoError(l.t, rows.Err())
	require.EqualValues(l.t, dues, len(byKey), "one payout for each due, and none beside")
	const legs = `FROM (SELECT transaction, leg, any(amount) AS amount FROM postings WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} GROUP BY transaction, leg)`
	require.Positive(l.t, l.count(`SELECT count() `+legs, named(run)...))
	require.Zero(l.t, l.count(`SELECT count() FROM (SELECT transaction, sum(amount) AS s `+legs+` GROUP BY transaction HAVING s != 0)`, named(run)...), "transactions that don't sum to zero")
}

func namedAt(at time.Time) []any { return []any{namedArg("at", at)} }

func namedArg(name string, value any) any { return clickhouse.Named(name, value) }
