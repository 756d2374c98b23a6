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
)

// ErrCodes says that a file of coupon codes can't be read.
var ErrCodes = errors.New("the file of coupon codes can't be read")

// codesPage is how many codes are looked up and written at once: a page of them fits into a request's address.
const codesPage = 1_000

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
	next, err := w.couponsIn(ctx, pool)
	if err != nil {
		return 0, 0, err
	}
	for page := range slices.Chunk(codes, codesPage) {
		there := map[string]bool{}
		err := w.each(ctx, "import_codes_known", args{"pool": pool, "codes": page}, func(rows driver.Rows) error {
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

// couponsIn is how many codes a pool has: the number that the next one gets.
func (w *Warehouse) couponsIn(ctx context.Context, pool string) (uint64, error) {
	return w.countQuery(ctx, "import_codes_next", args{"pool": pool})
}
