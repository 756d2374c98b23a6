package batchfile

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/settlement"
)

var (
	aRun   = campaign.Run{Campaign: "autumn", Occurrence: 2}
	aShard = campaign.Shard{Of: 4, Low: 1, High: 100}
)

func payouts(from, to int) (all []settlement.Payout) {
	for n := from; n <= to; n++ {
		all = append(all, settlement.Payout{Key: campaign.ID{byte(n)}, Amount: money.Minor(1000 + n), Currency: "KRW", Customer: uint32(n), Reference: "autumn/2", Kind: "file"})
	}
	return all
}

// Many workers hand over sets that overlap, at once and over again: each payout is in one file, and each file is whole.
func TestEachPayoutIsInOneFile(t *testing.T) {
	path := t.TempDir()
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			d := New(path)
			for from := 1; from <= 40; from += 5 {
				if err := d.Hand(t.Context(), aRun, aShard, payouts(from+worker, from+worker+9)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	entries, err := os.ReadDir(filepath.Join(path, "out"))
	require.NoError(t, err)
	seen := map[campaign.ID]string{}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(path, "out", e.Name()))
		require.NoError(t, err)
		keys, err := ordered(text)
		require.NoError(t, err, e.Name())
		for _, key := range keys {
			require.Empty(t, seen[key], "%s is in %s too", key, e.Name())
			seen[key] = e.Name()
		}
	}
	require.Len(t, seen, 52)
}

// acknowledge writes a file of answers as a payer would.
func acknowledge(t require.TestingT, path, name string, rows ...[]string) {
	var sum money.Minor
	for _, row := range rows {
		var n int64
		_, err := fmt.Sscan(row[2], &n)
		require.NoError(t, err)
		sum += money.Minor(n)
	}
	text, err := table(answerColumns, rows, sum)
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Join(path, "in"), 0o750))
	require.NoError(t, os.WriteFile(filepath.Join(path, "in", name), text, 0o600))
}

func paidRow(p settlement.Payout, number string) []string {
	return []string{p.Key.String(), statusPaid, amount(p.Amount), p.Currency, number, p.Reference, ""}
}

func refusedRow(p settlement.Payout) []string {
	return []string{p.Key.String(), statusRefused, amount(p.Amount), p.Currency, "", p.Reference, "closed account"}
}

func statement(t require.TestingT, d *Directory) (all []settlement.Payout, err error) {
	err = d.List(nil, aRun, func(p settlement.Payout) error { all = append(all, p); return nil }) //nolint:staticcheck // it is not used
	return all, err
}

func TestWhatAcknowledgementsSay(t *testing.T) {
	path := t.TempDir()
	d := New(path)
	p := payouts(1, 6)
	other := p[5]
	other.Reference = "winter/1"
	wrong := p[2]
	wrong.Amount += 5
	acknowledge(t, path, "b.csv", paidRow(wrong, "n3"), paidRow(p[1], "n2"), refusedRow(p[3]), paidRow(other, "n6"))
	acknowledge(t, path, "a.csv", paidRow(p[0], "n1"), paidRow(p[1], "n2"))          // n2 is told of again: one payment
	acknowledge(t, path, "again.csv", paidRow(p[0], "n1"), paidRow(p[1], "n2"))      // the same file comes again
	acknowledge(t, path, "twice.csv", paidRow(p[0], "n9"), refusedRow(p[1]))         // a second payment; a refusal of what is paid
	require.NoError(t, os.WriteFile(filepath.Join(path, "in", ".part"), nil, 0o600)) // somebody is still writing
	answers, err := d.Answers(t.Context(), aRun)
	require.NoError(t, err)
	require.Len(t, answers, 5)
	require.True(t, answers[p[0].Key].Paid)
	require.True(t, answers[p[1].Key].Paid)
	require.Equal(t, wrong.Amount, answers[p[2].Key].Amount)
	_, found, err := d.Find(t.Context(), p[3].Key)
	require.ErrorIs(t, err, settlement.ErrRefused)
	require.False(t, found)
	_, found, err = d.Find(t.Context(), p[4].Key)
	require.NoError(t, err)
	require.False(t, found)
	_, err = d.Pay(t.Context(), p[4])
	require.ErrorIs(t, err, settlement.ErrUnclear)
	all, err := statement(t, d)
	require.NoError(t, err)
	require.Len(t, all, 4, "two payments of the first, one of the second and third; another run's is not on it")
}

// A file that was cut off anywhere, or of which any line is gone or there twice, is refused as a whole, with its name.
func TestFilesThatDoNotAddUpAreNotBelieved(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		path, err := os.MkdirTemp("", "batchfile-")
		require.NoError(t, err)
		defer func() { _ = os.RemoveAll(path) }()
		var rows [][]string
		for _, p := range payouts(1, rapid.IntRange(1, 9).Draw(t, "rows")) {
			rows = append(rows, paidRow(p, "n"+p.Key.String()))
		}
		acknowledge(t, path, "whole.csv", rows...)
		name := filepath.Join(path, "in", "whole.csv")
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		d := New(path)
		all, err := statement(t, d)
		require.NoError(t, err)
		require.Len(t, all, len(rows))
		lines := strings.SplitAfter(string(text), "\n")
		lines = lines[:len(lines)-1]
		at := rapid.IntRange(0, len(lines)-1).Draw(t, "line")
		var broken string
		switch rapid.IntRange(0, 2).Draw(t, "fault") {
		case 0:
			broken = string(text[:rapid.IntRange(0, len(text)-2).Draw(t, "cut")])
		case 1:
			broken = strings.Join(append(append([]string{}, lines[:at]...), lines[at+1:]...), "")
		default:
			broken = strings.Join(append(append([]string{}, lines[:at+1]...), lines[at:]...), "")
		}
		require.NoError(t, os.WriteFile(name, []byte(broken), 0o600))
		_, err = statement(t, New(path))
		require.ErrorIs(t, err, settlement.ErrFile)
		require.ErrorContains(t, err, "in/whole.csv")
		answers, err := New(path).Answers(context.Background(), aRun)
		require.NoError(t, err)
		require.Empty(t, answers)
	})
}

func TestNoFolder(t *testing.T) {
	require.ErrorIs(t, New("").Hand(t.Context(), aRun, aShard, payouts(1, 2)), settlement.ErrNoFolder)
}

// FuzzAnswers: whatever a payer puts into the folder is refused with a sentence, or is rows whose sum fits 64 bits and is
// what the control totals say.
func FuzzAnswers(f *testing.F) {
	const header = "key,status,amount,currency,payment,reference,reason\n"
	key := payouts(1, 1)[0].Key.String()
	for _, body := range []string{
		"total,0,0\n", key + ",paid,1000,KWD,n1,autumn/2,\ntotal,1,1000\n", key + ",refused,9223372036854775807,JPY,,autumn/2,closed\n" + key + ",paid,1,JPY,n,autumn/2,\ntotal,2,-9223372036854775808\n",
		key + ",paid,-1,KRW,n1,autumn/2,\ntotal,1,-1\n", "total,1", "\"", key + ",late,1,KRW,n,autumn/2,\ntotal,1,1\n",
	} {
		f.Add(header + body)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var sum money.Minor
		var rows int
		err := lines([]byte(text), answerColumns, 2, func(row []string) error {
			n, err := strconv.ParseInt(row[2], 10, 64)
			if err != nil || n < 0 {
				t.Fatalf("%q is no amount: %v", row[2], err)
			}
			sum, err = money.Add(sum, money.Minor(n))
			rows++
			return err
		})
		if err != nil {
			require.ErrorIs(t, err, settlement.ErrFile)
			return
		}
		whole := strings.TrimRight(text, "\r\n")
		require.True(t, strings.HasSuffix(strings.ReplaceAll(whole, "\"", ""), fmt.Sprintf("total,%d,%d", rows, sum)), text)
	})
}
