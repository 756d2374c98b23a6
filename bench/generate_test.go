package main

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/importing"
)

func TestTheGeneratorCountsWhatItWrites(t *testing.T) {
	write := func(seed uint64) (importTruth, []byte) {
		g := &generator{dir: t.TempDir(), rows: 20_000, members: 1_000, random: rand.New(rand.NewPCG(seed, 0))}
		require.NoError(t, g.write())
		var all []byte
		var size int64
		files, err := filepath.Glob(filepath.Join(g.dir, "*.csv"))
		require.NoError(t, err)
		require.Len(t, files, 2+salesMonths)
		for _, file := range files {
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			all, size = append(all, data...), size+int64(len(data))
		}
		require.Equal(t, g.truth.Bytes, size)
		_, err = importing.Load(filepath.Join(g.dir, "import.yaml"))
		require.NoError(t, err)
		return g.truth, all
	}
	truth, data := write(1)
	require.EqualValues(t, truth.Records, bytes.Count(data, []byte("\n"))-2-salesMonths)
	require.EqualValues(t, truth.Records, truth.Customers+truth.Products+truth.Transactions+truth.quarantined())
	require.EqualValues(t, truth.Alien, strings.Count(string(data), "nobody-"))
	for _, bad := range []uint64{truth.BadDates, truth.Negative, truth.Short, truth.Alien} {
		require.NotZero(t, bad)
	}
	again, same := write(1)
	require.Equal(t, truth, again)
	require.Equal(t, data, same)
	_, other := write(2)
	require.NotEqual(t, data, other)
}
