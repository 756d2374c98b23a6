package forest

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// randomBins are columns of any bins, of which some are often missing.
func randomBins(r *rand.Rand, features, rows int) [][]uint8 {
	bins := make([][]uint8, features)
	for k := range bins {
		bins[k] = make([]uint8, rows)
		for i := range bins[k] {
			if r.IntN(8) > 0 {
				bins[k][i] = uint8(r.IntN(256))
			}
		}
	}
	return bins
}

// randomForest has complete trees, as training on many rows gives them.
func randomForest(r *rand.Rand, features, trees, depth int) *Forest {
	f := &Forest{Features: features, Base: r.Float32() - 0.5, Link: Logit}
	for range trees {
		t := make(Tree, 2<<depth-1)
		for i := range t {
			t[i].Cover = 1
			if i < 1<<depth-1 {
				t[i].Left, t[i].Right = int32(2*i+1), int32(2*i+2)
				t[i].Feature, t[i].Cut, t[i].MissingRight = uint16(r.IntN(features)), uint8(r.IntN(255)), r.IntN(2) == 0
			} else {
				t[i].Value = r.Float32()*0.2 - 0.1
			}
		}
		f.Trees = append(f.Trees, t)
	}
	return f
}

// Every path must give the bits of the plain one: for any trees, any bins, any number of rows.
func TestEveryPathIsThePlainOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		features := rapid.IntRange(1, 6).Draw(t, "features")
		var forests []*Forest
		for range rapid.IntRange(1, 3).Draw(t, "forests") {
			forests = append(forests, drawForest(t, features, rapid.IntRange(0, 5).Draw(t, "trees"), MaxDepth))
		}
		rows := rapid.OneOf(rapid.IntRange(1, 1100), rapid.SampledFrom([]int{1, 255, 256, 257, 511, 512, 513, 1024})).Draw(t, "rows")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		samePaths(t, forests, randomBins(r, features, rows))
	})
}

func FuzzEveryPathIsThePlainOne(f *testing.F) {
	f.Add(uint64(1), uint16(700), uint8(40), uint8(7))
	f.Fuzz(func(t *testing.T, seed uint64, rows uint16, features, trees uint8) {
		r := rand.New(rand.NewPCG(seed, 1))
		width := 1 + int(features)
		forests := []*Forest{randomForest(r, width, int(trees%16), r.IntN(MaxDepth+1)), randomForest(r, width, 3, MaxDepth)}
		samePaths(t, forests, randomBins(r, width, 1+int(rows%3000)))
	})
}

func samePaths(t require.TestingT, forests []*Forest, bins [][]uint8) {
	rows := len(bins[0])
	want := make([][]float32, len(forests))
	for i, f := range forests {
		want[i] = make([]float32, rows)
		f.scorePlain(bins, want[i])
	}
	for _, way := range paths {
		k := newKernel(way, forests)
		require.NotNil(t, k)
		const guard = -12345
		got, room := make([][]float32, len(forests)), make([][]float32, len(forests))
		for i := range got {
			room[i] = make([]float32, rows+1)
			room[i][rows] = guard
			got[i] = room[i][:rows:rows]
		}
		k.score(forests, bins, got)
		require.Equal(t, want, got, way.name)
		for i := range room {
			require.Equal(t, float32(guard), room[i][rows], "%s writes behind the end", way.name)
		}
	}
}

func TestTreesTooDeepForTheKernelAreScored(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	f := randomForest(r, 3, 2, MaxDepth+2)
	require.Nil(t, newKernel(portable, []*Forest{f}))
	bins := randomBins(r, 3, 100)
	want, got := make([]float32, 100), make([]float32, 100)
	f.scorePlain(bins, want)
	require.NoError(t, f.Score(bins, got))
	require.Equal(t, want, got)
}

// BenchmarkScore counts rows by seconds of processor time: others may use the machine too.
func BenchmarkScore(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	f := []*Forest{randomForest(r, 40, 100, MaxDepth)}
	const rows = 1 << 15
	bins := randomBins(r, 40, rows)
	out := [][]float32{make([]float32, rows)}
	run := func(name string, score func()) {
		b.Run(name, func(b *testing.B) {
			began, scored := processorTime(b), 0
			for b.Loop() {
				score()
				scored += rows
			}
			b.ReportMetric(float64(scored)/(processorTime(b)-began).Seconds()/1e6, "Mrows/cpu-s")
		})
	}
	for _, way := range paths {
		k := newKernel(way, f)
		run(way.name, func() { k.score(f, bins, out) })
	}
	run("plain", func() { f[0].scorePlain(bins, out[0]) })
}

func processorTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
