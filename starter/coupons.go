package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/settlement"
	"github.com/danbi-project/danbi/internal/warehouse"
)

// newCouponsCommand fills pools of coupon codes and shows what became of them.
func newCouponsCommand(a *App) *cobra.Command {
	var reveal bool
	var occurrence uint32
	cmd := &cobra.Command{
		Use: "coupons POOL [import FILE.csv | list CAMPAIGN]", Short: "Fill a pool of coupon codes, and see who has which", GroupID: groupCampaign, Args: cobra.RangeArgs(1, 3),
		Long: `A pool is the codes that campaigns with settlement.payout: coupon give out, each of them once.

  import FILE.csv   adds the codes of a CSV file with a column named code; one that the pool has is not added again
  list CAMPAIGN     who has which code of it; codes are masked unless --reveal
  (nothing)         how many codes it has, and how many are given

Codes are worth money: --reveal writes them as CSV to standard output, for whoever hands them to customers.`,
		Example: `  starter coupons autumn-5000 import codes.csv
  starter coupons autumn-5000
  starter coupons autumn-5000 list card-spend-autumn --reveal > codes-of-customers.csv`,
		RunE: func(cmd *cobra.Command, args []string) error {
			store, err := a.Warehouse(cmd.Context())
			if err != nil {
				return err
			}
			defer func() { _ = store.Close() }()
			switch {
			case len(args) == 1:
				return a.showPool(cmd.Context(), store, args[0])
			case len(args) == 3 && args[1] == "import":
				return a.importCodes(cmd.Context(), store, args[0], args[2])
			case len(args) == 3 && args[1] == "list":
				return a.listCoupons(cmd.Context(), store, args[2], occurrence, reveal)
			}
			return withExit(ExitUsage, errors.New(a.text("write import FILE.csv or list CAMPAIGN after the pool", "풀 이름 뒤에 import 파일.csv 또는 list 캠페인으로 쓰세요")))
		},
	}
	cmd.Flags().BoolVar(&reveal, "reveal", false, "show codes in full")
	cmd.Flags().Uint32Var(&occurrence, "occurrence", 0, "which occurrence (default: the last one)")
	return cmd
}

func (a *App) showPool(ctx context.Context, store *warehouse.Warehouse, pool string) error {
	size, next, err := store.CouponPool(ctx, pool)
	if err != nil {
		return err
	}
	if a.JSON {
		return a.PrintJSON(map[string]any{"pool": pool, "codes": size, "given": next, "left": size - min(next, size)})
	}
	a.Sayf("%s", a.text(fmt.Sprintf("%s: %d codes, %d given, %d left.", pool, size, next, size-min(next, size)), fmt.Sprintf("%s: 코드 %d개, 지급 %d개, 남은 코드 %d개.", pool, size, next, size-min(next, size))))
	return nil
}

func (a *App) importCodes(ctx context.Context, store *warehouse.Warehouse, pool, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return withExit(ExitInvalid, err)
	}
	defer func() { _ = file.Close() }()
	added, known, err := store.ImportCodes(ctx, pool, filepath.Base(path), file, clock.Wall(), 6*time.Second)
	if errors.Is(err, warehouse.ErrCodes) {
		return withExit(ExitInvalid, err)
	}
	if err != nil {
		return err
	}
	if a.JSON {
		return a.PrintJSON(map[string]any{"pool": pool, "added": added, "known": known})
	}
	a.Sayf("%s", a.text(fmt.Sprintf("%d codes added to %s; %d were there.", added, pool, known), fmt.Sprintf("%s에 코드 %d개를 추가했습니다. %d개는 이미 있었습니다.", pool, added, known)))
	return nil
}

// listCoupons writes who has which code: masked as a table, or in full as CSV.
func (a *App) listCoupons(ctx context.Context, store *warehouse.Warehouse, id string, occurrence uint32, reveal bool) error {
	run, err := a.latestRun(ctx, store, id, occurrence)
	if err != nil {
		return err
	}
	var all []settlement.CouponGrant
	err = store.Coupons(ctx, campaign.Run{Campaign: run.Campaign, Occurrence: run.Occurrence}, func(g settlement.CouponGrant) error {
		if !reveal {
			g.Code = settlement.MaskCode(g.Code)
		}
		all = append(all, g)
		return nil
	})
	if err != nil {
		return err
	}
	if reveal && !a.JSON {
		out := csv.NewWriter(a.Out)
		err := out.Write([]string{"customer_key", "payout", "code"})
		for _, g := range all {
			err = errors.Join(err, out.Write([]string{fmt.Sprint(g.Customer), g.Payout.String(), g.Code}))
		}
		out.Flush()
		return errors.Join(err, out.Error())
	}
	rows, list := [][]string{}, []map[string]any{}
	for _, g := range all {
		rows = append(rows, []string{fmt.Sprintf("#%d", g.Customer), g.Payout.String(), fmt.Sprint(g.Number), g.Code})
		list = append(list, map[string]any{"customer_key": g.Customer, "payout": g.Payout, "number": g.Number, "code": g.Code})
	}
	if a.JSON {
		return a.PrintJSON(list)
	}
	a.PrintTable([]Column{{Title: a.text("Customer", "고객")}, {Title: a.text("Payout", "지급 키")}, {Title: a.text("Number", "번호"), Right: true}, {Title: a.text("Code", "코드")}}, rows)
	return nil
}
