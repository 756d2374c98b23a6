package activities_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/settlement/batchfile"
)

// Payouts go out in files and are acknowledged in parts, out of order, again, with a wrong amount, and one that we never
// asked for: each due is in one file, what is acknowledged is paid, and what is not right is a break.
func TestPayoutsByFile(t *testing.T) {
	const dues = 40
	_, s, _, in := settled(t, dues)
	path := t.TempDir()
	s.Payouts = activities.PayoutRoutes{campaign.PayoutPoints: batchfile.New(path)}
	var group sync.WaitGroup
	for range 3 { // workers that were thought dead
		group.Go(func() {
			worker := &activities.Settlement{Store: s.Store, Briefs: s.Briefs, Payouts: activities.PayoutRoutes{campaign.PayoutPoints: batchfile.New(path)}}
			if _, err := do(t, worker.PayDues, in); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	out, err := do(t, s.PayDues, in)
	require.NoError(t, err)
	require.Equal(t, activities.PayDuesOutput{Dues: dues, Unknown: dues}, out)
	rows := handedRows(t, path)
	require.Len(t, rows, dues)

	acknowledgement := func(name string, rows ...[]string) {
		text, sum := "key,status,amount,currency,payment,reference,reason\n", 0
		for _, row := range rows {
			var n int
			_, err := fmt.Sscan(row[2], &n)
			require.NoError(t, err)
			sum += n
			text += strings.Join(row, ",") + "\n"
		}
		text += fmt.Sprintf("total,%d,%d\n", len(rows), sum)
		require.NoError(t, os.MkdirAll(filepath.Join(path, "in"), 0o750))
		require.NoError(t, os.WriteFile(filepath.Join(path, "in", name), []byte(text), 0o600))
	}
	answer := func(n int, status string) []string {
		r := rows[n]
		return []string{r[0], status, r[1], r[2], "n" + r[0], r[4], ""}
	}
	var half [][]string
	for n := dues/2 - 1; n >= 2; n-- {
		half = append(half, answer(n, "paid"))
	}
	wrong, stranger := answer(0, "paid"), answer(1, "paid")
	wrong[2], stranger[0] = "1", campaign.ID{9, 9}.String()
	acknowledgement("monday.csv", append(half, wrong, stranger, answer(1, "refused"))...)
	acknowledgement("monday-again.csv", append(half, wrong, stranger, answer(1, "refused"))...)
	for range 2 {
		out, err = do(t, s.PayDues, in)
		require.NoError(t, err)
		require.Equal(t, activities.PayDuesOutput{Dues: dues, Paid: dues/2 - 2, Amount: moneyOf(dues/2 - 2), Refused: 2, Unknown: dues / 2}, out)
	}
	both, err := do(t, s.ReconcilePayouts, activities.ReconcilePayoutsInput{Run: in.Run})
	require.NoError(t, err)
	require.EqualValues(t, dues/2-2, both.Matched)
	require.Len(t, both.Differences, 1)
	require.Equal(t, "surplus", both.Differences[0].Kind)
	require.EqualValues(t, 2, both.Differences[0].Customers, "a stranger, and one that was paid with another amount")

	var rest [][]string
	for n := dues / 2; n < dues; n++ {
		rest = append(rest, answer(n, "paid"))
	}
	acknowledgement("tuesday.csv", rest...)
	out, err = do(t, s.PayDues, in)
	require.NoError(t, err)
	require.EqualValues(t, dues-2, out.Paid)
	require.Len(t, handedRows(t, path), dues, "nothing is handed over again")

	require.NoError(t, os.WriteFile(filepath.Join(path, "in", "cut.csv"), []byte("key,status,amount,currency,payment,reference,reason\n"), 0o600))
	_, err = do(t, s.ReconcilePayouts, activities.ReconcilePayoutsInput{Run: in.Run})
	require.ErrorContains(t, err, "in/cut.csv")
	var told *temporal.ApplicationError
	require.ErrorAs(t, err, &told)
	require.Equal(t, "PayoutFile", told.Type())
}

// handedRows are the rows of all files that went out, and holds their control totals against them.
func handedRows(t *testing.T, path string) (rows [][]string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(path, "out", "*.csv"))
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		r := csv.NewReader(strings.NewReader(string(text)))
		r.FieldsPerRecord = -1
		all, err := r.ReadAll()
		require.NoError(t, err)
		sum := 0
		for _, row := range all[1 : len(all)-1] {
			var n int
			_, err := fmt.Sscan(row[1], &n)
			require.NoError(t, err)
			sum += n
			require.False(t, seen[row[0]], "in two files")
			seen[row[0]] = true
			rows = append(rows, row)
		}
		require.Equal(t, []string{"total", fmt.Sprint(len(all) - 2), fmt.Sprint(sum)}, all[len(all)-1])
	}
	return rows
}
