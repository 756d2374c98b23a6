package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/workflows"
)

// sinkStats is what the sink, which stands for the providers of mail and of payouts, says that it has.
type sinkStats struct {
	Mail struct {
		Mails      uint64 `json:"mails"`
		Messages   uint64 `json:"messages"`
		Recipients uint64 `json:"recipients"`
		Doubled    uint64 `json:"doubled"`
	} `json:"mail"`
	Payouts struct {
		Count   uint64           `json:"count"`
		Amounts map[string]int64 `json:"amounts"`
	} `json:"payouts"`
}

// verify compares what the campaign says of itself with what the providers got, and with sums over the tables.
func verify(ctx context.Context, e *engines, run campaign.Run, status workflows.Status, out map[string]any) error {
	sink, err := askSink(ctx, e.Running().Sink.HTTP+"/stats")
	if err != nil {
		return err
	}
	var reached uint64
	for _, state := range []campaign.DeliveryState{campaign.DeliverySent, campaign.DeliveryDelivered, campaign.DeliveryBounced} {
		reached += status.Deliveries[state.String()]
	}
	var faults []error
	same := func(what string, got, want uint64) {
		if got != want {
			faults = append(faults, fmt.Errorf("%w: %s: %d and %d", errWrong, what, got, want))
		}
	}
	same("mails in the sink, deliveries of the status", sink.Mail.Mails, reached)
	same("mails in the sink, different messages among them", sink.Mail.Mails, sink.Mail.Messages)
	same("mails in the sink, different recipients", sink.Mail.Mails, sink.Mail.Recipients) // the campaign has one touch
	same("payouts at the provider, dues paid", sink.Payouts.Count, status.Settlement.Paid.Paid)
	same("amount paid by the provider, by the status", uint64(sink.Payouts.Amounts["KRW"]), uint64(status.Settlement.Paid.Amount))
	same("dues, customers who met the terms", status.Settlement.Paid.Dues, status.Settlement.Qualified.Qualified)
	if len(status.Settlement.Books.Findings) > 0 || !status.Settlement.Books.Intact {
		faults = append(faults, fmt.Errorf("%w: the books are not intact: %v", errWrong, status.Settlement.Books.Findings))
	}
	for _, c := range []struct {
		what, query string
		want        uint64
	}{
		{"delivered by the table, by the status", `SELECT uniqExact(customer_key) FROM delivery_events WHERE campaign = {campaign:String} AND state IN ('sent', 'delivered', 'bounced')`, reached},
		{"assignments, treated", `SELECT uniqExact(customer_key) FROM audience WHERE campaign = {campaign:String} AND arm = 'treated'`, status.Treated},
		{"transactions of the ledger that do not sum to zero", `SELECT count() FROM
			(SELECT transaction FROM (SELECT DISTINCT transaction, leg, amount FROM postings WHERE campaign = {campaign:String}) GROUP BY transaction HAVING sum(amount) != 0)`, 0},
		{"sum of all postings", `SELECT toUInt64(abs(sum(amount))) FROM (SELECT DISTINCT transaction, leg, amount FROM postings WHERE campaign = {campaign:String})`, 0},
	} {
		got, err := e.count(ctx, c.query, named("campaign", run.Campaign))
		if err != nil {
			return err
		}
		same(c.what, got, c.want)
	}
	postings, err := e.count(ctx, "SELECT count() FROM postings WHERE campaign = {campaign:String}", named("campaign", run.Campaign))
	if err != nil {
		return err
	}
	if postings == 0 || reached == 0 {
		faults = append(faults, fmt.Errorf("%w: %d mails and %d postings", errWrong, reached, postings))
	}
	out["mails"], out["dues"], out["paid"], out["postings"] = sink.Mail.Mails, status.Settlement.Paid.Dues, status.Settlement.Paid.Paid, postings
	out["verified"] = len(faults) == 0
	return errors.Join(faults...)
}

func askSink(ctx context.Context, url string) (stats sinkStats, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return stats, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return stats, fmt.Errorf("ask the sink: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	return stats, json.NewDecoder(answer.Body).Decode(&stats)
}
