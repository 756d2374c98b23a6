package engine

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// statement is one request in the engine's terms.
type statement struct {
	sql      string
	format   string            // of the output, or of the body when hasBody
	params   map[string]string // {name:Type} parameters, in ClickHouse's escaped text form
	settings map[string]string
	database string
	hasBody  bool // rows for an INSERT follow in the request's body
}

// Names in the URL that say something about the request; any other is a setting.
var requestNames = map[string]bool{
	"query": true, "database": true, "default_format": true, "query_id": true, "quota_key": true,
	"user": true, "password": true, "client_protocol_version": true, "compress": true, "decompress": true,
	"network_compression_method": true, "network_zstd_compression_level": true, "buffer_size": true,
	"wait_end_of_query": true, "enable_http_compression": true, "http_write_exception_in_output_format": true,
	"session_id": true, "session_timeout": true, "session_check": true, "send_progress_in_http_headers": true,
	// Cancelling finds a query by its log_comment, so a client must not set it.
	"log_comment": true,
}

var settingName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.]*$`)

// newStatement reads the URL; sql is added by withBody.
func newStatement(values url.Values, header func(string) string) (*statement, error) {
	s := &statement{
		sql:      values.Get("query"),
		format:   firstOf(header("X-ClickHouse-Format"), values.Get("default_format"), "TabSeparated"),
		database: firstOf(header("X-ClickHouse-Database"), values.Get("database")),
		params:   map[string]string{},
		settings: map[string]string{},
	}
	if values.Get("session_id") != "" {
		return nil, raise(codeNotImplemented, "The embedded engine keeps no sessions: leave session_id out, or point DANBI_CLICKHOUSE_ADDR at a ClickHouse server")
	}
	for name := range values {
		value := values.Get(name)
		if param, ok := strings.CutPrefix(name, "param_"); ok {
			s.params[param] = value
			continue
		}
		if requestNames[name] {
			continue
		}
		if !settingName.MatchString(name) {
			return nil, raise(codeUnknownSetting, "%q is not the name of a setting", name)
		}
		s.settings[name] = value
	}
	return s, nil
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

var (
	insertFormat = regexp.MustCompile(`(?is)\s+FORMAT\s+([A-Za-z]\w*)\s*;?\s*$`)
	insertValues = regexp.MustCompile(`(?is)\s+VALUES\s*;?\s*$`)
	anyFormat    = regexp.MustCompile(`(?is)\bFORMAT\s+([A-Za-z]\w*)`)
)

// takesRows reports whether the statement is an INSERT that expects its rows
// in the body, and moves the format from the text to s.format, as the engine
// wants it there.
func (s *statement) takesRows() bool {
	if firstWord(s.sql) != "INSERT" {
		return false
	}
	if at := insertFormat.FindStringSubmatchIndex(s.sql); at != nil {
		s.format, s.sql = s.sql[at[2]:at[3]], s.sql[:at[0]]
		return true
	}
	if at := insertValues.FindStringIndex(s.sql); at != nil {
		s.format, s.sql = "Values", s.sql[:at[0]]
		return true
	}
	return false
}

// Formats whose chunks may simply follow one another. The others have a head
// or a foot, and must be written in one piece.
var streamable = map[string]bool{
	"native": true, "rowbinary": true, "null": true,
	"tabseparated": true, "tsv": true, "tabseparatedraw": true, "tsvraw": true, "raw": true, "csv": true,
	"jsoneachrow": true, "jsonlines": true, "ndjson": true, "jsoncompacteachrow": true, "jsonstringseachrow": true,
}

// streams reports whether the answer can be sent while it is computed.
func (s *statement) streams() bool {
	switch firstWord(s.sql) {
	case "SELECT", "WITH", "(":
	default:
		return false
	}
	format := s.format
	// A FORMAT in a string literal is mistaken for a clause here; that only
	// makes the answer come in one piece.
	if named := anyFormat.FindAllStringSubmatch(s.sql, -1); named != nil {
		format = named[len(named)-1][1]
	}
	return streamable[strings.ToLower(format)]
}

// firstWord is the first keyword in upper case, past blanks and comments.
func firstWord(sql string) string {
	for {
		sql = strings.TrimLeft(sql, " \t\r\n\f\v")
		switch {
		case strings.HasPrefix(sql, "--"), strings.HasPrefix(sql, "#"):
			_, rest, found := strings.Cut(sql, "\n")
			if !found {
				return ""
			}
			sql = rest
		case strings.HasPrefix(sql, "/*"):
			_, rest, found := strings.Cut(sql[2:], "*/")
			if !found {
				return ""
			}
			sql = rest
		case strings.HasPrefix(sql, "("):
			return "("
		default:
			end := strings.IndexFunc(sql, func(r rune) bool {
				return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '_'
			})
			if end < 0 {
				end = len(sql)
			}
			return strings.ToUpper(sql[:end])
		}
	}
}

// session is what runs before the statement: the database, and one SET, so
// that a bad setting is told as ClickHouse tells it.
func (s *statement) session(id string) []string {
	var out []string
	if s.database != "" {
		out = append(out, "USE "+quoteName(s.database))
	}
	set := "SET log_comment=" + quoteText(id) + ", async_insert='0'"
	for _, name := range slices.Sorted(maps.Keys(s.settings)) {
		set += fmt.Sprintf(", %s=%s", name, quoteText(s.settings[name]))
	}
	return append(out, set)
}

var textEscaper = strings.NewReplacer(`\`, `\\`, `'`, `\'`)
var nameEscaper = strings.NewReplacer(`\`, `\\`, "`", "\\`")

func quoteText(s string) string { return "'" + textEscaper.Replace(s) + "'" }
func quoteName(s string) string { return "`" + nameEscaper.Replace(s) + "`" }
