package integration

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// data is the folder of a third-party data set. Missing, it fails in CI and says so elsewhere.
func data(t *testing.T, set string) string {
	t.Helper()
	root := os.Getenv("DANBI_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "shared", "data")
	}
	dir, err := filepath.Abs(filepath.Join(root, set))
	require.NoError(t, err)
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("the third-party data are missing: %v", err)
		}
		t.Skipf("the third-party data are not here (%v): set DANBI_DATA to their folder", err)
	}
	return dir
}

// column reads one column of a gzipped CSV file, and others beside it, without any of our importing.
func column(t *testing.T, path string, names ...string) [][]string {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	plain, err := gzip.NewReader(file)
	require.NoError(t, err)
	reader := csv.NewReader(plain)
	header, err := reader.Read()
	require.NoError(t, err)
	var rows [][]string
	for {
		row, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return rows
		}
		require.NoError(t, err)
		var picked []string
		for _, name := range names {
			for i, have := range header {
				if have == name {
					picked = append(picked, row[i])
				}
			}
		}
		rows = append(rows, picked)
	}
}

// The main job on real input: the households of 2017, replayed over what they really did.
func TestRealHouseholdsReplayed(t *testing.T) {
	dir := data(t, "completejourney")
	l := up(t, nil)
	l.command("import", "examples/completejourney/import.yaml", "--data", dir)

	// What the files say, read again by hand.
	households, baskets, lines := map[string]bool{}, map[string]bool{}, 0
	for _, file := range []string{"transactions_sample.csv.gz", "demographics.csv.gz", "campaigns.csv.gz", "coupon_redemptions.csv.gz"} {
		for _, row := range column(t, filepath.Join(dir, file), "household_id") {
			households[row[0]] = true
		}
	}
	spend := map[string]bool{}
	for _, row := range column(t, filepath.Join(dir, "transactions_sample.csv.gz"), "basket_id", "household_id") {
		lines++
		baskets[row[0]] = true
		spend[row[1]] = true
	}
	require.Len(t, households, 2379)
	require.EqualValues(t, len(households), l.count(`SELECT uniqExact(customer_key) FROM customers`))
	require.EqualValues(t, lines, l.count(`SELECT count() FROM transactions`))
	require.EqualValues(t, len(baskets), l.count(`SELECT uniqExact(id) FROM transactions`))
	require.EqualValues(t, len(spend), l.count(`SELECT uniqExact(customer_key) FROM transactions`))

	// A purchase is planted at the very instant of the snapshot, and one after: neither may be seen by a feature.
	b := brief(t, filepath.Join("completejourney", "campaign.yaml"), nil)
	opens := b.Spec.Window.Starts.UTC()
	planted := l.count(`SELECT toUInt64(min(customer_key)) FROM transactions WHERE at > {at:DateTime('UTC')} - INTERVAL 30 DAY AND at < {at:DateTime('UTC')}`, namedAt(opens)...)
	before := l.count(`SELECT toUInt64(sum(amount)) FROM transactions WHERE kind = 'purchase' AND at < {at:DateTime('UTC')} AND at >= {at:DateTime('UTC')} - INTERVAL 28 DAY`, namedAt(opens)...)
	for i, at := range []time.Time{opens, opens.Add(time.Hour)} {
		require.NoError(t, l.store.Conn().Exec(t.Context(), `INSERT INTO transactions (customer_key, at, id, line, kind, amount, currency, category) VALUES ({customer:UInt32}, {at:DateTime('UTC')}, {id:UInt64}, 1, 'purchase', 99999900, 'USD', 'PLANTED')`,
			append(namedAt(at), namedArg("customer", uint32(planted)), namedArg("id", uint64(i+1)))...))
	}

	run := l.start(b, false, 0)
	status := l.until(run, 5*time.Minute, "the settled end", settled)
	require.EqualValues(t, len(households), l.count(`SELECT count() FROM features`))
	require.EqualValues(t, before, l.count(`SELECT toUInt64(sum(spend_28d)) FROM features`), "features see exactly what was before the instant")
	require.Zero(t, l.count(`SELECT count() FROM features WHERE mapContains(category_shares, 'PLANTED') OR top_category = 'PLANTED'`))

	require.Positive(t, status.Treated)
	require.Positive(t, status.Control)
	l.verifyMail(run, 100)
	l.verifyMoney(run, 1)
	require.NotNil(t, status.Effect)
	require.Equal(t, "never_delivered", status.Effect.Claim, "nobody ever saw these mails: no difference is an effect")
	report := strings.ToLower(l.command("report", run.Campaign, "--lang", "en"))
	require.Contains(t, report, "no effect")
	// Control is never paid, and nobody is paid who was not written to.
	require.Zero(t, l.count(`SELECT count() FROM redemptions WHERE customer_key NOT IN (SELECT customer_key FROM audience WHERE arm = 'treated')`))
}
