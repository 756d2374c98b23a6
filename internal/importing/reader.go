package importing

import (
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/unicode"
)

// encodings that exports come in besides UTF-8.
var encodings = map[string]encoding.Encoding{
	"euc-kr":       korean.EUCKR, // and CP949, which extends it
	"cp949":        korean.EUCKR,
	"windows-1252": charmap.Windows1252,
	"utf-16":       unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM),
}

// A Reader cuts a file into blocks of whole records, in order. Cutting is
// cheap and done by one goroutine; blocks are read by many.
type Reader interface {
	Header() []string
	Next() (Block, error) // io.EOF after the last
}

// A Block is some records of a file.
type Block interface {
	// Each hands over every record with its line (of Parquet: its row), and
	// every line that can't be read with the reason. The record is reused; its
	// strings are not.
	Each(record func(line uint64, values []string) error, bad func(line uint64, reason string) error) error
}

// blockBytes is the size of a block: large enough to be worth handing over,
// small enough that a few dozen of them don't matter.
const blockBytes = 1 << 20

// maxRecord is the longest record of a text file, in bytes.
const maxRecord = 4 << 20

// FormatOf tells the format and the compression ("", gz, zst) of a file by its name.
func FormatOf(s Source, name string) (format Format, compression string, err error) {
	base := strings.ToLower(path.Base(name))
	for suffix, c := range map[string]string{".gz": "gz", ".gzip": "gz", ".zst": "zst", ".zstd": "zst"} {
		if rest, ok := strings.CutSuffix(base, suffix); ok {
			base, compression = rest, c
			break
		}
	}
	format = s.Format
	if format == "" {
		switch path.Ext(base) {
		case ".csv", ".tsv", ".txt":
			format = CSV
		case ".jsonl", ".ndjson", ".json":
			format = JSONL
		case ".parquet", ".pq":
			format = Parquet
		default:
			return "", "", fmt.Errorf("source %s: the name of %s does not tell its format; add format: csv, jsonl or parquet", s.Name, name)
		}
	}
	if format == Parquet && compression != "" {
		return "", "", fmt.Errorf("source %s: %s is compressed as a whole; Parquet compresses its columns itself, unpack it first", s.Name, name)
	}
	return format, compression, nil
}

// NewTextReader reads CSV or JSON lines from r, which is already unpacked.
func NewTextReader(s Source, format Format, r io.Reader) (Reader, error) {
	if e, ok := encodings[s.Encoding]; ok {
		r = e.NewDecoder().Reader(r)
	}
	if format == JSONL {
		return newJSONL(s, r)
	}
	return newCSV(s, r)
}

// buffer reads ahead so that there is a whole record to cut.
type buffer struct {
	r    io.Reader
	data []byte
	line uint64 // of data[0]
	eof  bool
}

// fill reads until there are n bytes or the file ends.
func (b *buffer) fill(n int) error {
	if cap(b.data) < n {
		b.data = append(make([]byte, 0, n+n/4), b.data...)
	}
	for len(b.data) < n && !b.eof {
		m, err := b.r.Read(b.data[len(b.data):cap(b.data)])
		b.data = b.data[:len(b.data)+m]
		if errors.Is(err, io.EOF) {
			b.eof = true
		} else if err != nil {
			return fmt.Errorf("the file breaks off after line %d: %w", b.line+uint64(strings.Count(string(b.data), "\n")), err)
		}
	}
	return nil
}

// take cuts the first n bytes off as a text of their own.
func (b *buffer) take(n int) (text string, line uint64) {
	text, line = string(b.data[:n]), b.line
	b.data = b.data[:copy(b.data, b.data[n:])]
	b.line += uint64(strings.Count(text, "\n"))
	return text, line
}

// begin checks the first bytes of a text file and skips a byte order mark.
func (b *buffer) begin() error {
	b.line = 1
	if err := b.fill(blockBytes); err != nil {
		return err
	}
	switch start := string(b.data[:min(4, len(b.data))]); {
	case strings.HasPrefix(start, "\xef\xbb\xbf"):
		b.data = b.data[:copy(b.data, b.data[3:])]
	case strings.HasPrefix(start, "\xff\xfe"), strings.HasPrefix(start, "\xfe\xff"):
		return errors.New("the file is UTF-16; add encoding: utf-16 to its source")
	case strings.HasPrefix(start, "PAR1"):
		return errors.New("the file is Parquet, not text; say format: parquet")
	case strings.HasPrefix(start, "\x1f\x8b"), strings.HasPrefix(start, "\x28\xb5\x2f\xfd"):
		return errors.New("the file is compressed; let its name end in .gz or .zst")
	case strings.HasPrefix(start, "PK\x03\x04"):
		return errors.New("the file is a ZIP archive or a spreadsheet; unpack it, or save it as CSV")
	}
	return nil
}
