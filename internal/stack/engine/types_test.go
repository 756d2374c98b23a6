package engine_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/stack/stacktest"
)

// everything has one column of each type that the warehouse uses.
type everything struct {
	U8     uint8              `ch:"u8"`
	U16    uint16             `ch:"u16"`
	U32    uint32             `ch:"u32"`
	U64    uint64             `ch:"u64"`
	I64    int64              `ch:"i64"`
	F32    float32            `ch:"f32"`
	F64    float64            `ch:"f64"`
	Yes    bool               `ch:"yes"`
	Text   string             `ch:"text"`
	Low    string             `ch:"low"`
	State  string             `ch:"state"`
	At     time.Time          `ch:"at"`
	AtMs   time.Time          `ch:"at_ms"`
	Day    time.Time          `ch:"day"`
	Many   []int64            `ch:"many"`
	Texts  []string           `ch:"texts"`
	Pairs  [][]any            `ch:"pairs"`
	Shares map[string]float32 `ch:"shares"`
	Maybe  *int64             `ch:"maybe"`
	LowMay *string            `ch:"low_may"`
	Hash   string             `ch:"hash"`
}

const everythingDDL = `CREATE TABLE everything (
	u8 UInt8, u16 UInt16, u32 UInt32, u64 UInt64, i64 Int64, f32 Float32, f64 Float64, yes Bool,
	text String, low LowCardinality(String), state Enum8('planned' = 0, 'sent' = 1, 'unknown' = -1),
	at DateTime('UTC'), at_ms DateTime64(3, 'UTC'), day Date,
	many Array(Int64), texts Array(LowCardinality(String)), pairs Array(Tuple(channel String, cost Int64)),
	shares Map(LowCardinality(String), Float32), maybe Nullable(Int64), low_may LowCardinality(Nullable(String)),
	hash FixedString(4)
) ENGINE = MergeTree ORDER BY u32`

func sample() []everything {
	n, text := int64(-5), "ja"
	return []everything{{
		U8: 255, U16: 65535, U32: 1, U64: 1<<64 - 1, I64: -1 << 63, F32: 1.5, F64: -2.25, Yes: true,
		Text: "tab\t quote' backslash\\ \x00 비", Low: "email", State: "unknown",
		At: time.Date(2017, 11, 5, 23, 59, 59, 0, time.UTC), AtMs: time.Date(2017, 11, 5, 23, 59, 59, 123e6, time.UTC),
		Day: time.Date(2017, 11, 5, 0, 0, 0, 0, time.UTC), Many: []int64{1, -2}, Texts: []string{"a", "b", "a"},
		Pairs: [][]any{{"email", int64(3)}, {"sms", int64(-4)}}, Shares: map[string]float32{"food": 0.5, "": 0.25},
		Maybe: &n, LowMay: &text, Hash: "abcd",
	}, {
		U32: 2, State: "planned", At: time.Unix(0, 0).UTC(), AtMs: time.UnixMilli(0).UTC(), Day: time.Unix(0, 0).UTC(),
		Many: []int64{}, Texts: []string{}, Pairs: [][]any{}, Shares: map[string]float32{}, Hash: "\x00\x00\x00\x00",
	}}
}

func insertAll(t *testing.T, conn driver.Conn, rows []everything) {
	t.Helper()
	batch, err := conn.PrepareBatch(t.Context(), "INSERT INTO everything")
	require.NoError(t, err)
	for i := range rows {
		require.NoError(t, batch.AppendStruct(&rows[i]))
	}
	require.NoError(t, batch.Send())
}

func TestTypesRoundTrip(t *testing.T) {
	conn := stacktest.Empty(t).Conn()
	require.NoError(t, conn.Exec(t.Context(), everythingDDL))
	want := sample()
	insertAll(t, conn, want)

	var got []everything
	require.NoError(t, conn.Select(t.Context(), &got, "SELECT * FROM everything ORDER BY u32"))
	require.Empty(t, cmp.Diff(want, got))
	require.Equal(t, time.UTC, got[0].At.Location(), "DateTime must come back in UTC whatever the machine's zone is")
	require.Equal(t, "UTC", got[0].AtMs.Location().String())
}

func TestNoRowsIntoStructs(t *testing.T) {
	conn := stacktest.Empty(t).Conn()
	require.NoError(t, conn.Exec(t.Context(), everythingDDL))

	got := []everything{{U8: 1}}
	require.NoError(t, conn.Select(t.Context(), &got, "SELECT * FROM everything"))
	require.Empty(t, got, "Select replaces what the slice held")

	rows, err := conn.Query(t.Context(), "SELECT * FROM everything")
	require.NoError(t, err)
	require.False(t, rows.Next())
	require.NoError(t, rows.Err())
	require.NoError(t, rows.Close())
	require.Empty(t, rows.Columns(), "the engine names no columns without a row; a server does")

	var n uint8
	err = conn.QueryRow(t.Context(), "SELECT u8 FROM everything").Scan(&n)
	require.ErrorIs(t, err, sql.ErrNoRows)

	var one everything
	err = conn.QueryRow(t.Context(), "SELECT * FROM everything").ScanStruct(&one)
	require.ErrorIs(t, err, sql.ErrNoRows)

	var count uint64
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT count() FROM everything").Scan(&count))
	require.Zero(t, count)
}

// The tests' engine is started with TZ=Asia/Seoul.
func TestZoneIsNotTheMachines(t *testing.T) {
	conn := stacktest.Empty(t).Conn()
	var zone string
	var at time.Time
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT timezone(), toDateTime('2017-11-05 12:00:00')").Scan(&zone, &at))
	require.Equal(t, "UTC", zone)
	require.Equal(t, time.Date(2017, 11, 5, 12, 0, 0, 0, time.UTC), at)
}

// The engine stores columns that are mostly zero sparsely; clients of its
// revision must get them whole.
func TestSparseColumns(t *testing.T) {
	conn := stacktest.Empty(t).Conn()
	require.NoError(t, conn.Exec(t.Context(), "CREATE TABLE sparse (n UInt32, cost Int64) ENGINE = MergeTree ORDER BY n"))
	require.NoError(t, conn.Exec(t.Context(), "INSERT INTO sparse SELECT number, if(number = 77777, 5, 0) FROM numbers(100000)"))
	var kind string
	require.NoError(t, conn.QueryRow(t.Context(), `SELECT serialization_kind FROM system.parts_columns
		WHERE database = currentDatabase() AND table = 'sparse' AND column = 'cost' AND active LIMIT 1`).Scan(&kind))
	require.Equal(t, "Sparse", kind)
	rows, err := conn.Query(t.Context(), "SELECT n, cost FROM sparse ORDER BY n")
	require.NoError(t, err)
	seen := 0
	for rows.Next() {
		var n uint32
		var cost int64
		require.NoError(t, rows.Scan(&n, &cost))
		if n != 77777 && cost != 0 || n == 77777 && cost != 5 {
			t.Fatalf("row %d has cost %d", n, cost)
		}
		seen++
	}
	require.NoError(t, rows.Err())
	require.Equal(t, 100000, seen)
}

func TestParameters(t *testing.T) {
	conn := stacktest.Empty(t).Conn()
	at := time.Date(2017, 11, 5, 23, 59, 58, 0, time.UTC)
	atMs := at.Add(123 * time.Millisecond)
	seoul := at.In(time.FixedZone("KST", 9*3600))
	text := "it's a \\ tab\t and\nline {x:String} 비"
	null := (*int64)(nil)
	for _, c := range []struct {
		kind  string
		value any
		same  string // SQL that must equal the parameter
	}{
		{"UInt8", uint8(7), "7"},
		{"UInt64", uint64(1<<64 - 1), "18446744073709551615"},
		{"Int64", int64(-1 << 63), "-9223372036854775808"},
		{"Float64", -2.25, "-2.25"},
		{"Bool", true, "true"},
		{"String", text, fmt.Sprintf("unhex('%x')", text)},
		{"String", "", "''"},
		{"LowCardinality(String)", "x", "'x'"},
		{"Date", "2017-11-05", "toDate('2017-11-05')"},
		{"DateTime('UTC')", at, "toDateTime('2017-11-05 23:59:58', 'UTC')"},
		{"DateTime('UTC')", seoul, "toDateTime('2017-11-05 23:59:58', 'UTC')"},
		{"DateTime64(3, 'UTC')", atMs, "toDateTime64('2017-11-05 23:59:58.123', 3, 'UTC')"},
		{"Array(Int64)", []int64{1, -2}, "[1, -2]"},
		{"Array(UInt32)", []uint32{}, "CAST([], 'Array(UInt32)')"},
		{"Array(String)", []string{"a'b", "c\\d", "e\tf"}, `['a\'b', 'c\\d', 'e\tf']`},
		{"Map(String, Float32)", map[string]float32{"a": 0.5}, "map('a', toFloat32(0.5))"},
		{"Nullable(Int64)", null, "NULL"},
		{"Identifier", "one", "one"},
	} {
		var same bool
		query := fmt.Sprintf("SELECT isNotDistinctFrom({p:%s}, %s) FROM (SELECT 1 AS one)", c.kind, c.same)
		err := conn.QueryRow(t.Context(), query, clickhouse.Named("p", c.value)).Scan(&same)
		if err != nil {
			t.Errorf("%s: %v", c.kind, err)
			continue
		}
		if !same {
			var got string
			_ = conn.QueryRow(t.Context(), fmt.Sprintf("SELECT toString({p:%s})", c.kind), clickhouse.Named("p", c.value)).Scan(&got)
			t.Errorf("%s %v: the engine read %q", c.kind, c.value, got)
		}
	}

	// In an INSERT … SELECT, and with a comment first, as in the .sql files.
	require.NoError(t, conn.Exec(t.Context(), "CREATE TABLE p (s String) ENGINE = MergeTree ORDER BY s"))
	require.NoError(t, conn.Exec(t.Context(), "-- Why.\nINSERT INTO p SELECT {s:String}", clickhouse.Named("s", text)))
	var got string
	require.NoError(t, conn.QueryRow(t.Context(), "-- Why.\nSELECT s FROM p").Scan(&got))
	require.Equal(t, text, got)

	err := conn.QueryRow(t.Context(), "SELECT {missing:String}", clickhouse.Named("other", "x")).Scan(&got)
	requireCode(t, err, 456)
}

// requireCode asserts that err is ClickHouse's own exception with this code.
func requireCode(t *testing.T, err error, code int32) {
	t.Helper()
	var exception *clickhouse.Exception
	require.Truef(t, errors.As(err, &exception), "%v", err)
	require.Equalf(t, code, exception.Code, "%v", err)
}

func settings(ctx context.Context, s clickhouse.Settings) context.Context {
	return clickhouse.Context(ctx, clickhouse.WithSettings(s))
}
