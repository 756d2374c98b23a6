package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
)

// leastYears is how long the law asks that the use of personal data can be shown.
const leastYears = 3

func newDecisionsPruneCommand(a *App) *cobra.Command {
	var years int
	var yes bool
	var actor string
	cmd := &cobra.Command{
		Use: "prune", Short: "Delete the decisions about customers of campaigns that ended long enough ago", Args: cobra.NoArgs,
		Long: `Deletes what was decided about single customers by campaigns whose windows ended more than so many years ago: who was chosen and
why, offers, hours, messages. Plans, approvals, measured effects and reports stay, and so do the books.

Without --yes it only says what would go. What went is written into the decision log of each campaign.`,
		Example: "  starter decisions prune\n  starter decisions prune --years 5 --yes --as kim.minji",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if years < leastYears {
				return withExit(ExitUsage, errors.New(a.text(fmt.Sprintf("--years %d: the use of personal data is to be shown for %d years", years, leastYears), fmt.Sprintf("--years %d: 개인정보 이용 기록은 %d년 동안 보관해야 합니다", years, leastYears))))
			}
			store, err := a.Warehouse(cmd.Context())
			if err != nil {
				return err
			}
			defer func() { _ = store.Close() }()
			now := clock.Wall()
			due, err := store.KeptBefore(cmd.Context(), now.AddDate(-years, 0, 0))
			if err != nil {
				return err
			}
			if yes {
				for _, k := range due {
					if err := store.Prune(cmd.Context(), k.Run); err != nil {
						return err
					}
					said := campaign.Decision{Key: "prune/" + now.Format(time.RFC3339), Action: "prune", Actor: actor, Detail: fmt.Sprintf("rows=%d years=%d", k.Rows, years), At: now}
					if err := store.SaveDecision(cmd.Context(), k.Run, said); err != nil {
						return err
					}
				}
			}
			if a.JSON {
				return a.PrintJSON(map[string]any{"campaigns": due, "deleted": yes})
			}
			if len(due) == 0 {
				a.Sayf(a.text("No campaign that ended more than %d years ago has decisions about customers left.", "종료된 지 %d년이 넘은 캠페인 가운데 고객별 결정이 남은 것이 없습니다."), years)
				return nil
			}
			var rows [][]string
			for _, k := range due {
				rows = append(rows, []string{fmt.Sprintf("%s/%d", k.Run.Campaign, k.Run.Occurrence), k.Ended.Format(time.DateOnly), groups(k.Rows)})
			}
			a.PrintTable([]Column{{Title: a.text("Campaign", "캠페인")}, {Title: a.text("ended", "종료")}, {Title: a.text("rows", "행"), Right: true}}, rows)
			if yes {
				a.Sayf("%s", a.text("Deleted.", "삭제했습니다."))
			} else {
				a.Sayf("%s", a.text("Nothing was deleted: --yes does it.", "아직 삭제하지 않았습니다. --yes를 붙이면 삭제합니다."))
			}
			return nil
		},
	}
	cmd.Flags().IntVar(&years, "years", leastYears, "how long ago a campaign's window must have ended")
	cmd.Flags().BoolVar(&yes, "yes", false, "do it")
	cmd.Flags().StringVar(&actor, "as", defaultActor(), "who asks, for the audit trail")
	return cmd
}

func newEraseCommand(a *App) *cobra.Command {
	return &cobra.Command{
		Use: "erase CUSTOMER", Short: "Erase a customer's id, name and addresses; statistics keep a number that leads to nobody", GroupID: groupData, Args: cobra.ExactArgs(1),
		Long: `Erases what says who a customer is: the id in your own data, the name, the addresses. From then on nothing can be sent to them.
Purchases, decisions and the books keep their key, so that sums, reports and balances stay as they are. An import of a file that still names them
makes a new customer: take them out of your own data first.`,
		Example: "  starter erase C-10042\n  starter erase '#17'",
		RunE: func(cmd *cobra.Command, args []string) error {
			store, err := a.Warehouse(cmd.Context())
			if err != nil {
				return err
			}
			defer func() { _ = store.Close() }()
			customer, err := store.FindCustomer(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if err := store.Erase(cmd.Context(), customer); err != nil {
				return err
			}
			if a.JSON {
				return a.PrintJSON(map[string]any{"customer_key": customer, "erased": true})
			}
			a.Sayf(a.text("Erased. What is counted knows them as #%d only.", "삭제했습니다. 집계에는 #%d 번호만 남습니다."), customer)
			return nil
		},
	}
}
