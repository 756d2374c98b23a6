package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/settlement"
	"github.com/danbi-project/danbi/internal/warehouse"
)

// waiting is one payout or break that needs a person.
type waiting struct {
	Payout   string    `json:"payout"`
	Kind     string    `json:"kind"` // refused, unknown, or the kind of a break
	Customer uint32    `json:"customer_key"`
	Offer    string    `json:"offer,omitempty"`
	Ours     int64     `json:"ours"`
	Theirs   int64     `json:"theirs,omitempty"`
	Since    time.Time `json:"since,omitzero"`
	Age      string    `json:"age,omitempty"`
	Owner    string    `json:"owner,omitempty"`
}

// newPayoutsCommand is the queue of what needs a person, and how a person settles it.
func newPayoutsCommand(a *App) *cobra.Command {
	var occurrence uint32
	var why, actor, owner string
	var paid, forgo bool
	cmd := &cobra.Command{
		Use: "payouts CAMPAIGN [resolve KEY | assign KEY]", Short: "Payouts and breaks that need a person", GroupID: groupCampaign, Args: cobra.RangeArgs(1, 3),
		Long: `Lists what a settlement could not settle by itself: payouts that were refused or that nobody answered for, and every
break between our books and the provider's statement, with its age and its owner. A late one met the terms by purchases that
came to be known after the lag: it is not paid, and how to make up for it is yours to decide.

  resolve KEY --why …          a break is settled, for the reason that you give
  resolve KEY --paid --why …   a refused or unanswered payout was paid, as you know from the provider
  resolve KEY --forgo --why …  a refused payout will not be paid: the due is taken back
  assign KEY --to NAME         somebody else has to act on a break

Each goes to the audit trail. The books take it with ` + "`starter settle CAMPAIGN --from pay`" + `.`,
		Example: `  starter payouts card-spend-autumn
  starter payouts card-spend-autumn resolve 3f0c --paid --why "the provider confirmed it, ticket 812"`,
		RunE: func(cmd *cobra.Command, args []string) error {
			store, err := a.Warehouse(cmd.Context())
			if err != nil {
				return err
			}
			defer func() { _ = store.Close() }()
			run, err := a.latestRun(cmd.Context(), store, args[0], occurrence)
			if err != nil {
				return err
			}
			q := payoutQueue{App: a, store: store, run: run, actor: actor, why: why}
			switch {
			case len(args) == 1:
				return q.list(cmd.Context())
			case len(args) == 3 && args[1] == "assign" && owner != "":
				return q.assign(cmd.Context(), args[2], owner)
			case len(args) == 3 && args[1] == "resolve" && why != "" && (!paid || !forgo):
				return q.resolve(cmd.Context(), args[2], paid, forgo)
			}
			return withExit(ExitUsage, errors.New(a.text("write resolve KEY --why REASON, with --paid or --forgo for a payout, or assign KEY --to NAME",
				"resolve KEY --why 사유(지급이면 --paid나 --forgo 추가) 또는 assign KEY --to 이름으로 쓰세요")))
		},
	}
	cmd.Flags().Uint32Var(&occurrence, "occurrence", 0, "which occurrence (default: the last one)")
	cmd.Flags().StringVar(&why, "why", "", "reason, for the audit trail")
	cmd.Flags().StringVar(&actor, "as", defaultActor(), "who asks, for the audit trail")
	cmd.Flags().StringVar(&owner, "to", "", "who has to act")
	cmd.Flags().BoolVar(&paid, "paid", false, "the payout was made: you know it from the provider")
	cmd.Flags().BoolVar(&forgo, "forgo", false, "the refused payout will not be made")
	return cmd
}

type payoutQueue struct {
	*App
	store      *warehouse.Warehouse
	run        campaign.Run
	actor, why string
}

// all are the payouts and breaks that need a person; a payout that was forgone does not any more.
func (q payoutQueue) all(ctx context.Context) (payouts []settlement.Due, breaks []settlement.Break, err error) {
	if breaks, err = q.store.Breaks(ctx, q.run); err != nil {
		return nil, nil, err
	}
	forgone, open := map[campaign.ID]bool{}, []settlement.Break{}
	for _, b := range breaks {
		switch {
		case b.Kind == settlement.Forgone:
			forgone[b.Payout] = true
		case !b.Resolved:
			open = append(open, b)
		}
	}
	stand, err := q.store.Payouts(ctx, q.run, campaign.Shard{})
	if err != nil {
		return nil, nil, err
	}
	for _, p := range stand {
		if p.State != campaign.PayoutPaid && !forgone[p.Payout] {
			payouts = append(payouts, p)
		}
	}
	return payouts, open, nil
}

func (q payoutQueue) list(ctx context.Context) error {
	payouts, breaks, err := q.all(ctx)
	if err != nil {
		return err
	}
	out := []waiting{}
	for _, p := range payouts {
		out = append(out, waiting{Payout: p.Payout.String(), Kind: p.State.String(), Customer: p.Customer, Offer: p.Offer, Ours: int64(p.Amount)})
	}
	now := clock.Wall()
	for _, b := range breaks {
		out = append(out, waiting{Payout: b.Payout.String(), Kind: string(b.Kind), Customer: b.Customer, Ours: int64(b.Ours), Theirs: int64(b.Theirs),
			Since: b.Opened, Age: b.Age(now).Round(time.Hour).String(), Owner: b.Owner})
	}
	late, err := q.store.Late(ctx, q.run, campaign.Shard{})
	if err != nil {
		return err
	}
	for _, r := range late {
		out = append(out, waiting{Payout: q.run.PayoutID(r.Customer, r.Offer, r.Round).String(), Kind: "late", Customer: r.Customer, Offer: r.Offer, Theirs: int64(r.Due),
			Since: r.QualifiedAt, Age: now.Sub(r.QualifiedAt).Round(time.Hour).String()})
	}
	if q.JSON {
		return q.PrintJSON(out)
	}
	if len(out) == 0 {
		q.Sayf("%s", q.text("Nothing needs a person.", "사람이 처리할 것이 없습니다."))
		return nil
	}
	var rows [][]string
	for _, w := range out {
		rows = append(rows, []string{w.Payout, w.Kind, fmt.Sprintf("#%d", w.Customer), fmt.Sprint(w.Ours), fmt.Sprint(w.Theirs), w.Age, w.Owner})
	}
	q.PrintTable([]Column{{Title: q.text("Payout", "지급 키")}, {Title: q.text("What", "내용")}, {Title: q.text("Customer", "고객")}, {Title: q.text("Ours", "당사"), Right: true},
		{Title: q.text("Theirs", "지급사"), Right: true}, {Title: q.text("Age", "경과"), Right: true}, {Title: q.text("Owner", "담당")}}, rows)
	return nil
}

// find is the payout and the breaks that a key, or its beginning, names.
func (q payoutQueue) find(ctx context.Context, key string) (*settlement.Due, []settlement.Break, error) {
	payouts, breaks, err := q.all(ctx)
	if err != nil {
		return nil, nil, err
	}
	named := map[campaign.ID]bool{}
	var due *settlement.Due
	var about []settlement.Break
	for i, p := range payouts {
		if strings.HasPrefix(p.Payout.String(), key) {
			due, named[p.Payout] = &payouts[i], true
		}
	}
	for _, b := range breaks {
		if strings.HasPrefix(b.Payout.String(), key) {
			about, named[b.Payout] = append(about, b), true
		}
	}
	if len(named) != 1 {
		return nil, nil, withExit(ExitUsage, fmt.Errorf(q.text("%d entries of the queue begin with %q: write as much of the key as names one", "%d건이 %q(으)로 시작합니다. 하나만 가리키도록 키를 더 쓰세요"), len(named), key))
	}
	return due, about, nil
}

func (q payoutQueue) assign(ctx context.Context, key, owner string) error {
	_, breaks, err := q.find(ctx, key)
	if err != nil {
		return err
	}
	if len(breaks) == 0 {
		return withExit(ExitUsage, errors.New(q.text("only a break has an owner", "담당자는 차이에만 있습니다")))
	}
	for i := range breaks {
		breaks[i].Owner = owner
	}
	return q.record(ctx, "assign", breaks, owner)
}

func (q payoutQueue) resolve(ctx context.Context, key string, paid, forgo bool) error {
	due, breaks, err := q.find(ctx, key)
	if err != nil {
		return err
	}
	action := "resolve"
	for i := range breaks {
		breaks[i].Resolved, breaks[i].Resolution = true, q.why
	}
	switch {
	case paid && due == nil, forgo && due == nil:
		return withExit(ExitUsage, errors.New(q.text("this is a break, not a payout: resolve it with --why alone", "지급이 아니라 차이입니다. --why만 써서 해결하세요")))
	case !paid && !forgo && due != nil:
		return withExit(ExitUsage, errors.New(q.text("say what became of the payout: --paid or --forgo", "지급이 어떻게 되었는지 --paid나 --forgo로 쓰세요")))
	case forgo && due.State != campaign.PayoutRefused:
		return withExit(ExitUsage, errors.New(q.text("only a payout that the provider refused can be forgone: this one may have been made", "지급사가 거절한 지급만 포기할 수 있습니다. 이 건은 지급되었을 수 있습니다")))
	case forgo:
		action = "forgo"
		breaks = append(breaks, settlement.Break{Payout: due.Payout, Kind: settlement.Forgone, Incident: 1, Customer: due.Customer, Ours: due.Amount,
			Currency: due.Currency, Opened: clock.Wall(), Owner: q.actor, Resolved: true, Resolution: q.why})
	case paid:
		action = "paid"
		due.State = campaign.PayoutPaid
		wall := clock.Wall()
		event := settlement.PayoutEvent{Due: *due, At: wall, WallAt: wall, Reason: "resolved", Response: q.actor + ": " + q.why}
		if err := q.store.RecordPayouts(ctx, q.run, []settlement.PayoutEvent{event}); err != nil {
			return err
		}
	}
	return q.record(ctx, action, breaks, q.why)
}

// record writes what was decided, and who decided it.
func (q payoutQueue) record(ctx context.Context, action string, breaks []settlement.Break, detail string) error {
	wall := clock.Wall()
	if err := q.store.RecordBreaks(ctx, q.run, q.actor, wall, breaks); err != nil {
		return err
	}
	decision := campaign.Decision{Key: fmt.Sprintf("payouts/%s/%d", action, wall.UnixNano()), Action: "payout_" + action, Actor: q.actor, Detail: detail, At: wall}
	if len(breaks) > 0 {
		decision.Subject = breaks[0].Payout.String()
	}
	if err := q.store.SaveDecision(ctx, q.run, decision); err != nil {
		return err
	}
	q.Sayf("%s", q.text("It is recorded. The books take it with `starter settle "+q.run.Campaign+" --from pay`.", "기록했습니다. `starter settle "+q.run.Campaign+" --from pay`로 장부에 반영됩니다."))
	return nil
}
