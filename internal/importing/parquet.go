package importing

import (
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"
)

// parquetReader reads rows of a Parquet file as texts, so that one set of
// casts serves all formats. Numbers and times become texts without loss.
type parquetReader struct {
	file   *parquet.File
	header []string
	leaves []parquetLeaf // by the file's leaf column; text is nil where it is not read
	groups []parquet.RowGroup
	rows   parquet.Rows
	next   uint64
}

type parquetLeaf struct {
	at   int // in the header
	text func(parquet.Value) string
}

// parquetRows is how many rows a block has.
const parquetRows = 8192

// NewParquetReader opens a Parquet file, checking its footer.
func NewParquetReader(r io.ReaderAt, size int64) (reader Reader, err error) {
	defer recovered(&err)
	if size == 0 {
		return nil, errors.New("the file is empty")
	}
	file, err := parquet.OpenFile(r, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, fmt.Errorf("this is not a whole Parquet file; was it cut off when it was copied? (%w)", err)
	}
	p := &parquetReader{file: file, groups: file.RowGroups(), next: 1}
	for _, path := range file.Schema().Columns() {
		column, _ := file.Schema().Lookup(path...)
		var leaf parquetLeaf
		if column.MaxRepetitionLevel == 0 {
			leaf = parquetLeaf{len(p.header), parquetText(column.Node)}
			p.header = append(p.header, strings.Join(path, "."))
		}
		p.leaves = append(p.leaves, leaf)
	}
	return p, nil
}

// recovered turns a panic of the decoder over damaged bytes into an error.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("the Parquet file is damaged: %v", p)
	}
}

func (p *parquetReader) Header() []string { return slices.Clone(p.header) }

// Rows is how many rows the footer promises.
func (p *parquetReader) Rows() int64 { return p.file.NumRows() }

func (p *parquetReader) Next() (block Block, err error) {
	defer recovered(&err)
	batch := make([]parquet.Row, parquetRows)
	for {
		if p.rows == nil {
			if len(p.groups) == 0 {
				if promised := uint64(p.file.NumRows()); p.next-1 != promised {
					return nil, fmt.Errorf("the Parquet file promises %d rows and holds %d", promised, p.next-1)
				}
				return nil, io.EOF
			}
			p.rows, p.groups = p.groups[0].Rows(), p.groups[1:]
		}
		n, err := p.rows.ReadRows(batch)
		ended := errors.Is(err, io.EOF)
		if err != nil && !ended {
			return nil, fmt.Errorf("the Parquet file can't be read after row %d: %w", p.next-1, err)
		}
		if ended {
			if err := p.rows.Close(); err != nil {
				return nil, fmt.Errorf("the Parquet file: %w", err)
			}
			p.rows = nil
		}
		if n > 0 {
			return p.block(batch[:n]), nil
		}
		if !ended {
			return nil, errors.New("the Parquet file gives no rows where it promises some")
		}
	}
}

func (p *parquetReader) block(rows []parquet.Row) Block {
	width := len(p.header)
	b := parquetBlock{values: make([]string, len(rows)*width), width: width, row: p.next}
	for i, row := range rows {
		for _, v := range row {
			if leaf := p.leaves[v.Column()]; leaf.text != nil && !v.IsNull() {
				b.values[i*width+leaf.at] = leaf.text(v)
			}
		}
	}
	p.next += uint64(len(rows))
	return b
}

type parquetBlock struct {
	values []string
	width  int
	row    uint64
}

func (b parquetBlock) Each(record func(uint64, []string) error, _ func(uint64, string) error) error {
	for i := 0; (i+1)*b.width <= len(b.values) && b.width > 0; i++ {
		if err := record(b.row+uint64(i), b.values[i*b.width:(i+1)*b.width]); err != nil {
			return err
		}
	}
	return nil
}

// parquetText says how values of a column are written.
func parquetText(node parquet.Node) func(parquet.Value) string {
	kind := node.Type().Kind()
	if logical := node.Type().LogicalType(); logical != nil {
		switch l := logical.Value.(type) {
		case *format.TimestampType:
			return parquetTime(l)
		case *format.DateType:
			return func(v parquet.Value) string {
				return time.Unix(int64(v.Int32())*86400, 0).UTC().Format(time.DateOnly)
			}
		case *format.DecimalType:
			scale := int(l.Scale)
			return func(v parquet.Value) string { return decimalText(parquetInteger(v), scale) }
		case *format.IntType:
			if l.IsSigned {
				break
			}
			if kind == parquet.Int32 {
				return func(v parquet.Value) string { return strconv.FormatUint(uint64(v.Uint32()), 10) }
			}
			return func(v parquet.Value) string { return strconv.FormatUint(v.Uint64(), 10) }
		}
	}
	switch kind {
	case parquet.Boolean:
		return func(v parquet.Value) string { return strconv.FormatBool(v.Boolean()) }
	case parquet.Int32:
		return func(v parquet.Value) string { return strconv.FormatInt(int64(v.Int32()), 10) }
	case parquet.Int64:
		return func(v parquet.Value) string { return strconv.FormatInt(v.Int64(), 10) }
	case parquet.Float:
		// The shortest text that reads back as the same float is the decimal
		// that was once written into it.
		return func(v parquet.Value) string { return strconv.FormatFloat(float64(v.Float()), 'f', -1, 32) }
	case parquet.Double:
		return func(v parquet.Value) string { return strconv.FormatFloat(v.Double(), 'f', -1, 64) }
	case parquet.Int96:
		return func(v parquet.Value) string { return int96Time(v.Int96()).Format("2006-01-02T15:04:05.999999999Z") }
	}
	return func(v parquet.Value) string { return string(v.ByteArray()) }
}

func parquetTime(t *format.TimestampType) func(parquet.Value) string {
	layout := "2006-01-02T15:04:05.999999999"
	if t.IsAdjustedToUTC {
		layout += "Z" // else it is local, in the mapping's zone
	}
	unit := time.Nanosecond
	switch t.Unit.Value.(type) {
	case *format.MilliSeconds:
		unit = time.Millisecond
	case *format.MicroSeconds:
		unit = time.Microsecond
	}
	perSecond := int64(time.Second / unit)
	return func(v parquet.Value) string {
		n := v.Int64()
		return time.Unix(n/perSecond, n%perSecond*int64(unit)).UTC().Format(layout)
	}
}

func parquetInteger(v parquet.Value) *big.Int {
	switch v.Kind() {
	case parquet.Int32:
		return big.NewInt(int64(v.Int32()))
	case parquet.Int64:
		return big.NewInt(v.Int64())
	}
	// Big-endian two's complement.
	raw := v.ByteArray()
	n := new(big.Int).SetBytes(raw)
	if len(raw) > 0 && raw[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(raw))))
	}
	return n
}

func decimalText(n *big.Int, scale int) string {
	if scale == 0 {
		return n.String()
	}
	digits := new(big.Int).Abs(n).String()
	if len(digits) <= scale {
		digits = strings.Repeat("0", scale-len(digits)+1) + digits
	}
	text := digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
	if n.Sign() < 0 {
		text = "-" + text
	}
	return text
}

// int96Time reads the times of old Spark and Hive files: nanoseconds of a day
// and the Julian day, in UTC.
func int96Time(v deprecated.Int96) time.Time {
	const unixEpoch = 2440588
	nanoseconds := int64(v[1])<<32 | int64(v[0])
	return time.Unix((int64(v[2])-unixEpoch)*86400, nanoseconds).UTC()
}
