package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/ledger"
	"github.com/danbi-project/danbi/internal/measurement/report"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/warehouse"
)

// errLedgerChanged ends verify with an exit code that scripts can branch on.
var errLedgerChanged = errors.New("the ledger is not what was booked")

func newLedgerCommand(a *App) *cobra.Command {
	var occurrence uint32
	var head, at string
	cmd := &cobra.Command{
		Use: "ledger CAMPAIGN [balance|batches|verify|show CUSTOMER]", Short: "A campaign's books: balances, batches, proof", GroupID: groupCampaign,
		Args: cobra.RangeArgs(1, 3), ValidArgsFunction: completeLedger,
		Long: `A campaign's books.

  balance         the trial balance (the default): all debits are all credits
  batches         what was booked, in order, and the head of the chain after each batch
  verify          reads every posting and finds any that was changed, removed or added since it was booked
  show CUSTOMER   the postings of one customer, by the id in your own data, or #KEY

In the place of a campaign, budget:NAME is a budget that campaigns share, and receivables:CURRENCY what customers owe.

The head of the chain after each batch is also kept in Temporal, in the history of the books' workflow, and the last one
in the report. verify compares with all of them, so that books which were made anew from the first batch on are found
too. Where Temporal can't be reached or has forgotten the workflow, it says so, and compares with the report's head, or
with the one that you give by --head.`,
		Example: "  starter ledger card-spend-autumn\n  starter ledger card-spend-autumn verify\n  starter ledger card-spend-autumn show C-10042",
		RunE: func(cmd *cobra.Command, args []string) error {
			store, err := a.Warehouse(cmd.Context())
			if err != nil {
				return err
			}
			defer func() { _ = store.Close() }()
			if name, shared := strings.CutPrefix(args[0], "budget:"); shared {
				return a.sharedBooks(cmd.Context(), store, campaign.SharedBudget(name), args[1:], head)
			}
			if currency, owed := strings.CutPrefix(args[0], "receivables:"); owed {
				return a.sharedBooks(cmd.Context(), store, campaign.Receivables(currency), args[1:], head)
			}
			run, err := a.latestRun(cmd.Context(), store, args[0], occurrence)
			if err != nil {
				return err
			}
			brief, err := store.Brief(cmd.Context(), run)
			if err != nil {
				return err
			}
			zone, err := campaign.LoadZone(brief.Spec.Zone)
			if err != nil {
				return err
			}
			b := books{App: a, store: store, run: run, currency: brief.Spec.Currency, zone: zone}
			if b.at, err = momentIn(at, zone); err != nil {
				return withExit(ExitUsage, err)
			}
			what := append(args[1:], "balance")[0]
			switch {
			case what == "balance" && len(args) < 3:
				return b.balance(cmd.Context())
			case what == "batches" && len(args) < 3:
				return b.batches(cmd.Context())
			case what == "verify" && len(args) < 3:
				return b.verify(cmd.Context(), head)
			case what == "show" && len(args) == 3:
				return b.show(cmd.Context(), args[2])
			case what == "show":
				return withExit(ExitUsage, errors.New("name a customer: starter ledger CAMPAIGN show CUSTOMER"))
			}
			return withExit(ExitUsage, fmt.Errorf("%q is not balance, batches, verify or show CUSTOMER", what))
		},
	}
	cmd.Flags().Uint32Var(&occurrence, "occurrence", 0, "which occurrence (default: the last one)")
	cmd.Flags().StringVar(&at, "at", "", "balances as of this campaign time: 2006-01-02 (its end) or 2006-01-02T15:04")
	cmd.Flags().StringVar(&head, "head", "", "the chain's head as it is known from elsewhere, for verify")
	return cmd
}

func completeLedger(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 1 {
		return []string{"balance", "batches", "verify", "show"}, cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}

// sharedBooks shows books that campaigns share.
func (a *App) sharedBooks(ctx context.Context, store *warehouse.Warehouse, run campaign.Run, args []string, head string) error {
	b := books{App: a, store: store, run: run, zone: time.UTC}
	_, b.currency, _ = strings.Cut(run.Campaign, "receivables:")
	switch append(args, "balance")[0] {
	case "balance":
		return b.balance(ctx)
	case "batches":
		return b.batches(ctx)
	case "verify":
		return b.verify(ctx, head)
	}
	return withExit(ExitUsage, fmt.Errorf("%q is not balance, batches or verify", args[0]))
}

type books struct {
	*App
	store    *warehouse.Warehouse
	run      campaign.Run
	currency string
	zone     *time.Location // that people read its times in
	at       time.Time      // of the balances; zero: now
}

func (b books) money(amount money.Minor) string { return money.Format(amount, b.currency, b.Lang) }

func (b books) balance(ctx context.Context) error {
	balances, err := b.balances(ctx)
	if err != nil {
		return err
	}
	var sum, debits, credits money.Minor
	rows := [][]string{}
	for _, account := range ledger.Accounts {
		balance, used := balances[account]
		if !used {
			continue
		}
		sum += balance
		debit, credit := "", ""
		if balance < 0 {
			credits -= balance
			credit = b.money(-balance)
		} else {
			debits += balance
			debit = b.money(balance)
		}
		rows = append(rows, []string{string(account), report.In(b.Lang, string(account)), debit, credit})
	}
	if b.JSON {
		return b.PrintJSON(map[string]any{"campaign": b.run.Campaign, "occurrence": b.run.Occurrence, "currency": b.currency, "accounts": balances, "sum": sum})
	}
	if len(rows) == 0 {
		b.Sayf("%s", report.In(b.Lang, "no_ledger"))
		return nil
	}
	rows = append(rows, []string{report.In(b.Lang, "total"), "", b.money(debits), b.money(credits)})
	b.PrintTable([]Column{{Title: report.In(b.Lang, "account")}, {}, {Title: report.In(b.Lang, "debit"), Right: true}, {Title: report.In(b.Lang, "credit"), Right: true}}, rows)
	if sum != 0 {
		return fmt.Errorf("%w: its accounts sum to %s", errLedgerChanged, b.money(sum))
	}
	return nil
}

func (b books) balances(ctx context.Context) (map[ledger.Account]money.Minor, error) {
	if b.at.IsZero() {
		return b.store.Balances(ctx, b.run)
	}
	return b.store.BalancesAt(ctx, b.run, b.at)
}

// momentIn reads a day, which means its end, or a minute in a zone; empty is no moment.
func momentIn(text string, zone *time.Location) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if day, err := time.ParseInLocation(time.DateOnly, text, zone); err == nil {
		return day.AddDate(0, 0, 1).Add(-time.Second), nil
	}
	at, err := time.ParseInLocation("2006-01-02T15:04", text, zone)
	if err != nil {
		return at, fmt.Errorf("--at is %q: write 2006-01-02 or 2006-01-02T15:04", text)
	}
	return at, nil
}

func (b books) batches(ctx context.Context) error {
	batches, err := b.store.Batches(ctx, b.run)
	if err != nil {
		return err
	}
	if b.JSON {
		return b.PrintJSON(append([]ledger.Batch{}, batches...))
	}
	var rows [][]string
	for _, link := range batches {
		rows = append(rows, []string{strconv.FormatUint(uint64(link.Number), 10), string(link.Kind), strconv.FormatUint(link.Postings, 10), link.At.In(b.zone).Format(minutes), link.Head})
	}
	b.PrintTable([]Column{{Title: b.text("Batch", "묶음"), Right: true}, {Title: b.text("Kind", "종류")}, {Title: b.text("Postings", "기장"), Right: true}, {Title: b.text("Campaign time", "캠페인 시각")}, {Title: b.text("Head", "머리 해시")}}, rows)
	return nil
}

func (b books) verify(ctx context.Context, head string) error {
	var against []string
	if head != "" {
		against = append(against, b.text("the head that was given", "주어진 머리 해시"))
	} else if d, err := b.report(ctx, b.store, b.run); err == nil && d.Final {
		head, against = d.Ledger.Head, append(against, b.text("the report's head", "보고서의 머리 해시"))
	}
	kept, unknown := b.keptHeads(ctx, b.run)
	if unknown == nil {
		against = append(against, b.text(fmt.Sprintf("the heads of %d batches in Temporal's history", len(kept)), fmt.Sprintf("Temporal 기록에 있는 묶음 %d개의 머리 해시", len(kept))))
	}
	batches, err := b.store.Batches(ctx, b.run)
	if err != nil {
		return err
	}
	ends := head
	if slices.ContainsFunc(batches, func(link ledger.Batch) bool { return link.Head == head }) {
		ends = "" // batches that were booked since are after it
	}
	findings, err := b.store.VerifyAgainst(ctx, b.run, ends, kept)
	if err != nil {
		return err
	}
	if len(against) == 0 {
		against = append(against, b.text("itself only: there is no report yet, so give --head to compare with", "자체 검사만: 보고서가 없으니 --head로 비교 대상을 주세요"))
	}
	if b.JSON {
		err = b.PrintJSON(map[string]any{"intact": len(findings) == 0, "batches": len(batches), "head": head, "kept": len(kept), "findings": append([]ledger.Finding{}, findings...)})
	} else if len(findings) == 0 {
		b.Sayf("%s", b.text(
			fmt.Sprintf("Every posting of %d batches is as it was booked (checked against %s).", len(batches), strings.Join(against, b.text(" and ", ", "))),
			fmt.Sprintf("%d묶음의 모든 기장이 기록된 그대로입니다(비교 대상: %s).", len(batches), strings.Join(against, ", "))))
	} else {
		var rows [][]string
		for _, f := range findings {
			rows = append(rows, []string{strconv.FormatUint(uint64(f.Batch), 10), string(f.Kind), f.Message})
		}
		b.PrintTable([]Column{{Title: b.text("Batch", "묶음"), Right: true}, {Title: b.text("Kind", "종류")}, {Title: b.text("Finding", "발견")}}, rows)
	}
	if unknown != nil && !b.JSON {
		b.Sayf("%s", b.text(
			fmt.Sprintf("Temporal's history was not compared with (%v): who can write to the warehouse could have made the books anew.", unknown),
			fmt.Sprintf("Temporal 기록과는 비교하지 못했습니다(%v). 웨어하우스에 쓸 수 있는 사람이 장부를 새로 만들었을 가능성은 배제하지 못합니다.", unknown)))
	}
	if err == nil && len(findings) > 0 {
		err = errLedgerChanged
	}
	return err
}

func (b books) show(ctx context.Context, who string) error {
	customer, err := b.store.FindCustomer(ctx, who)
	if err != nil {
		return err
	}
	postings, err := b.store.Postings(ctx, b.run, customer)
	if err != nil {
		return err
	}
	if b.JSON {
		return b.PrintJSON(append([]ledger.Row{}, postings...))
	}
	var rows [][]string
	for _, p := range postings {
		debit, credit := b.money(p.Amount), ""
		if p.Amount < 0 {
			debit, credit = "", b.money(-p.Amount)
		}
		rows = append(rows, []string{strconv.FormatUint(uint64(p.Batch), 10), p.At.In(b.zone).Format(minutes), string(p.Kind), p.Reference, string(p.Account), debit, credit})
	}
	if len(rows) == 0 {
		b.Sayf("%s", b.text(fmt.Sprintf("Nothing was booked for customer #%d.", customer), fmt.Sprintf("고객 #%d에 대해 기장된 내용이 없습니다.", customer)))
		return nil
	}
	b.PrintTable([]Column{{Title: b.text("Batch", "묶음"), Right: true}, {Title: b.text("Campaign time", "캠페인 시각")}, {Title: b.text("Kind", "종류")}, {Title: report.In(b.Lang, "offer")},
		{Title: report.In(b.Lang, "account")}, {Title: report.In(b.Lang, "debit"), Right: true}, {Title: report.In(b.Lang, "credit"), Right: true}}, rows)
	return nil
}
