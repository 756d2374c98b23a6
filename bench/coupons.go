package main

import (
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/danbi-project/danbi/internal/settlement"
)

// couponsBench judges the coupons that real households redeemed against their campaigns' windows, members and lists, and
// then the same with faults planted among them.
type couponsBench struct{ data string }

func (b *couponsBench) flags(f *flag.FlagSet) {
	f.StringVar(&b.data, "data", "../shared/data/completejourney", "folder with campaigns, coupons and redemptions")
}

const spoilt = 100 // of each kind

func (b *couponsBench) run(context.Context, bool) (map[string]any, error) {
	book := settlement.NewCouponBook()
	var uses []settlement.CouponUse
	members := map[string]string{} // one of each campaign
	err := errors.Join(
		b.each("campaign_descriptions", func(row map[string]string) error {
			from, err := time.Parse(time.DateOnly, row["start_date"])
			until, err2 := time.Parse(time.DateOnly, row["end_date"])
			book.Open(row["campaign_id"], from, until.AddDate(0, 0, 1)) // the last day counts
			return errors.Join(err, err2)
		}),
		b.each("campaigns", func(row map[string]string) error {
			book.Give(row["campaign_id"], row["household_id"])
			members[row["campaign_id"]] = row["household_id"]
			return nil
		}),
		b.each("coupons", func(row map[string]string) error { book.List(row["campaign_id"], row["coupon_upc"]); return nil }),
		b.each("coupon_redemptions", func(row map[string]string) error {
			at, err := time.Parse(time.DateOnly, row["redemption_date"])
			uses = append(uses, settlement.CouponUse{Campaign: row["campaign_id"], Customer: row["household_id"], Coupon: row["coupon_upc"], At: at})
			return err
		}),
	)
	if err != nil || len(uses) == 0 {
		return nil, errors.Join(err, fmt.Errorf("%d redemptions were read from %s", len(uses), b.data))
	}
	began, violations := time.Now(), 0
	for _, use := range uses {
		if book.Judge(use) != settlement.Counts {
			violations++
		}
	}
	seconds := time.Since(began).Seconds()
	random := rand.New(rand.NewPCG(1, 1))
	found := map[string]int{}
	for reason, spoil := range map[settlement.Reason]func(*settlement.CouponUse){
		settlement.TooEarly:    func(u *settlement.CouponUse) { u.At = u.At.AddDate(-1, 0, 0) },
		settlement.TooLate:     func(u *settlement.CouponUse) { u.At = u.At.AddDate(1, 0, 0) },
		settlement.NotGiven:    func(u *settlement.CouponUse) { u.Customer = "nobody" },
		settlement.OtherCoupon: func(u *settlement.CouponUse) { u.Coupon += "0" },
		settlement.NoCampaign:  func(u *settlement.CouponUse) { u.Campaign = "none" },
	} {
		for range spoilt {
			use := uses[random.IntN(len(uses))]
			if spoil(&use); book.Judge(use) == reason {
				found[string(reason)]++
			}
		}
	}
	total := 0
	for n := range maps.Values(found) {
		total += n
	}
	out := map[string]any{"redemptions": len(uses), "violations": violations, "planted": 5 * spoilt, "planted_found": total, "by_reason": found,
		"seconds": seconds, "cpu_seconds": seconds, "rss_mb": peakOf(os.Getpid()), "campaigns": len(members)}
	if total != 5*spoilt || violations > 0 {
		return nil, fmt.Errorf("%w: %d violations, %d of %d planted found: %v", errWrong, violations, total, 5*spoilt, found)
	}
	return out, nil
}

// each reads a table of the folder.
func (b *couponsBench) each(table string, row func(map[string]string) error) error {
	file, err := os.Open(filepath.Join(b.data, table+".csv.gz"))
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	text, err := gzip.NewReader(file)
	if err != nil {
		return err
	}
	reader := csv.NewReader(text)
	header, err := reader.Read()
	if err != nil {
		return fmt.Errorf("%s: %w", table, err)
	}
	for {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", table, err)
		}
		values := make(map[string]string, len(header))
		for i, name := range header {
			values[name] = record[i]
		}
		if err := row(values); err != nil {
			return fmt.Errorf("%s: %w", table, err)
		}
	}
}
