package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/warehouse"
)

// decisionSteps are what can be asked for, in the order in which a run decides.
var decisionSteps = []string{"run", "audience", "offer", "hour", "message", "reward", "payout"}

func newDecisionsCommand(a *App) *cobra.Command {
	var occurrence uint32
	var customer, step string
	cmd := &cobra.Command{
		Use: "decisions CAMPAIGN", Short: "Every automatic decision of a campaign, with its reason, as CSV", GroupID: groupCampaign, Args: cobra.ExactArgs(1),
		Long: `Every decision that a campaign made, with its reason: who was chosen or left out, which offer, which hour, what became of each
message, which reward, and what was approved by whom. One line each, by customer key, as CSV; --json writes one object a line.

Customers appear by key only: starter why shows one of them in full.`,
		Example: "  starter decisions card-spend-autumn > decisions.csv\n  starter decisions card-spend-autumn --customer C-10042\n  starter decisions card-spend-autumn --step audience",
		RunE: func(cmd *cobra.Command, args []string) error {
			if step != "" && !slices.Contains(decisionSteps, step) {
				return errors.New(a.text(
					fmt.Sprintf("--step %q is none: write one of %s", step, strings.Join(decisionSteps, ", ")),
					fmt.Sprintf("--step %q: 없는 단계입니다. %s 중에서 쓰세요", step, strings.Join(decisionSteps, ", "))))
			}
			store, err := a.Warehouse(cmd.Context())
			if err != nil {
				return err
			}
			defer func() { _ = store.Close() }()
			run, err := a.latestRun(cmd.Context(), store, args[0], occurrence)
			if err != nil {
				return err
			}
			return a.decisions(cmd.Context(), store, run, customer, step)
		},
	}
	cmd.Flags().Uint32Var(&occurrence, "occurrence", 0, "which occurrence (default: the last one)")
	cmd.Flags().StringVar(&customer, "customer", "", "only this customer: an id of your data, or #KEY")
	cmd.Flags().StringVar(&step, "step", "", "only this step: "+strings.Join(decisionSteps, ", "))
	cmd.AddCommand(newDecisionsPruneCommand(a))
	return cmd
}

func (a *App) decisions(ctx context.Context, store *warehouse.Warehouse, run campaign.Run, customer, step string) error {
	write, flush := a.decisionWriter()
	low := uint32(1)
	var high uint32
	var err error
	if customer != "" {
		if low, err = store.FindCustomer(ctx, customer); err != nil {
			return err
		}
		high = low
	} else if high, err = store.LastDecided(ctx, run); err != nil {
		return err
	}
	if customer == "" && (step == "" || step == "run") {
		if err := store.RunDecisions(ctx, run, write); err != nil {
			return err
		}
	}
	if step != "run" {
		if err := store.Decisions(ctx, run, step, low, high, write); err != nil {
			return err
		}
	}
	return flush()
}

// decisionWriter writes one decision a line, as JSON or as CSV under a header.
func (a *App) decisionWriter() (write func(warehouse.Decided) error, flush func() error) {
	if a.JSON {
		out := json.NewEncoder(a.Out)
		return func(d warehouse.Decided) error { return out.Encode(d) }, func() error { return nil }
	}
	out := csv.NewWriter(a.Out)
	_ = out.Write([]string{"step", "customer_key", "decided", "reason", "numbers", "version", "at"}) // Flush says what went wrong
	write = func(d warehouse.Decided) error {
		key := ""
		if d.Customer > 0 {
			key = strconv.FormatUint(uint64(d.Customer), 10)
		}
		return out.Write([]string{d.Step, key, d.Decided, d.Reason, d.Numbers, d.Version, d.At.UTC().Format(time.RFC3339)})
	}
	return write, func() error { out.Flush(); return out.Error() }
}
