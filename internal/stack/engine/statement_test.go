package engine

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func noHeader(string) string { return "" }

func TestFirstWord(t *testing.T) {
	for sql, want := range map[string]string{
		"":                                    "",
		"  select 1":                          "SELECT",
		"-- why\n\tInsert into t":             "INSERT",
		"/* a */ /* b */WITH x AS (SELECT 1)": "WITH",
		"# hash\nSELECT":                      "SELECT",
		"(SELECT 1) UNION ALL (SELECT 2)":     "(",
		"-- only a comment":                   "",
		"/* never closed":                     "",
		"/*/ still open":                      "",
	} {
		require.Equal(t, want, firstWord(sql), sql)
	}
}

func TestInsertTakesRows(t *testing.T) {
	for sql, want := range map[string]struct{ sql, format string }{
		"INSERT INTO t FORMAT Native":                   {"INSERT INTO t", "Native"},
		"INSERT INTO t (a, b)\nformat CSV ;":            {"INSERT INTO t (a, b)", "CSV"},
		"-- why\nINSERT INTO t VALUES":                  {"-- why\nINSERT INTO t", "Values"},
		"INSERT INTO t SETTINGS x = 1 FORMAT RowBinary": {"INSERT INTO t SETTINGS x = 1", "RowBinary"},
		"INSERT INTO t SELECT 1":                        {"", ""},
		"INSERT INTO t VALUES (1)":                      {"", ""},
		"SELECT 1 FORMAT CSV":                           {"", ""},
	} {
		s := statement{sql: sql}
		require.Equal(t, want.format != "", s.takesRows(), sql)
		if want.format != "" {
			require.Equal(t, want.sql, s.sql)
			require.Equal(t, want.format, s.format)
		}
	}
}

func TestWhatStreams(t *testing.T) {
	for _, c := range []struct {
		sql, format string
		want        bool
	}{
		{"SELECT 1", "Native", true},
		{"-- why\nWITH 1 AS x SELECT x", "TabSeparated", true},
		{"SELECT 1 FORMAT JSONEachRow", "Native", true},
		{"SELECT 1 FORMAT JSON", "Native", false},
		{"SELECT 1", "CSVWithNames", false},
		{"SHOW TABLES", "Native", false},
		{"INSERT INTO t SELECT 1", "Native", false},
	} {
		s := statement{sql: c.sql, format: c.format}
		require.Equal(t, c.want, s.streams(), "%s as %s", c.sql, c.format)
	}
}

func TestSessionSetsWhatTheURLSays(t *testing.T) {
	s, err := newStatement(url.Values{
		"database": {"d`b"}, "default_format": {"Native"}, "client_protocol_version": {"54460"},
		"max_threads": {"2"}, "insert_deduplication_token": {`it's\`}, "param_x": {"1"}, "log_comment": {"mine"},
	}, noHeader)
	require.NoError(t, err)
	require.Equal(t, []string{
		"USE `d\\`b`",
		`SET log_comment='id', async_insert='0', insert_deduplication_token='it\'s\\', max_threads='2'`,
	}, s.session("id"))
	require.Equal(t, map[string]string{"x": "1"}, s.params)

	_, err = newStatement(url.Values{"a=1, b": {"2"}}, noHeader)
	require.ErrorContains(t, err, "Code: 115.")
}

// No value can leave its quotes: an unescaped quote would end the text early.
func TestQuotedTextStaysQuoted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.StringMatching(`[a'\\, =;]{0,12}`).Draw(t, "value")
		quoted := quoteText(value)
		inner := quoted[1 : len(quoted)-1]
		var read strings.Builder
		for i := 0; i < len(inner); i++ {
			switch inner[i] {
			case '\'':
				t.Fatalf("%s ends early", quoted)
			case '\\':
				i++
				if i == len(inner) {
					t.Fatalf("%s escapes its own end", quoted)
				}
			}
			read.WriteByte(inner[i])
		}
		if read.String() != value {
			t.Fatalf("%q was read back as %q", value, read.String())
		}
	})
}

func TestExceptionsAreRead(t *testing.T) {
	e := parseException("Code: 60. DB::Exception: Table x does not exist. (UNKNOWN_TABLE)\n")
	require.Equal(t, 60, e.code)
	require.Equal(t, "Code: 60. DB::Exception: Table x does not exist. (UNKNOWN_TABLE)", e.text)
	e = parseException("something without a code")
	require.Equal(t, codeUnclassified, e.code)
	require.Contains(t, e.text, "Code: 1002. DB::Exception: something without a code")
	frame := raise(395, "boom").frame("0123456789abcdef")
	require.Equal(t, "\r\n__exception__\r\n0123456789abcdef\r\nCode: 395. DB::Exception: boom\n31 0123456789abcdef\r\n__exception__\r\n", frame)
}
