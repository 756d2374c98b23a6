package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/warehouse"
)

func newWhyCommand(a *App) *cobra.Command {
	var occurrence uint32
	var reveal bool
	cmd := &cobra.Command{
		Use: "why CAMPAIGN CUSTOMER", Short: "What one customer got, and why or why not", GroupID: groupCampaign, Args: cobra.ExactArgs(2),
		Long: `What one customer got in a campaign and why, or why not: the arm, the offer with what was believed of it, when each
message was to leave and what became of it, how each purchase counted, the payout and the postings.

CUSTOMER is the id in your own data, or #KEY. Name and addresses are masked unless --reveal.`,
		Example: "  starter why card-spend-autumn C-10042\n  starter why card-spend-autumn '#17' --lang ko",
		RunE: func(cmd *cobra.Command, args []string) error {
			run, brief, why, err := a.whyOf(cmd.Context(), args[0], args[1], occurrence, reveal)
			if err != nil {
				return err
			}
			if a.JSON {
				return a.PrintJSON(why)
			}
			a.printWhy(run, brief.Spec, why)
			return nil
		},
	}
	cmd.Flags().Uint32Var(&occurrence, "occurrence", 0, "which occurrence (default: the last one)")
	cmd.Flags().BoolVar(&reveal, "reveal", false, "show name and addresses")
	return cmd
}

// whyOf gathers one customer's story in a campaign.
func (a *App) whyOf(ctx context.Context, id, who string, occurrence uint32, reveal bool) (run campaign.Run, brief campaign.Brief, why *warehouse.Why, err error) {
	store, err := a.Warehouse(ctx)
	if err != nil {
		return run, brief, nil, err
	}
	defer func() { _ = store.Close() }()
	if run, err = a.latestRun(ctx, store, id, occurrence); err != nil {
		return run, brief, nil, err
	}
	if brief, err = store.Brief(ctx, run); err != nil {
		return run, brief, nil, err
	}
	customer, err := store.FindCustomer(ctx, who)
	if errors.Is(err, warehouse.ErrNoCustomer) {
		return run, brief, nil, errors.New(a.text(err.Error(), fmt.Sprintf("%q 고객이 없습니다. 고객 번호나 #키를 쓰세요", who)))
	}
	if err != nil {
		return run, brief, nil, err
	}
	times, err := brief.Spec.Times(run.Launch)
	if err != nil {
		return run, brief, nil, err
	}
	if why, err = store.Explain(ctx, run, brief, times, customer); err != nil {
		return run, brief, nil, err
	}
	known, err := store.EveryFeature(ctx)
	if err != nil {
		return run, brief, nil, err
	}
	why.Reasons = a.reasonsOf(brief.Spec, known, brief.Policy.Sensitive, why.Scored)
	if !reveal {
		mask(why)
	}
	return run, brief, why, nil
}

// mask leaves of name and addresses what tells two people apart at a counter, and no more.
func mask(why *warehouse.Why) {
	why.Name = masked(why.Name)
	for channel, address := range why.Contacts {
		why.Contacts[channel] = masked(address)
	}
}

// masked keeps the first letter, and of an address the top of its domain.
func masked(text string) string {
	letters := []rune(text)
	if len(letters) == 0 {
		return ""
	}
	tail := ""
	for i := len(letters) - 1; i > 0; i-- {
		if letters[i] == '@' {
			tail = "@***"
			for j := len(letters) - 1; j > i; j-- {
				if letters[j] == '.' {
					tail += string(letters[j:])
					break
				}
			}
			break
		}
	}
	return string(letters[0]) + "***" + tail
}
