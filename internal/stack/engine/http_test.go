package engine_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/stack/stacktest"
	"github.com/danbi-project/danbi/internal/warehouse"
)

// raw is a client that knows nothing but HTTP, as curl.
type raw struct {
	t        *testing.T
	base     string
	token    string
	database string
}

func newRaw(t *testing.T) raw {
	c := stacktest.Database(t)
	if c.Token == "" {
		t.Skip("these tests are about the embedded engine's own HTTP interface; another server is under test now")
	}
	return raw{t: t, base: "http://" + c.Addr[0] + "/", token: c.Token, database: c.Database}
}

func (r raw) do(values url.Values, body io.Reader, headers ...string) (status int, text string, header http.Header) {
	r.t.Helper()
	if values == nil {
		values = url.Values{}
	}
	values.Set("database", r.database)
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.base+"?"+values.Encode(), body)
	require.NoError(r.t, err)
	request.Header.Set(warehouse.TokenHeader, r.token)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(r.t, err)
	defer func() { _ = response.Body.Close() }()
	all, err := io.ReadAll(response.Body)
	require.NoError(r.t, err)
	return response.StatusCode, string(all), response.Header
}

func (r raw) ask(sql string) string {
	r.t.Helper()
	status, text, _ := r.do(nil, strings.NewReader(sql))
	require.Equal(r.t, http.StatusOK, status, text)
	return text
}

func TestPlainHTTP(t *testing.T) {
	r := newRaw(t)
	require.Equal(t, "1\n", r.ask("SELECT 1"))
	require.Equal(t, "1\t\\N\n", r.ask("-- Why.\nSELECT 1, NULL"))
	require.Equal(t, "[[1]]\n", r.ask("SELECT [1] FORMAT JSONCompactEachRow"))
	// A format with a head must have one head, however many chunks there are.
	whole := r.ask("SELECT number FROM numbers(300000) FORMAT CSVWithNames")
	require.Equal(t, 1, strings.Count(whole, "number"))
	require.Equal(t, 300001, strings.Count(whole, "\n"))
	require.Equal(t, 300000, strings.Count(r.ask("SELECT number FROM numbers(300000)"), "\n"))

	status, text, header := r.do(nil, strings.NewReader("SELECT 1 FROM absent"))
	require.Equal(t, http.StatusNotFound, status)
	require.Equal(t, "60", header.Get("X-ClickHouse-Exception-Code"))
	require.Contains(t, text, "Code: 60. DB::Exception: ")
	status, text, _ = r.do(nil, strings.NewReader(" -- nothing"))
	require.Equal(t, http.StatusBadRequest, status, text)
	status, text, _ = r.do(url.Values{"session_id": {"x"}}, strings.NewReader("SELECT 1"))
	require.Equal(t, http.StatusNotImplemented, status, text)
}

func TestInsertBodies(t *testing.T) {
	r := newRaw(t)
	r.ask("CREATE TABLE t (a UInt32, b String) ENGINE = MergeTree ORDER BY a")
	insert := func(query string, body io.Reader, headers ...string) {
		t.Helper()
		status, text, _ := r.do(url.Values{"query": {query}}, body, headers...)
		require.Equal(t, http.StatusOK, status, text)
	}
	insert("INSERT INTO t FORMAT CSV", strings.NewReader("1,\"x,y\"\n2,z\n"))
	insert("insert into t (b, a) values", strings.NewReader("('v', 3), ('w', 4)"))
	insert("-- Why.\nINSERT INTO t SETTINGS max_insert_block_size = 1 FORMAT JSONEachRow;", strings.NewReader(`{"a":5,"b":"j"}`))
	insert("INSERT INTO t", strings.NewReader("SELECT 6, 's'"))
	status, text, _ := r.do(url.Values{"query": {"INSERT INTO t SELECT {n:UInt32}, 'p'"}, "param_n": {"7"}}, nil)
	require.Equal(t, http.StatusOK, status, text)
	require.Equal(t, "1\tx,y\n2\tz\n3\tv\n4\tw\n5\tj\n6\ts\n", r.ask("SELECT * FROM t WHERE a < 7 ORDER BY a"))
	r.ask("INSERT INTO t VALUES (8, 'inline')")

	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	_, err := zip.Write([]byte("9\tzipped\n"))
	require.NoError(t, err)
	require.NoError(t, zip.Close())
	insert("INSERT INTO t FORMAT TSV", &packed, "Content-Encoding", "gzip")
	require.Equal(t, "inline\nzipped\n", r.ask("SELECT b FROM t WHERE a > 7 ORDER BY a"))

	// A bad row anywhere leaves nothing of its block.
	status, text, _ = r.do(url.Values{"query": {"INSERT INTO t FORMAT CSV"}}, strings.NewReader("20,ok\nnot a number,x\n"))
	require.NotEqual(t, http.StatusOK, status, text)
	require.Equal(t, "0\n", r.ask("SELECT count() FROM t WHERE a >= 20"))
}

func TestLateErrorIsFramed(t *testing.T) {
	r := newRaw(t)
	status, text, header := r.do(nil, strings.NewReader("SELECT number, throwIf(number = 3000000, 'boom') FROM numbers(4000000)"))
	require.Equal(t, http.StatusOK, status)
	tag := header.Get("X-ClickHouse-Exception-Tag")
	require.Len(t, tag, 16)
	_, frame, found := strings.Cut(text, "\r\n__exception__\r\n"+tag+"\r\n")
	require.True(t, found)
	require.True(t, strings.HasPrefix(frame, "Code: 395. DB::Exception: boom"), frame)
	require.True(t, strings.HasSuffix(frame, " "+tag+"\r\n__exception__\r\n"), frame)
}

func TestTokenIsNeeded(t *testing.T) {
	r := newRaw(t)
	for name, token := range map[string]string{"none": "", "wrong": strings.Repeat("0", len(r.token))} {
		stranger := r
		stranger.token = token
		status, text, _ := stranger.do(nil, strings.NewReader("SELECT 1"))
		require.Equal(t, http.StatusForbidden, status, name)
		require.Contains(t, text, "Code: 516.")
	}
	c := stacktest.Database(t)
	c.Token = "wrong"
	_, err := warehouse.Open(t.Context(), c)
	require.ErrorContains(t, err, "refuses user")
	// As a password it works too, for tools that know only that.
	stranger := r
	stranger.token = ""
	status, _, _ := stranger.do(nil, strings.NewReader("SELECT 1"), "X-ClickHouse-Key", r.token)
	require.Equal(t, http.StatusOK, status)
}

func TestPingAndMetrics(t *testing.T) {
	r := newRaw(t)
	get := func(path string) string {
		response, err := http.Get(r.base + path)
		require.NoError(t, err)
		defer func() { _ = response.Body.Close() }()
		require.Equal(t, http.StatusOK, response.StatusCode)
		all, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return string(all)
	}
	require.Equal(t, "Ok.\n", get("ping"))
	r.ask("SELECT 1")
	metrics := get("metrics")
	for _, name := range []string{`danbi_engine_statement_seconds_count{kind="select"}`, "danbi_engine_statements_running", `{metric="MemoryTracking"}`} {
		require.Contains(t, metrics, name)
	}
}

// clickhouse-go with LZ4 in both directions, as it talks to a far server.
func TestCompressedBlocks(t *testing.T) {
	r := newRaw(t)
	conn, err := clickhouse.Open(&clickhouse.Options{
		Protocol: clickhouse.HTTP, Addr: []string{strings.Trim(r.base, "htp:/")}, Auth: clickhouse.Auth{Database: r.database},
		HttpHeaders: map[string]string{warehouse.TokenHeader: r.token},
		Compression: &clickhouse.Compression{Method: clickhouse.CompressionLZ4},
	})
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	require.NoError(t, conn.Exec(t.Context(), everythingDDL))
	insertAll(t, conn, sample())
	var got []everything
	require.NoError(t, conn.Select(t.Context(), &got, "SELECT * FROM everything ORDER BY u32"))
	require.Equal(t, sample(), got)
	var sum uint64
	rows, err := conn.Query(t.Context(), "SELECT number FROM numbers(500000)")
	require.NoError(t, err)
	for rows.Next() {
		var n uint64
		require.NoError(t, rows.Scan(&n))
		sum += n
	}
	require.NoError(t, rows.Err())
	require.Equal(t, uint64(500000*499999/2), sum)
}

// A client that dies while it sends must leave nothing of the block it was at,
// however much of it the engine already has.
func TestInsertCutOff(t *testing.T) {
	r := newRaw(t)
	r.ask("CREATE TABLE cut (a UInt32, b String) ENGINE = MergeTree ORDER BY a")
	address := strings.Trim(r.base, "htp:/")
	conn, err := net.DialTimeout("tcp", address, time.Second)
	require.NoError(t, err)
	// Rows of 1 KiB, so that what has arrived ends with a row and could be stored.
	rows := strings.Repeat("1\t"+strings.Repeat("x", 1021)+"\n", 4096)
	query := url.Values{"database": {r.database}, "query": {"INSERT INTO cut FORMAT TSV"}}.Encode()
	_, err = io.WriteString(conn, "POST /?"+query+" HTTP/1.1\r\nHost: x\r\n"+warehouse.TokenHeader+": "+r.token+
		fmt.Sprintf("\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", len(rows), rows))
	require.NoError(t, err)
	inserts := func() string {
		return r.ask("SELECT count() FROM system.processes WHERE current_database = currentDatabase() AND query LIKE 'INSERT INTO cut%'")
	}
	require.Eventually(t, func() bool { return inserts() == "1\n" }, time.Minute, 10*time.Millisecond, "the insert never began")
	require.NoError(t, conn.Close())
	require.Eventually(t, func() bool { return inserts() == "0\n" }, 5*time.Second, 10*time.Millisecond, "the insert never ended")
	require.Equal(t, "0\n", r.ask("SELECT count() FROM cut"))
	require.Equal(t, "", r.ask("INSERT INTO cut VALUES (7, '')"), "the table can be written")
}
