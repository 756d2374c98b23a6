package warehouse_test

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/importing"
	"github.com/danbi-project/danbi/internal/stack/stacktest"
	"github.com/danbi-project/danbi/internal/warehouse"
)

// thirdParty is a folder of the third-party data. Without it a test can't be
// run: that is a failure in CI and a skip elsewhere.
func thirdParty(t *testing.T, folder string) string {
	t.Helper()
	root := os.Getenv("DANBI_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "data")
	}
	dir := filepath.Join(root, folder)
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("the third-party data are missing, set DANBI_DATA to their folder: %v", err)
		}
		t.Skipf("the third-party data %s are not here (set DANBI_DATA to their folder), so their import was not tested", folder)
	}
	return dir
}

func importExample(t *testing.T, w *warehouse.Warehouse, name, dir string) *warehouse.ImportSummary {
	t.Helper()
	m, err := importing.Load(filepath.Join("..", "..", "examples", filepath.FromSlash(name)))
	require.NoError(t, err)
	summary, err := warehouse.Import(t.Context(), w, m, dir, warehouse.ImportOptions{})
	require.NoError(t, err)
	return summary
}

// eachRaw reads a file by the standard library, knowing nothing of imports.
func eachRaw(t *testing.T, path string, row func(map[string]string)) {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	z, err := gzip.NewReader(bufio.NewReader(f))
	require.NoError(t, err)
	r := csv.NewReader(z)
	header, err := r.Read()
	require.NoError(t, err)
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
		one := map[string]string{}
		for i, name := range header {
			one[name] = record[i]
		}
		row(one)
	}
}

// cents rounds a decimal text to hundredths, half away from zero.
func cents(t *testing.T, text string) int64 {
	t.Helper()
	r, ok := new(big.Rat).SetString(text)
	require.True(t, ok, text)
	r.Mul(r, big.NewRat(100, 1))
	half := big.NewRat(1, 2)
	if r.Sign() < 0 {
		half.Neg(half)
	}
	r.Add(r, half)
	return new(big.Int).Quo(r.Num(), r.Denom()).Int64()
}

func TestCompleteJourney(t *testing.T) {
	dir := thirdParty(t, "completejourney")
	households, buyers, baskets, products, stores := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]string{}, map[string]bool{}
	eachRaw(t, filepath.Join(dir, "products.csv.gz"), func(r map[string]string) { products[r["product_id"]] = r["product_category"] })
	var lines, unknown, uncategorised uint64
	var total int64
	eachRaw(t, filepath.Join(dir, "transactions_sample.csv.gz"), func(r map[string]string) {
		lines++
		households[r["household_id"]], buyers[r["household_id"]], baskets[r["basket_id"]], stores[r["store_id"]] = true, true, true, true
		category, known := products[r["product_id"]]
		if !known {
			unknown++
		}
		if category == "" {
			uncategorised++
		}
		total += cents(t, r["sales_value"])
	})
	var demographics uint64
	eachRaw(t, filepath.Join(dir, "demographics.csv.gz"), func(r map[string]string) {
		households[r["household_id"]] = true
		demographics++
	})
	for _, file := range []string{"campaigns.csv.gz", "coupon_redemptions.csv.gz"} {
		eachRaw(t, filepath.Join(dir, file), func(r map[string]string) { households[r["household_id"]] = true })
	}

	w := stacktest.Warehouse(t)
	s := importExample(t, w, "completejourney/import.yaml", dir)
	require.Equal(t, uint64(len(households)), s.NewCustomers)
	require.Equal(t, lines, s.Target("transactions").New)
	require.Equal(t, unknown, s.UnknownProducts)
	require.Equal(t, unknown, s.Target("transactions").Unjoined)
	require.Equal(t, uint64(len(products)), s.Target("products").New)
	require.Equal(t, uint64(len(stores)), s.Target("merchants").New)
	require.Zero(t, s.Quarantined)

	count := func(sql string) uint64 { return scanOne[uint64](t, w, sql) }
	require.Equal(t, uint64(len(households)), count("SELECT count() FROM customers"))
	require.Equal(t, uint64(len(households)), count("SELECT toUInt64(max(customer_key)) FROM identities"), "dense")
	require.Equal(t, uint64(len(households)), count("SELECT uniqExact(address) FROM contacts WHERE channel = 'email' AND match(address, '^household-[0-9]+@example\\\\.invalid$')"))
	require.Equal(t, uint64(len(households)), count("SELECT uniqExact(customer_key) FROM consents WHERE granted AND evidence = 'public-data replay' AND at < '2017-01-01' AND purpose = 'marketing'"))
	require.Equal(t, uint64(len(households)), count("SELECT countIf(zone = 'America/New_York' AND language = 'en') FROM customers"))
	require.Equal(t, demographics, count("SELECT countIf(attributes['age'] != '') FROM customers"))
	require.Equal(t, lines, count("SELECT count() FROM transactions"))
	require.Equal(t, uint64(len(baskets)), count("SELECT countIf(line = 1) FROM transactions"), "a purchase is a basket")
	require.Equal(t, uint64(len(baskets)), count("SELECT uniqExact(id) FROM transactions"))
	require.Equal(t, uint64(len(buyers)), count("SELECT uniqExact(customer_key) FROM transactions"))
	require.Equal(t, uncategorised, count("SELECT countIf(category = '') FROM transactions"))
	require.Equal(t, total, scanOne[int64](t, w, "SELECT sum(amount) FROM transactions WHERE kind = 'purchase' AND currency = 'USD'"))
	require.Equal(t, "household-1@example.invalid", scanOne[string](t, w, "SELECT address FROM contacts WHERE customer_key = (SELECT customer_key FROM identities WHERE external_id = '1')"))

	again := importExample(t, w, "completejourney/import.yaml", dir)
	require.True(t, again.AlreadyDone)

	// The figures that are published with the data, where they are whole.
	if lines == 75_000 {
		require.Equal(t, 2379, len(households))
		require.Equal(t, 2377, len(buyers))
		require.Equal(t, uint64(222), unknown)
		require.Equal(t, uint64(801), demographics)
	}
}

type invoiceLine struct {
	InvoiceNo  *string  `parquet:"InvoiceNo,optional"`
	Quantity   *int64   `parquet:"Quantity,optional"`
	UnitPrice  *float64 `parquet:"UnitPrice,optional"`
	CustomerID *float64 `parquet:"CustomerID,optional"`
}

func TestOnlineRetail(t *testing.T) {
	dir := thirdParty(t, "online_retail")
	file, err := os.Open(filepath.Join(dir, "online_retail.parquet"))
	require.NoError(t, err)
	defer file.Close()
	r := parquet.NewGenericReader[invoiceLine](file)
	customers := map[float64]bool{}
	var total, bought, cancelled int64 // pence, each line rounded
	var lines, nobody, cancellations uint64
	batch := make([]invoiceLine, 4096)
	for {
		n, err := r.Read(batch)
		for _, l := range batch[:n] {
			lines++
			exact := new(big.Rat).SetFloat64(*l.UnitPrice)
			// The decimal that the double stands for: no price has more than 5 places.
			exact, _ = new(big.Rat).SetString(exact.FloatString(5))
			exact.Mul(exact, new(big.Rat).SetInt64(*l.Quantity))
			pence := cents(t, exact.FloatString(6))
			total += pence
			switch {
			case l.CustomerID == nil:
				nobody++
				continue
			case strings.HasPrefix(*l.InvoiceNo, "C"):
				cancellations++
				cancelled -= pence
			default:
				bought += pence
			}
			customers[*l.CustomerID] = true
		}
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
	}
	require.NoError(t, r.Close())

	w := stacktest.Warehouse(t)
	s := importExample(t, w, "online_retail/import.yaml", dir)
	require.Equal(t, uint64(len(customers)), s.NewCustomers)
	require.Equal(t, lines-nobody, s.Target("transactions").New)
	require.Equal(t, nobody, s.Target("transactions").Aside)
	require.Equal(t, nobody, s.Quarantined)
	require.Equal(t, cancellations, scanOne[uint64](t, w, "SELECT countIf(kind = 'cancellation') FROM transactions"))
	require.Equal(t, bought, scanOne[int64](t, w, "SELECT sumIf(amount, kind = 'purchase') FROM transactions"))
	require.Equal(t, cancelled, scanOne[int64](t, w, "SELECT sumIf(amount, kind = 'cancellation') FROM transactions"))

	// Lines without a customer are nobody's purchases, and still add up.
	aside := scanOne[int64](t, w, `
		SELECT sum(toInt64(round(toDecimal64(JSONExtractString(raw, 'UnitPrice'), 5) * toInt64(JSONExtractString(raw, 'Quantity')) * 100)))
		FROM quarantine WHERE reason = 'no customer'`)
	require.Equal(t, total, bought-cancelled+aside)
	require.Zero(t, scanOne[uint64](t, w, "SELECT countIf(JSONExtractString(raw, 'CustomerID') != '') FROM quarantine"))

	// The figures that are published with the data, where they are whole.
	if lines == 541_909 {
		require.Equal(t, int64(974_774_793), total)
		require.Equal(t, 4372, len(customers))
		require.Equal(t, uint64(135_080), nobody)
		require.Equal(t, uint64(25_900), scanOne[uint64](t, w, "SELECT uniqExact(i) FROM (SELECT reference AS i FROM transactions UNION ALL SELECT JSONExtractString(raw, 'InvoiceNo') FROM quarantine)"))
	}
}
