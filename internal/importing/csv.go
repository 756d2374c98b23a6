package importing

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unsafe"
)

// csvReader cuts CSV at the ends of records, which are line ends outside quotes.
type csvReader struct {
	buffer
	delimiter byte
	header    []string
}

func newCSV(s Source, r io.Reader) (*csvReader, error) {
	c := &csvReader{buffer: buffer{r: r}, delimiter: ','}
	if s.Delimiter != "" {
		c.delimiter = s.Delimiter[0]
	}
	if err := c.begin(); err != nil {
		return nil, err
	}
	if len(s.Columns) > 0 {
		c.header = s.Columns
		return c, nil
	}
	var record []string
	end, err := parseRecord(view(c.data), 0, c.delimiter, &record)
	if err != nil {
		return nil, fmt.Errorf("the header line: %w", err)
	}
	if len(record) == 0 || len(record) == 1 && strings.TrimSpace(record[0]) == "" {
		return nil, errors.New("the file is empty: not even a header line")
	}
	for _, name := range record {
		c.header = append(c.header, strings.Clone(strings.TrimSpace(name)))
	}
	c.take(end)
	return c, nil
}

func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

func (c *csvReader) Header() []string { return slices.Clone(c.header) }

func (c *csvReader) Next() (Block, error) {
	for size := blockBytes; ; size *= 2 {
		if err := c.fill(size); err != nil {
			return nil, err
		}
		if len(c.data) == 0 {
			return nil, io.EOF
		}
		end := len(c.data)
		if !c.eof {
			end = lastRecordEnd(view(c.data), c.delimiter)
		}
		if end == 0 && size <= maxRecord {
			continue // one record fills the block
		}
		if end == 0 {
			// A quote that is never closed: the parser gives its line up, and
			// goes on after it.
			if end = strings.IndexByte(view(c.data), '\n') + 1; end == 0 {
				return nil, fmt.Errorf("line %d is longer than %d MiB; is this a CSV file?", c.line, maxRecord>>20)
			}
		}
		text, line := c.take(end)
		return csvBlock{text, line, c.delimiter, len(c.header)}, nil
	}
}

// lastRecordEnd is behind the last whole record of text, which starts at one.
func lastRecordEnd(text string, delimiter byte) int {
	last := 0
	for pos := 0; pos < len(text); {
		end, err := recordEnd(text, pos, delimiter)
		if errors.Is(err, errOpenQuote) {
			return last
		}
		if err != nil { // broken: its first line goes with it
			end = strings.IndexByte(text[pos:], '\n') + 1 + pos
			if end == pos {
				return last
			}
		}
		if end == len(text) && text[end-1] != '\n' {
			return last
		}
		pos, last = end, end
	}
	return last
}

var (
	errOpenQuote = errors.New("a quote is opened and never closed")
	errBadQuote  = errors.New("a closing quote is followed by more text")
)

// recordEnd is behind the line end of the record that starts at pos.
func recordEnd(text string, pos int, delimiter byte) (int, error) {
	line := strings.IndexByte(text[pos:], '\n')
	if line < 0 {
		line = len(text) - pos - 1
	}
	if strings.IndexByte(text[pos:pos+line+1], '"') < 0 {
		return pos + line + 1, nil
	}
	return parseRecord(text, pos, delimiter, nil)
}

// parseRecord reads the record at pos into fields (nil: only finds its end). A
// quote counts only at the start of a field; elsewhere it is a plain sign, as
// in 5" pipe.
func parseRecord(text string, pos int, delimiter byte, fields *[]string) (int, error) {
	if fields != nil {
		*fields = (*fields)[:0]
	}
	for {
		var value string
		if pos < len(text) && text[pos] == '"' {
			end, quoted, err := parseQuoted(text, pos+1, fields != nil)
			if err != nil {
				return 0, err
			}
			value, pos = quoted, end
			if pos < len(text) && text[pos] == '\r' && (pos+1 == len(text) || text[pos+1] == '\n') {
				pos++
			}
			if pos < len(text) && text[pos] != delimiter && text[pos] != '\n' {
				return 0, errBadQuote
			}
		} else {
			start := pos
			for pos < len(text) && text[pos] != delimiter && text[pos] != '\n' {
				pos++
			}
			value = text[start:pos]
			if (pos == len(text) || text[pos] == '\n') && strings.HasSuffix(value, "\r") {
				value = value[:len(value)-1]
			}
		}
		if fields != nil {
			*fields = append(*fields, value)
		}
		if pos >= len(text) {
			return pos, nil
		}
		pos++
		if text[pos-1] == '\n' {
			return pos, nil
		}
	}
}

// parseQuoted reads from behind an opening quote to behind the closing one.
func parseQuoted(text string, pos int, keep bool) (end int, value string, err error) {
	start := pos
	doubled := false
	for {
		i := strings.IndexByte(text[pos:], '"')
		if i < 0 {
			return 0, "", errOpenQuote
		}
		pos += i + 1
		if pos < len(text) && text[pos] == '"' {
			doubled = true
			pos++
			continue
		}
		value = text[start : pos-1]
		if keep && doubled {
			value = strings.ReplaceAll(value, `""`, `"`)
		}
		return pos, value, nil
	}
}

type csvBlock struct {
	text      string
	line      uint64
	delimiter byte
	columns   int
}

func (b csvBlock) Each(record func(uint64, []string) error, bad func(uint64, string) error) error {
	fields := make([]string, 0, b.columns+1)
	line := b.line
	for pos := 0; pos < len(b.text); {
		end, err := parseRecord(b.text, pos, b.delimiter, &fields)
		reason := ""
		switch {
		case err != nil:
			reason = err.Error()
			if end = strings.IndexByte(b.text[pos:], '\n') + 1 + pos; end == pos {
				end = len(b.text)
			}
		case len(fields) == 1 && fields[0] == "" && b.columns > 1: // an empty line
		case len(fields) != b.columns:
			// Over several lines it is rather a stray quote than a long text:
			// only its first line is given up.
			if first := strings.IndexByte(b.text[pos:], '\n') + 1 + pos; first > pos {
				end = first
			}
			reason = fmt.Sprintf("%d columns where the header has %d", len(fields), b.columns)
		default:
			if err := record(line, fields); err != nil {
				return err
			}
		}
		if reason != "" {
			if err := bad(line, reason); err != nil {
				return err
			}
		}
		line += uint64(strings.Count(b.text[pos:end], "\n"))
		pos = end
	}
	return nil
}
