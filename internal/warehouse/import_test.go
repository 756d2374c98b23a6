package warehouse_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/importing"
	"github.com/danbi-project/danbi/internal/stack/stacktest"
	"github.com/danbi-project/danbi/internal/warehouse"
)

const shopMapping = `
name: shop
currency: USD
zone: UTC
sources:
  members: members.csv
  sales: sales*.csv
  items: {files: items.jsonl.gz}
  visits: {files: visits.parquet}
targets:
  customers:
    - from: members
      columns: {id: member, segment: tier, zone: zone, language: {value: en}, attributes: {tier: tier}}
    - from: sales
      columns: {id: member}
  identities:
    from: members
    columns: {id: member, name: name}
  contacts:
    from: members
    columns: {id: member, channel: {value: email}, address: mail}
  consents:
    from: members
    where: 'agreed != ""'
    columns: {id: member, channel: {value: email}, purpose: {value: marketing}, at: agreed, granted: {value: "yes"}, evidence: {value: form}}
  products:
    from: items
    columns: {product: sku, name: name, category: kind}
  transactions:
    from: sales
    join: {item: {source: items, on: sku}}
    columns: {id: member, at: sold, purchase: receipt, amount: price, product: sku, category: item.kind, merchant: store}
  interactions:
    from: visits
    columns: {id: member, at: at, kind: {value: visit}, key: {key: [member, at]}}
`

// shop writes the files of a small shop: months of sales in one file each.
type shop struct {
	dir     string
	members int
}

func newShop(t *testing.T, members int) *shop {
	s := &shop{t.TempDir(), members}
	var text strings.Builder
	text.WriteString("member,tier,zone,name,mail,agreed\r\n")
	for i := range members {
		agreed := ""
		if i%3 > 0 {
			agreed = "2025-12-01"
		}
		fmt.Fprintf(&text, "M-%d,%s,%s,\"Name, %d\",m%d@example.invalid,%s\r\n", i, []string{"gold", "silver"}[i%2], []string{"Asia/Seoul", "Nowhere/At All"}[i%10/9], i, i, agreed)
	}
	s.write(t, "members.csv", "\xef\xbb\xbf"+text.String())
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	for i := range 50 {
		fmt.Fprintf(z, "{\"sku\": \"S%d\", \"name\": \"Thing %d\", \"kind\": \"k%d\"}\n", i, i, i%5)
	}
	require.NoError(t, z.Close())
	s.write(t, "items.jsonl.gz", zipped.String())
	s.write(t, "visits.parquet", s.visits(t))
	for month := 1; month <= 3; month++ {
		s.write(t, fmt.Sprintf("sales-%d.csv", month), s.sales(month, month))
	}
	return s
}

func (s *shop) visits(t *testing.T) string {
	type visit struct {
		Member string    `parquet:"member"`
		At     time.Time `parquet:"at,timestamp"`
	}
	var out bytes.Buffer
	w := parquet.NewGenericWriter[visit](&out)
	for i := range 3 * s.members {
		_, err := w.Write([]visit{{fmt.Sprintf("M-%d", i%s.members), time.Date(2026, 1, 1+i%60, 12, 0, i%60, 0, time.UTC)}})
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return out.String()
}

const salesHead = "member,sold,receipt,price,sku,store\n"

// sales are the lines of some months: three lines a receipt, two of them
// alike, and every 7th receipt of a product that no file knows.
func (s *shop) sales(from, to int) string {
	var text strings.Builder
	text.WriteString(salesHead)
	for month := from; month <= to; month++ {
		for i := range s.members {
			receipt := month*1_000_000 + i
			sku := i % 50
			if i%7 == 0 {
				sku += 1000
			}
			for _, price := range []string{"3.86", "3.86", "0.5"} {
				fmt.Fprintf(&text, "M-%d,2026-%02d-%02dT10:00:00Z,%d,%s,S%d,%d\n", i, month, 1+i%28, receipt, price, sku, i%3)
			}
		}
	}
	return text.String()
}

func (s *shop) write(t *testing.T, name, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600))
}

func mappingOf(t testing.TB, text string) *importing.Mapping {
	t.Helper()
	m, err := importing.Parse("mapping.yaml", []byte(text))
	require.NoError(t, err)
	return m
}

// now is the instant of import in tests, so that two imports write the same.
var importNow = time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)

func importShop(t *testing.T, w *warehouse.Warehouse, s *shop, mapping string) (*warehouse.ImportSummary, error) {
	t.Helper()
	return warehouse.Import(t.Context(), w, mappingOf(t, mapping), s.dir, warehouse.ImportOptions{Now: importNow, Patience: time.Second})
}

// tablesOf is the content of every table that an import writes, in one line
// each: rows and a sum of hashes that no order changes.
func tablesOf(t *testing.T, w *warehouse.Warehouse) map[string]string {
	t.Helper()
	all := map[string]string{}
	for table, columns := range map[string]string{
		"customers": "* EXCEPT (updated_at)", "identities": "* EXCEPT (updated_at)", "contacts": "* EXCEPT (updated_at)",
		"consents": "* EXCEPT (recorded_at)", "suppressions": "* EXCEPT (recorded_at)", "products": "* EXCEPT (updated_at)",
		"merchants": "* EXCEPT (updated_at)", "brands": "* EXCEPT (updated_at)", "transactions": "*", "interactions": "*",
	} {
		var rows, sum uint64
		// The first select is a table's columns as a row of text, whatever they are.
		err := w.Conn().QueryRow(t.Context(), "SELECT count(), sum(cityHash64(toString(tuple(*)))) FROM (SELECT "+columns+" FROM "+table+")").Scan(&rows, &sum)
		require.NoError(t, err, table)
		all[table] = fmt.Sprintf("%d rows, %x", rows, sum)
	}
	return all
}

func stagingLeft(t *testing.T, w *warehouse.Warehouse) uint64 {
	t.Helper()
	return scanOne[uint64](t, w, "SELECT count() FROM system.tables WHERE database = currentDatabase() AND name LIKE 'import\\_%'")
}

func scanOne[T any](t *testing.T, w *warehouse.Warehouse, sql string) T {
	t.Helper()
	var v T
	require.NoError(t, w.Conn().QueryRow(t.Context(), sql).Scan(&v), sql)
	return v
}

func TestImportOfEveryFormat(t *testing.T) {
	w, s := stacktest.Warehouse(t), newShop(t, 200)
	summary, err := importShop(t, w, s, shopMapping)
	require.NoError(t, err)
	require.Equal(t, uint64(200), summary.NewCustomers)
	require.Equal(t, uint64(20), summary.UnknownZones)
	require.Equal(t, uint64(3*3*29), summary.UnknownProducts, "every 7th of 200, three lines, three months")
	require.Equal(t, uint64(3*3*200), summary.Target("transactions").New)
	require.Equal(t, uint64(3*200), summary.Target("interactions").New)
	require.Equal(t, uint64(133), summary.Target("consents").New)
	require.Zero(t, stagingLeft(t, w))

	require.Equal(t, int64(3*200*(386+386+50)), scanOne[int64](t, w, "SELECT sum(amount) FROM transactions"))
	require.Equal(t, uint64(600), scanOne[uint64](t, w, "SELECT countIf(line = 1) FROM transactions"))
	require.Equal(t, uint16(3), scanOne[uint16](t, w, "SELECT max(line) FROM transactions"))
	require.Equal(t, uint32(200), scanOne[uint32](t, w, "SELECT max(customer_key) FROM customers"), "keys are dense")
	require.Equal(t, "Name, 7", scanOne[string](t, w, "SELECT name FROM identities WHERE external_id = 'M-7'"))
	require.Equal(t, "m7@example.invalid", scanOne[string](t, w, "SELECT address FROM contacts WHERE customer_key = (SELECT customer_key FROM identities WHERE external_id = 'M-7')"))
	require.Equal(t, "gold", scanOne[string](t, w, "SELECT attributes['tier'] FROM customers WHERE customer_key = (SELECT customer_key FROM identities WHERE external_id = 'M-8')"))
	require.Equal(t, "k3", scanOne[string](t, w, "SELECT any(category) FROM transactions WHERE product = 'S3'"))
	require.Equal(t, "2026-01-01 10:00:00", scanOne[string](t, w, "SELECT toString(min(at)) FROM transactions"))

	key, err := w.CustomerKey(t.Context(), "M-7")
	require.NoError(t, err)
	require.Equal(t, uint32(8), key, "in the order of the ids")
	_, err = w.CustomerKey(t.Context(), "nobody")
	require.ErrorIs(t, err, warehouse.ErrNoSuchCustomer)
}

func TestImportTwiceIsImportOnce(t *testing.T) {
	w, s := stacktest.Warehouse(t), newShop(t, 100)
	_, err := importShop(t, w, s, shopMapping)
	require.NoError(t, err)
	before := tablesOf(t, w)

	again, err := importShop(t, w, s, shopMapping)
	require.NoError(t, err)
	require.True(t, again.AlreadyDone)

	// Another mapping that means the same rows is read again, and adds nothing.
	again, err = importShop(t, w, s, strings.Replace(shopMapping, "name: shop", "name: store", 1))
	require.NoError(t, err)
	require.False(t, again.AlreadyDone)
	for _, target := range again.Targets {
		require.Zero(t, target.New, target.Target)
	}
	require.Zero(t, again.NewCustomers)
	require.Equal(t, before, tablesOf(t, w))
}

// Months one by one, overlapping, in another order, or all at once: the same rows.
func TestOverlappingFilesAddNothingTwice(t *testing.T) {
	whole, s := stacktest.Warehouse(t), newShop(t, 100)
	_, err := importShop(t, whole, s, shopMapping)
	require.NoError(t, err)

	parts := stacktest.Warehouse(t)
	for i, span := range [][2]int{{2, 3}, {1, 2}, {3, 3}, {1, 3}} {
		for month := 1; month <= 3; month++ {
			require.NoError(t, os.RemoveAll(filepath.Join(s.dir, fmt.Sprintf("sales-%d.csv", month))))
		}
		s.write(t, "sales-1.csv", s.sales(span[0], span[1]))
		summary, err := importShop(t, parts, s, shopMapping)
		require.NoError(t, err)
		require.Equal(t, []uint64{600, 300, 0, 0}[i], summary.Target("transactions").New, "months %v", span)
	}
	require.Equal(t, tablesOf(t, whole), tablesOf(t, parts))

	// Two files of one import may overlap too.
	both := stacktest.Warehouse(t)
	s.write(t, "sales-1.csv", s.sales(1, 2))
	s.write(t, "sales-2.csv", s.sales(2, 3))
	_, err = importShop(t, both, s, shopMapping)
	require.NoError(t, err)
	require.Equal(t, tablesOf(t, whole), tablesOf(t, both))
}

func TestChangesArriveAndKeysStay(t *testing.T) {
	w, s := stacktest.Warehouse(t), newShop(t, 20)
	_, err := importShop(t, w, s, shopMapping)
	require.NoError(t, err)
	s.write(t, "members.csv", "member,tier,zone,name,mail,agreed\nA-0,gold,UTC,New,new@example.invalid,\nM-3,,Europe/Paris,Renamed,m3@example.invalid,\n")
	summary, err := warehouse.Import(t.Context(), w, mappingOf(t, shopMapping), s.dir, warehouse.ImportOptions{Now: importNow.Add(time.Hour), Patience: time.Second})
	require.NoError(t, err)
	require.Equal(t, uint64(1), summary.NewCustomers)
	require.Equal(t, uint64(2), summary.Target("customers").New)
	require.Equal(t, uint64(1), summary.Target("contacts").New)
	require.Equal(t, uint32(21), scanOne[uint32](t, w, "SELECT customer_key FROM identities WHERE external_id = 'A-0'"), "behind those that are there")
	require.Equal(t, "4 silver Europe/Paris", scanOne[string](t, w, "SELECT concat(toString(customer_key), ' ', argMax(segment, updated_at), ' ', argMax(zone, updated_at)) FROM customers WHERE customer_key = 4 GROUP BY customer_key"),
		"what the file leaves empty stays")
	require.Equal(t, "Renamed", scanOne[string](t, w, "SELECT argMax(name, updated_at) FROM identities WHERE external_id = 'M-3'"))
}

func TestCheckTellsTheSameAndChangesNothing(t *testing.T) {
	w, s := stacktest.Warehouse(t), newShop(t, 100)
	empty := tablesOf(t, w)
	o := warehouse.ImportOptions{Now: importNow, Check: true}
	told, err := warehouse.Import(t.Context(), w, mappingOf(t, shopMapping), s.dir, o)
	require.NoError(t, err)
	require.Equal(t, empty, tablesOf(t, w))
	require.Zero(t, stagingLeft(t, w))

	done, err := importShop(t, w, s, shopMapping)
	require.NoError(t, err)
	told.Check, told.Seconds, done.Seconds = false, 0, 0
	require.Equal(t, done, told)
}

func TestProgressReachesTheEnd(t *testing.T) {
	w, s := stacktest.Warehouse(t), newShop(t, 100)
	var last warehouse.ImportProgress
	_, err := warehouse.Import(t.Context(), w, mappingOf(t, shopMapping), s.dir, warehouse.ImportOptions{Progress: func(p warehouse.ImportProgress) {
		if p.Stage == "read" {
			require.LessOrEqual(t, p.Bytes, p.TotalBytes)
		}
		last = p
	}})
	require.NoError(t, err)
	require.Equal(t, "publish", last.Stage)
	require.Equal(t, uint64(100+900+50+300), last.Rows)
}
