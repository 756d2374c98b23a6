package warehouse_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/danbi-project/danbi/internal/stack/stacktest"
	"github.com/danbi-project/danbi/internal/warehouse"
)

func TestBadRowsGoToTheQuarantine(t *testing.T) {
	w, s := stacktest.Warehouse(t), newShop(t, 100)
	s.write(t, "sales-1.csv", s.sales(1, 1)+
		"M-1,03.01.2026,77,1.00,S1,1\n"+ // another layout
		"M-1,2026-01-03T10:00:00Z,78,-1.00,S1,1\n"+
		"STRANGER-1,oops,79,1.00,S1,1\n"+
		"M-1,2026-01-03T10:00:00Z,80\n")
	s.write(t, "visits.parquet", s.visits(t))
	mapping := strings.Replace(shopMapping, "    - from: sales\n      columns: {id: member}\n", "", 1)
	s.write(t, "sales-3.csv", s.sales(3, 3)+"STRANGER-2,2026-03-03T10:00:00Z,81,1.00,S1,1\n")
	summary, err := importShop(t, w, s, mapping)
	require.NoError(t, err)
	require.Equal(t, uint64(900), summary.Target("transactions").New)
	require.Equal(t, uint64(5), summary.Target("transactions").Rejected)
	require.Equal(t, uint64(5), summary.Quarantined)

	rows, err := w.Conn().Query(t.Context(), "SELECT file, line, target, field, reason, raw FROM quarantine ORDER BY file, line")
	require.NoError(t, err)
	defer rows.Close()
	var got []string
	for rows.Next() {
		var file, target, field, reason, raw string
		var line uint64
		require.NoError(t, rows.Scan(&file, &line, &target, &field, &reason, &raw))
		require.NotContains(t, raw+reason, "STRANGER", "ids are personal")
		got = append(got, fmt.Sprintf("%s:%d %s.%s %s", file, line, target, field, reason))
	}
	require.NoError(t, rows.Err())
	require.Equal(t, []string{
		"sales-1.csv:302 transactions.at in none of the listed date layouts: 03.01.2026",
		"sales-1.csv:303 transactions.amount a negative amount; say in the mapping what it is: a kind of refund or cancellation, and absolute: true: -1.00",
		"sales-1.csv:304 transactions.at in none of the listed date layouts: oops",
		"sales-1.csv:305 . 3 columns where the header has 6",
		"sales-3.csv:302 transactions.id no such customer",
	}, got)
}

func TestFatalFaultsChangeNothing(t *testing.T) {
	w, s := stacktest.Warehouse(t), newShop(t, 100)
	empty := tablesOf(t, w)
	parquetFile, sales := s.visits(t), s.sales(1, 1)
	items, err := os.ReadFile(filepath.Join(s.dir, "items.jsonl.gz"))
	require.NoError(t, err)
	for name, c := range map[string]struct{ file, bad, good, says string }{
		"half a Parquet file":      {"visits.parquet", parquetFile[:len(parquetFile)/2], parquetFile, "visits.parquet: this is not a whole Parquet file"},
		"an empty Parquet file":    {"visits.parquet", "", parquetFile, "visits.parquet: the file is empty"},
		"half a gzip file":         {"items.jsonl.gz", string(items[:len(items)-9]), string(items), "items.jsonl.gz: the file breaks off"},
		"a column less":            {"sales-1.csv", strings.Replace(sales, ",price", "", 1), sales, `sales-1.csv does not fit the mapping`},
		"a header of another file": {"sales-1.csv", strings.Replace(sales, "price", "prices", 1), sales, `no column "price"; did you mean "prices"?`},
		"an empty file":            {"sales-1.csv", "", sales, "sales-1.csv: the file is empty"},
		"too many bad rows":        {"sales-1.csv", strings.ReplaceAll(sales, "2026-01", "01/2026"), sales, "in none of the listed date layouts (300 rows, as sales-1.csv:"},
		"every row too short":      {"sales-1.csv", strings.ReplaceAll(sales, ",3.86", ""), sales, "columns where the header has 6"},
	} {
		t.Run(name, func(t *testing.T) {
			s.write(t, c.file, c.bad)
			_, err := importShop(t, w, s, shopMapping)
			require.ErrorIs(t, err, warehouse.ErrRefused)
			require.ErrorContains(t, err, c.says)
			require.Equal(t, empty, tablesOf(t, w))
			require.Zero(t, scanOne[uint64](t, w, "SELECT count() + (SELECT count() FROM imports) FROM quarantine"))
			require.Zero(t, stagingLeft(t, w))
			s.write(t, c.file, c.good)
		})
	}
	t.Run("a missing file", func(t *testing.T) {
		require.NoError(t, os.Remove(filepath.Join(s.dir, "members.csv")))
		_, err := importShop(t, w, s, shopMapping)
		require.ErrorIs(t, err, warehouse.ErrRefused)
		require.ErrorContains(t, err, "source members: there is no file members.csv")
		require.Equal(t, empty, tablesOf(t, w))
	})
}

func TestZstandardAndSeveralFolders(t *testing.T) {
	w, s := stacktest.Warehouse(t), newShop(t, 10)
	require.NoError(t, os.Mkdir(filepath.Join(s.dir, "2026"), 0o700))
	var packed bytes.Buffer
	z, err := zstd.NewWriter(&packed)
	require.NoError(t, err)
	_, err = z.Write([]byte(s.sales(1, 3)))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	s.write(t, "2026/q1.csv.zst", packed.String())
	summary, err := importShop(t, w, s, strings.Replace(shopMapping, "sales: sales*.csv", "sales: [2026/*.zst, sales-1.csv]", 1))
	require.NoError(t, err)
	require.Equal(t, uint64(90), summary.Target("transactions").New)
	require.Equal(t, uint64(30), summary.Target("transactions").Already)

	s.write(t, "2026/q1.csv.zst", packed.String()[:packed.Len()-20])
	_, err = importShop(t, w, s, strings.Replace(shopMapping, "sales: sales*.csv", "sales: 2026/*.zst", 1))
	require.ErrorIs(t, err, warehouse.ErrRefused)
	require.ErrorContains(t, err, "2026/q1.csv.zst: the file breaks off")
}

// The engine dies while rows are read; when it is back, the import is simply run again.
func TestTheEngineDiesDuringAnImport(t *testing.T) {
	engine, s := stacktest.Process(t), newShop(t, 2000)
	w, err := warehouse.OpenMigrated(t.Context(), engine.Config())
	require.NoError(t, err)
	defer w.Close()
	_, err = warehouse.Import(t.Context(), w, mappingOf(t, shopMapping), s.dir, warehouse.ImportOptions{
		Now: importNow, Patience: 300 * time.Millisecond,
		Log: zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zapcore.EncoderConfig{}), zapcore.AddSync(io.Discard), zapcore.DebugLevel),
			zap.Hooks(func(e zapcore.Entry) error {
				if e.Message == "import read" {
					engine.Kill()
				}
				return nil
			})),
	})
	require.Error(t, err)
	require.NotErrorIs(t, err, warehouse.ErrRefused, "it is not the files' fault")
	engine.Restart(t)
	require.Zero(t, scanOne[uint64](t, w, "SELECT count() + (SELECT count() FROM customers) FROM transactions"))
	summary, err := importShop(t, w, s, shopMapping)
	require.NoError(t, err)
	require.Equal(t, uint64(2000*9), summary.Target("transactions").New)
	require.Zero(t, stagingLeft(t, w))
}
