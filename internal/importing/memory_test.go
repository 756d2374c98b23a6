package importing

import (
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// partOf says whether a text is a part of another's memory.
func partOf(part, whole string) bool {
	at, from := uintptr(unsafe.Pointer(unsafe.StringData(part))), uintptr(unsafe.Pointer(unsafe.StringData(whole)))
	return part != "" && at >= from && at < from+uintptr(len(whole))
}

func TestRareRowsDoNotKeepTheirFileInMemory(t *testing.T) {
	m, err := Parse("m.yaml", []byte("sources: {rows: rows.csv}\n"+salesMapping))
	require.NoError(t, err)
	r, err := NewTextReader(m.Sources[0], CSV, strings.NewReader(salesHeader))
	require.NoError(t, err)
	b, err := NewBinder(m, nil).Bind(m.Sources[0], r.Header())
	require.NoError(t, err)
	columns := len(r.Header())

	w := NewWorker(1 << 16)
	var flushed []int
	w.Flush = func(t *Table) error {
		flushed = append(flushed, t.Rows())
		return nil
	}
	var rejects []Reject
	w.Reject = func(r Reject) error {
		rejects = append(rejects, r)
		return nil
	}
	for i := range 2*mostBlocks + 1 {
		good := strings.Split("member-12345,2026-01-31 08:30,1,23456,S,1.25,3,USD,sku-99", ",")
		require.Len(t, good, columns)
		require.NoError(t, w.Record(b, 0, uint64(i), good)) // one row of each block
		require.NoError(t, w.EndBlock())
	}
	require.Equal(t, []int{mostBlocks, mostBlocks}, flushed)

	block := "member-12345,in January,1,23456,S,1.25,3,USD,sku-99"
	require.NoError(t, w.Record(b, 0, 99, strings.Split(block, ",")))
	require.Len(t, rejects, 1)
	require.Equal(t, "in January", rejects[0].Value)
	require.False(t, partOf(rejects[0].Value, block), "a reject waits for many others before it is sent")
	require.NoError(t, w.Close())
	require.Equal(t, []int{mostBlocks, mostBlocks, 1}, flushed)
}
