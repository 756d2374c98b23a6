package importing

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

type readRow struct {
	line   uint64
	values []string
}

func readAll(r Reader) (rows []readRow, bad map[uint64]string, err error) {
	bad = map[uint64]string{}
	for {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			return rows, bad, nil
		}
		if err != nil {
			return rows, bad, err
		}
		err = b.Each(func(line uint64, values []string) error {
			rows = append(rows, readRow{line, append([]string(nil), values...)})
			return nil
		}, func(line uint64, reason string) error {
			bad[line] = reason
			return nil
		})
		if err != nil {
			return rows, bad, err
		}
	}
}

func readCSV(t *testing.T, s Source, text string) ([]readRow, map[uint64]string) {
	t.Helper()
	r, err := NewTextReader(s, CSV, strings.NewReader(text))
	require.NoError(t, err)
	rows, bad, err := readAll(r)
	require.NoError(t, err)
	return rows, bad
}

func TestCSVAsPeopleWriteIt(t *testing.T) {
	for name, c := range map[string]struct {
		source Source
		text   string
		rows   []readRow
		bad    map[uint64]string
	}{
		"plain":           {Source{}, "a,b\n1,2\n3,4\n", []readRow{{2, []string{"1", "2"}}, {3, []string{"3", "4"}}}, nil},
		"no last newline": {Source{}, "a,b\n1,2", []readRow{{2, []string{"1", "2"}}}, nil},
		"mark and CRLF":   {Source{}, "\xef\xbb\xbfa,b\r\n1,\"2\"\r\n\r\n3,4\r\n", []readRow{{2, []string{"1", "2"}}, {4, []string{"3", "4"}}}, nil},
		"quoted newline":  {Source{}, "a,b\n\"x\ny\",2\n3,4\n", []readRow{{2, []string{"x\ny", "2"}}, {4, []string{"3", "4"}}}, nil},
		"quoted quotes":   {Source{}, "a,b\n\"say \"\"hi\"\"\",\",\"\n", []readRow{{2, []string{`say "hi"`, ","}}}, nil},
		"plain quote":     {Source{}, "a,b\n5\" pipe,2\n3,4\n", []readRow{{2, []string{`5" pipe`, "2"}}, {3, []string{"3", "4"}}}, nil},
		"semicolons":      {Source{Delimiter: ";"}, "a;b\n1,5;2\n", []readRow{{2, []string{"1,5", "2"}}}, nil},
		"no header":       {Source{Columns: []string{"a", "b"}}, "1,2\n", []readRow{{1, []string{"1", "2"}}}, nil},
		"only a header":   {Source{}, "a,b\n", nil, nil},
		"wrong count": {
			Source{}, "a,b\n1\n1,2,3\n3,4\n", []readRow{{4, []string{"3", "4"}}},
			map[uint64]string{2: "1 columns where the header has 2", 3: "3 columns where the header has 2"},
		},
		"open quote in the middle": {
			Source{}, "a,b\n1,\"2\n3,4\n5,6\n", []readRow{{3, []string{"3", "4"}}, {4, []string{"5", "6"}}},
			map[uint64]string{2: errOpenQuote.Error()},
		},
		"stray quote paired by a later one": {
			Source{}, "a,b\n1,\"2\n3,4\n5,\"6\"\n", []readRow{{3, []string{"3", "4"}}, {4, []string{"5", "6"}}},
			map[uint64]string{2: errBadQuote.Error()},
		},
		"text behind a quote": {Source{}, "a,b\n\"1\"x,2\n3,4\n", []readRow{{3, []string{"3", "4"}}}, map[uint64]string{2: errBadQuote.Error()}},
	} {
		t.Run(name, func(t *testing.T) {
			rows, bad := readCSV(t, c.source, c.text)
			require.Equal(t, c.rows, rows)
			if c.bad == nil {
				c.bad = map[uint64]string{}
			}
			require.Equal(t, c.bad, bad)
		})
	}
}

func TestTextFilesThatAreNone(t *testing.T) {
	for name, c := range map[string]struct{ text, says string }{
		"empty":   {"", "empty"},
		"blank":   {"\n", "empty"},
		"UTF-16":  {"\xff\xfea\x00", "UTF-16"},
		"Parquet": {"PAR1....", "Parquet"},
		"gzip":    {"\x1f\x8b\x08", ".gz"},
		"ZIP":     {"PK\x03\x04", "spreadsheet"},
	} {
		_, err := NewTextReader(Source{}, CSV, strings.NewReader(c.text))
		require.ErrorContains(t, err, c.says, name)
	}
	_, err := NewTextReader(Source{}, JSONL, strings.NewReader("[1,2]\n"))
	require.ErrorContains(t, err, "JSON objects")
	_, err = NewTextReader(Source{}, JSONL, strings.NewReader(""))
	require.ErrorContains(t, err, "empty")
}

// Whatever is written by the standard library, of whatever size, is read back
// the same, with the right lines, across the borders of blocks.
func TestCSVRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cell := rapid.OneOf(rapid.StringMatching(`[a-z0-9 ]{0,6}`), rapid.SampledFrom([]string{"", "\"", "x\ny", ",", "a\"b", "\n", "한글"}))
		pattern := rapid.SliceOfN(rapid.SliceOfN(cell, 3, 3), 1, 20).Draw(t, "rows")
		repeat := rapid.SampledFrom([]int{1, 1, 1, 30_000}).Draw(t, "repeat")
		var text bytes.Buffer
		w := csv.NewWriter(&text)
		_ = w.Write([]string{"a", "b", "c"})
		var want [][]string
		var lines []uint64
		line := uint64(2)
		for range repeat {
			for _, row := range pattern {
				_ = w.Write(row)
				want, lines = append(want, row), append(lines, line)
				line += 1 + uint64(strings.Count(strings.Join(row, ""), "\n"))
			}
		}
		w.Flush()
		r, err := NewTextReader(Source{}, CSV, &text)
		if err != nil {
			t.Fatal(err)
		}
		rows, bad, err := readAll(r)
		if err != nil || len(bad) > 0 || len(rows) != len(want) {
			t.Fatalf("%d of %d rows, bad %v, %v", len(rows), len(want), bad, err)
		}
		for i, row := range rows {
			if strings.Join(row.values, "\x00") != strings.Join(want[i], "\x00") || row.line != lines[i] {
				t.Fatalf("row %d is %q at line %d, not %q at line %d", i, row.values, row.line, want[i], lines[i])
			}
		}
	})
}

func TestOneStrayQuoteCostsOneLine(t *testing.T) {
	var text strings.Builder
	text.WriteString("a,b\n")
	for i := range 400_000 {
		if i == 200_000 {
			text.WriteString("\"stray,1\n")
		}
		fmt.Fprintf(&text, "%d,some text to fill the line\n", i)
	}
	rows, bad := readCSV(t, Source{}, text.String())
	require.Len(t, rows, 400_000)
	require.Equal(t, map[uint64]string{200_002: errOpenQuote.Error()}, bad)
}

func TestJSONLines(t *testing.T) {
	text := `{"id":1,"value":{"offer id":"x","amount":12.50},"tags":["a"],"on":true,"none":null}

not JSON
[1]
{"id":"2","value":{"amount":1e3},"unknown":7}
` + "{\"id\":\"\xff\"}\n"
	r, err := NewTextReader(Source{}, JSONL, strings.NewReader(text))
	require.NoError(t, err)
	require.Equal(t, []string{"id", "none", "on", "tags", "value.amount", "value.offer id", "unknown"}, r.Header())
	rows, bad, err := readAll(r)
	require.NoError(t, err)
	require.Equal(t, []readRow{
		{1, []string{"1", "", "true", `["a"]`, "12.50", "x", ""}},
		{5, []string{"2", "", "", "", "1e3", "", "7"}},
	}, rows)
	require.Equal(t, map[uint64]string{3: "not a JSON object", 4: "not a JSON object", 6: "not valid UTF-8"}, bad)
}

type parquetSale struct {
	ID     *string   `parquet:"id,optional"`
	Price  float64   `parquet:"price"`
	Net    int64     `parquet:"net,decimal(2:18)"`
	Count  int32     `parquet:"count"`
	Sold   time.Time `parquet:"sold,timestamp(microsecond)"`
	Day    int32     `parquet:"day,date"`
	Member bool      `parquet:"member"`
	Inner  struct {
		Code string `parquet:"code"`
	} `parquet:"inner"`
	Tags []string `parquet:"tags,list"`
}

func parquetFile(t *testing.T, rows int) []byte {
	t.Helper()
	var out bytes.Buffer
	w := parquet.NewGenericWriter[parquetSale](&out, parquet.MaxRowsPerRowGroup(5000))
	for i := range rows {
		id := fmt.Sprint(i)
		sale := parquetSale{ID: &id, Price: 2.55, Net: -1205, Count: int32(i), Sold: time.Date(2017, 1, 2, 3, 4, 5, 6000, time.UTC), Day: 17168, Member: true, Tags: []string{"x", "y"}}
		sale.Inner.Code = "한"
		if i == 1 {
			sale.ID = nil
		}
		_, err := w.Write([]parquetSale{sale})
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}

func TestParquet(t *testing.T) {
	file := parquetFile(t, 12_345)
	r, err := NewParquetReader(bytes.NewReader(file), int64(len(file)))
	require.NoError(t, err)
	require.Equal(t, []string{"id", "price", "net", "count", "sold", "day", "member", "inner.code"}, r.Header(), "lists are no columns")
	rows, bad, err := readAll(r)
	require.NoError(t, err)
	require.Empty(t, bad)
	require.Len(t, rows, 12_345)
	require.Equal(t, readRow{1, []string{"0", "2.55", "-12.05", "0", "2017-01-02T03:04:05.000006Z", "2017-01-02", "true", "한"}}, rows[0])
	require.Equal(t, "", rows[1].values[0])
	require.Equal(t, "12344", rows[12_344].values[0])
}

func TestDamagedParquetIsRefused(t *testing.T) {
	file := parquetFile(t, 12_345)
	for _, size := range []int{0, 3, len(file) / 2, len(file) - 1} {
		_, err := NewParquetReader(bytes.NewReader(file[:size]), int64(size))
		require.Error(t, err, size)
	}
	_, err := NewParquetReader(bytes.NewReader(file[:len(file)/2]), int64(len(file)/2))
	require.ErrorContains(t, err, "cut off")

	damaged := bytes.Clone(file)
	for i := 100; i < len(damaged)-8000; i += 50 {
		damaged[i] ^= 0x5a
	}
	if r, err := NewParquetReader(bytes.NewReader(damaged), int64(len(damaged))); err == nil {
		_, _, err = readAll(r)
		require.Error(t, err, "pages are checked by their sums")
	}
}
