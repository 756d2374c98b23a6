package warehouse

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/settlement"
)

// ErrCodes says that a file of coupon codes can't be read.
var ErrCodes = errors.New("the file of coupon codes can't be read")

// codesPage is how many codes are looked up and written at once: a page of them fits into a request's address.
const codesPage = 5_000

// ImportCodes adds the codes of a CSV file, one of whose columns is named code, to a pool. A code that the pool has, or
// that the file has twice, is not added again, so a file may be imported twice; imports take turns.
func (w *Warehouse) ImportCodes(ctx context.Context, pool, file string, in io.Reader, at time.Time, patience time.Duration) (added, known uint64, err error) {
	codes, err := readCodes(in)
	if err != nil {
		return 0, 0, fmt.Errorf("%s: %w", file, err)
	}
	unlock, err := w.lockImports(ctx, newImportMeter(nil), patience)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	next, _, err := w.CouponPool(ctx, pool)
	if err != nil {
		return 0, 0, err
	}
	for page := range slices.Chunk(codes, codesPage) {
		there := map[string]bool{}
		err := w.each(ctx, "coupons_known", args{"pool": pool, "codes": page}, func(rows driver.Rows) error {
			var code string
			err := rows.Scan(&code)
			there[code] = true
			return err
		})
		if err != nil {
			return added, known, err
		}
		batch, err := w.conn.PrepareBatch(ctx, "INSERT INTO coupon_codes (pool, number, code, file, imported_at)")
		if err != nil {
			return added, known, fmt.Errorf("write coupon codes: %w", err)
		}
		for _, code := range page {
			if there[code] {
				known++
				continue
			}
			if err := batch.Append(pool, next, code, file, at.UTC()); err != nil {
				return added, known, errors.Join(fmt.Errorf("write coupon codes: %w", err), batch.Close())
			}
			next++
			added++
		}
		if batch.Rows() > 0 {
			err = batch.Send()
		}
		if err := errors.Join(err, batch.Close()); err != nil {
			return added, known, fmt.Errorf("write coupon codes: %w", err)
		}
	}
	return added, known, nil
}

// readCodes are the codes of a file, each once, in the file's order.
func readCodes(in io.Reader) (codes []string, err error) {
	r := csv.NewReader(in)
	r.ReuseRecord = true
	header, err := r.Read()
	at := slices.Index(header, "code")
	if err != nil || at < 0 {
		return nil, fmt.Errorf("%w: line 1 has to name the columns, one of them code", ErrCodes)
	}
	seen := map[string]bool{}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return codes, nil
		}
		line, _ := r.FieldPos(0)
		if err != nil { // the reader's own words name the line, not what is in it
			return nil, fmt.Errorf("%w: %w", ErrCodes, err)
		}
		code := strings.TrimSpace(row[at])
		if code == "" || len(code) > 200 {
			return nil, fmt.Errorf("%w: line %d: a code has 1 to 200 characters", ErrCodes, line)
		}
		if !seen[code] {
			code = strings.Clone(code)
			seen[code] = true
			codes = append(codes, code)
		}
	}
}

// CouponPool is how many codes a pool has, and the first number that no payout has.
func (w *Warehouse) CouponPool(ctx context.Context, pool string) (size, next uint64, err error) {
	err = w.each(ctx, "coupons_pool", args{"pool": pool}, func(rows driver.Rows) error { return rows.Scan(&size, &next) })
	return size, next, err
}

// GrantCodes gives the numbers from `from` on, below until, to those payouts that have none below from, in their order. It
// says how many it gave. Run again with the same input it writes the same rows, whoever runs it and however late.
func (w *Warehouse) GrantCodes(ctx context.Context, run campaign.Run, pool string, from, until uint64, payouts []settlement.Payout) (given uint64, err error) {
	keys := make([]string, len(payouts))
	for i, p := range payouts {
		keys[i] = p.Key.String()
	}
	there := map[string]bool{}
	err = w.each(ctx, "coupons_granted", args{"pool": pool, "before": from, "payouts": keys}, func(rows driver.Rows) error {
		var key string
		err := rows.Scan(&key)
		there[key] = true
		return err
	})
	if err != nil {
		return 0, err
	}
	batch, err := w.conn.PrepareBatch(ctx, "INSERT INTO coupon_grants (pool, number, payout, campaign, occurrence, customer_key, amount, currency)")
	if err != nil {
		return 0, fmt.Errorf("grant coupon codes: %w", err)
	}
	defer func() { _ = batch.Close() }()
	for i, p := range payouts {
		if there[keys[i]] || from+given >= until {
			continue
		}
		there[keys[i]] = true
		if err := batch.Append(pool, from+given, keys[i], run.Campaign, run.Occurrence, p.Customer, int64(p.Amount), p.Currency); err != nil {
			return 0, fmt.Errorf("grant coupon codes: %w", err)
		}
		given++
	}
	if given == 0 {
		return 0, nil
	}
	if err := batch.Send(); err != nil {
		return 0, fmt.Errorf("grant coupon codes: %w", err)
	}
	return given, nil
}

// Coupons are the codes that a run's payouts have, in order of their numbers.
func (w *Warehouse) Coupons(ctx context.Context, run campaign.Run, each func(settlement.CouponGrant) error) error {
	return w.each(ctx, "coupons_run", runOnly(run), func(rows driver.Rows) error {
		var g settlement.CouponGrant
		var key string
		err := rows.Scan(&key, &g.Customer, (*int64)(&g.Amount), &g.Currency, &g.Number, &g.Code)
		if err != nil {
			return err
		}
		if g.Payout, err = campaign.ParseID(key); err != nil {
			return fmt.Errorf("a coupon: %w", err)
		}
		return each(g)
	})
}
