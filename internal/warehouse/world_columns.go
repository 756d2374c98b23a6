package warehouse

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/column"
)

// The columns of a block as they are on the wire. Handing clickhouse-go a value at a time costs a boxed interface and a
// map look-up each, which for hundreds of millions of rows is minutes; these are copied as they are.
type (
	// Words is a LowCardinality(String) column: each code names its word. The first word must be "".
	Words struct {
		Dictionary []string
		Codes      []uint16
	}
	// Instants is a DateTime column, in seconds since 1970 UTC.
	Instants []uint32
	// Millis is a DateTime64(3) column, in milliseconds since 1970 UTC.
	Millis []int64
	// Days is a Date column, in days since 1970.
	Days []uint16
	// States is an Enum8 column by its values' numbers.
	States []int8
)

// Columns are a block's columns, in the order of the statement that inserts them. Besides the types above each may be a
// slice of a Go integer, a float or a string.
type Columns []any

// insertColumns inserts one block. With a token, an identical block that was inserted before is not inserted again, as
// long as the table remembers.
func (w *Warehouse) insertColumns(ctx context.Context, statement, token string, columns Columns) error {
	// The rows are distinct, so that collapsing a block before it is written would only cost time.
	settings := clickhouse.Settings{"optimize_on_insert": 0}
	if token != "" {
		settings["insert_deduplicate"] = 1
		settings["insert_deduplication_token"] = token
	}
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(settings))
	batch, err := w.conn.PrepareBatch(ctx, statement)
	if err != nil {
		return err
	}
	defer func() { _ = batch.Close() }() // returns the connection on every path; after Send it does nothing
	targets := batch.Columns()
	if len(targets) != len(columns) {
		return fmt.Errorf("the statement names %d columns, the block has %d", len(targets), len(columns))
	}
	for i, source := range columns {
		if err := fill(targets[i], source); err != nil {
			return fmt.Errorf("column %s: %w", targets[i].Name(), err)
		}
	}
	return batch.Send()
}

func fill(target column.Interface, source any) error {
	switch s := source.(type) {
	case Words:
		return decode(target, s.wire(), len(s.Codes))
	case Instants:
		wire := make([]byte, 0, 4*len(s))
		for _, v := range s {
			wire = binary.LittleEndian.AppendUint32(wire, v)
		}
		return decode(target, wire, len(s))
	case Millis:
		wire := make([]byte, 0, 8*len(s))
		for _, v := range s {
			wire = binary.LittleEndian.AppendUint64(wire, uint64(v))
		}
		return decode(target, wire, len(s))
	case Days:
		wire := make([]byte, 0, 2*len(s))
		for _, v := range s {
			wire = binary.LittleEndian.AppendUint16(wire, v)
		}
		return decode(target, wire, len(s))
	case States:
		wire := make([]byte, len(s))
		for i, v := range s {
			wire[i] = byte(v)
		}
		return decode(target, wire, len(s))
	default:
		_, err := target.Append(source)
		return err
	}
}

// decode fills a column as if a server had sent it.
func decode(target column.Interface, wire []byte, rows int) error {
	return target.Decode(proto.NewReader(bytes.NewReader(wire)), rows)
}

// wire is the body of a LowCardinality column: flags, dictionary, keys. Keys are as wide as the dictionary needs.
func (w Words) wire() []byte {
	const additionalKeys, updateDictionary = 1 << 9, 1 << 10
	narrow := len(w.Dictionary) <= math.MaxUint8
	width := 1
	if !narrow {
		width = 2
	}
	out := make([]byte, 0, 24+16*len(w.Dictionary)+width*len(w.Codes))
	out = binary.LittleEndian.AppendUint64(out, additionalKeys|updateDictionary|uint64(width-1))
	out = binary.LittleEndian.AppendUint64(out, uint64(len(w.Dictionary)))
	for _, word := range w.Dictionary {
		out = binary.AppendUvarint(out, uint64(len(word)))
		out = append(out, word...)
	}
	out = binary.LittleEndian.AppendUint64(out, uint64(len(w.Codes)))
	for _, c := range w.Codes {
		if narrow {
			out = append(out, byte(c))
		} else {
			out = binary.LittleEndian.AppendUint16(out, c)
		}
	}
	return out
}
