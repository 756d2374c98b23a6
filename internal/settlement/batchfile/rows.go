package batchfile

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/settlement"
)

// The columns of both kinds of files. Amounts are minor units. The last line is the control totals: total, the number of
// rows, the sum of their amounts.
var (
	orderColumns  = []string{"key", "amount", "currency", "customer", "reference", "kind"}
	answerColumns = []string{"key", "status", "amount", "currency", "payment", "reference", "reason"}
)

const totalWord = "total"

// order is a file of payouts, in order of their keys, so that the same payouts make the same bytes.
func order(payouts []settlement.Payout) ([]byte, error) {
	payouts = slices.Clone(payouts)
	slices.SortFunc(payouts, func(a, b settlement.Payout) int { return bytes.Compare(a.Key[:], b.Key[:]) })
	var rows [][]string
	var sum money.Minor
	var err error
	for _, p := range payouts {
		if sum, err = money.Add(sum, p.Amount); err != nil {
			return nil, err
		}
		rows = append(rows, []string{p.Key.String(), amount(p.Amount), p.Currency, strconv.FormatUint(uint64(p.Customer), 10), p.Reference, p.Kind})
	}
	return table(orderColumns, rows, sum)
}

func table(columns []string, rows [][]string, sum money.Minor) ([]byte, error) {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	err := w.Write(columns)
	for _, row := range rows {
		err = errors.Join(err, w.Write(row))
	}
	err = errors.Join(err, w.Write([]string{totalWord, strconv.Itoa(len(rows)), amount(sum)}))
	w.Flush()
	return out.Bytes(), errors.Join(err, w.Error())
}

func amount(m money.Minor) string { return strconv.FormatInt(int64(m), 10) }

// ordered are the keys in a file of payouts.
func ordered(text []byte) (keys []campaign.ID, err error) {
	err = lines(text, orderColumns, 1, func(row []string) error {
		key, err := campaign.ParseID(row[0])
		keys = append(keys, key)
		return err
	})
	return keys, err
}

// lines gives each row, and checks the header and the control totals: a file that was cut off, or of which a line is
// missing or there twice, is settlement.ErrFile as a whole.
func lines(text []byte, columns []string, amounts int, each func([]string) error) error {
	r := csv.NewReader(bytes.NewReader(text))
	r.FieldsPerRecord = -1
	header, err := r.Read()
	if err != nil || !slices.Equal(header, columns) {
		return fmt.Errorf("%w: line 1 has to be %q", settlement.ErrFile, columns)
	}
	var count int
	var sum money.Minor
	for {
		row, err := r.Read()
		line := 0
		if err == nil {
			line, _ = r.FieldPos(0)
		}
		switch {
		case errors.Is(err, io.EOF):
			return fmt.Errorf("%w: it has no line of control totals at its end (total,ROWS,SUM): it is not complete", settlement.ErrFile)
		case err != nil:
			return fmt.Errorf("%w: %w", settlement.ErrFile, err)
		case row[0] == totalWord:
			if len(row) != 3 || row[1] != strconv.Itoa(count) || row[2] != amount(sum) {
				return fmt.Errorf("%w: line %d: the control totals are %q, but the file has %d rows of %d in all: ask for the file again", settlement.ErrFile, line, row[1:], count, sum)
			}
			if _, err := r.Read(); !errors.Is(err, io.EOF) {
				return fmt.Errorf("%w: line %d: something follows the control totals", settlement.ErrFile, line+1)
			}
			return nil
		case len(row) != len(columns):
			return fmt.Errorf("%w: line %d has %d fields, not %d", settlement.ErrFile, line, len(row), len(columns))
		}
		n, err := strconv.ParseInt(row[amounts], 10, 64)
		if err != nil || n < 0 {
			return fmt.Errorf("%w: line %d: amount %q is no whole number of minor units", settlement.ErrFile, line, row[amounts])
		}
		count++
		if sum, err = money.Add(sum, money.Minor(n)); err != nil {
			return fmt.Errorf("%w: line %d: %w", settlement.ErrFile, line, err)
		}
		if err := each(row); err != nil {
			return fmt.Errorf("%w: line %d: %w", settlement.ErrFile, line, err)
		}
	}
}
