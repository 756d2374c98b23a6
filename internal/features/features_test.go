package features

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestHoursFollowTheZonesRules(t *testing.T) {
	to := time.Date(2026, 11, 15, 3, 30, 0, 0, time.UTC)
	from := to.AddDate(-1, 0, 0)
	// Half and quarter hours, both hemispheres, Ramadan's pause, a change of half an hour.
	zones := []string{"Asia/Seoul", "America/New_York", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Casablanca", "America/St_Johns", "UTC", "Pacific/Chatham"}
	rapid.Check(t, func(r *rapid.T) {
		name := rapid.SampledFrom(zones).Draw(r, "zone")
		zone, err := time.LoadLocation(name)
		require.NoError(r, err)
		offsets, err := OffsetsOf(name, from, to)
		require.NoError(r, err)
		at := rapid.Int64Range(from.Unix(), to.Unix()-1).Draw(r, "at")
		require.Equal(r, time.Unix(at, 0).In(zone).Hour(), offsets.Hour(uint32(at)))
	})
	for _, name := range []string{"", "Local", "Mars/Olympus", "서울"} {
		_, err := OffsetsOf(name, from, to)
		require.Error(t, err, name)
	}
}

func TestChangesAreWhereTheClockJumps(t *testing.T) {
	from := time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC)
	o, err := OffsetsOf("Europe/Berlin", from, from.AddDate(1, 0, 0))
	require.NoError(t, err)
	autumn := time.Date(2025, 10, 26, 1, 0, 0, 0, time.UTC)
	require.EqualValues(t, 7200, o.Base)
	require.EqualValues(t, autumn.Unix(), o.At[0])
	require.EqualValues(t, -3600, o.By[0])
	require.EqualValues(t, Never, o.At[2])
	require.Equal(t, 2, o.Hour(uint32(autumn.Unix())-1), "02:59:59 in summer")
	require.Equal(t, 2, o.Hour(uint32(autumn.Unix())), "02:00:00 again")
}

func TestShardsCoverEveryCustomerOnce(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		b := Buckets{Width: uint32(rapid.IntRange(1, 500).Draw(r, "width"))}
		b.Transactions = rapid.SliceOfN(rapid.Uint64Range(0, 10_000), 1, 64).Draw(r, "transactions")
		full := b.Width * uint32(len(b.Transactions))
		b.Last = full - uint32(rapid.IntRange(0, int(b.Width)-1).Draw(r, "short"))
		n := rapid.IntRange(1, 70).Draw(r, "n")
		shards := b.Cut(n)
		require.LessOrEqual(r, len(shards), n)
		require.Equal(r, min(n, len(b.Transactions)), len(shards))
		next := uint32(1)
		for i, s := range shards {
			require.Equal(r, i, s.Index)
			require.Equal(r, len(shards), s.Of)
			require.Equal(r, next, s.Low)
			require.GreaterOrEqual(r, s.High, s.Low)
			next = s.High + 1
		}
		require.Equal(r, b.Last+1, next)
	})
}

func TestShardsShareTheWork(t *testing.T) {
	b := Buckets{Width: 10, Last: 40_960, Transactions: make([]uint64, 4096)}
	for i := range b.Transactions {
		b.Transactions[i] = uint64(max(0, 1000-i)) // a few early customers do most of the buying
	}
	var most, total uint64
	for _, s := range b.Cut(16) {
		var work uint64
		for i := (s.Low - 1) / b.Width; i < s.High/b.Width; i++ {
			work += b.Transactions[i] + workOfCustomer*uint64(b.Width)
		}
		most, total = max(most, work), total+work
	}
	require.LessOrEqual(t, most, total/16+2*1100)
}

func TestNumberOfShards(t *testing.T) {
	for customers, shards := range map[uint64]int{0: 4, 1: 4, 1_000_000: 4, 1_000_001: 5, 16_000_000: 64, 100_000_000: 64} {
		require.Equal(t, shards, ShardsFor(customers), customers)
	}
}
