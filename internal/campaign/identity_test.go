package campaign

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// These values were computed outside Go, from the definition. They may never change: customers would be mailed and paid twice.
func TestKeysNeverChange(t *testing.T) {
	run := Run{Campaign: "spring-coffee", Occurrence: 1, Plan: 3, Launch: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
	require.Equal(t, "5fb897b8b335f0ce7cebc058d391267c", run.DeliveryID("first", 42).String())
	require.Equal(t, "94e06cff53191161953d99c41970a37a", run.PayoutID(42, "plus-30k", 1).String())
	require.Equal(t, "<5fb897b8b335f0ce7cebc058d391267c@danbi.example>", run.DeliveryID("first", 42).MessageID("danbi.example"))
	require.Equal(t, uint64(0x91dca5ecdd9c9f2b), Hash64("salt", "control/spring-coffee/1", 42))
	require.Equal(t, "eb2727d28e7fe567bc52ebba10d0e25ac61d73cc80268d8cccf37c251c9e7a19", PlanHash(Part{"spec", "aa"}, Part{"audience", "bb"}))

	replanned := run
	replanned.Plan, replanned.Launch = 4, run.Launch.AddDate(0, 1, 0)
	require.Equal(t, run.DeliveryID("first", 42), replanned.DeliveryID("first", 42), "another plan is no other message")
}

func TestKeysOfDifferentThingsDiffer(t *testing.T) {
	run := Run{Campaign: "ab", Occurrence: 1}
	seen := map[ID]string{}
	for name, id := range map[string]ID{
		"delivery":           run.DeliveryID("first", 1),
		"another touch":      run.DeliveryID("reminder", 1),
		"another customer":   run.DeliveryID("first", 2),
		"another occurrence": Run{Campaign: "ab", Occurrence: 2}.DeliveryID("first", 1),
		"another campaign":   Run{Campaign: "abf", Occurrence: 1}.DeliveryID("irst", 1),
		"payout":             run.PayoutID(1, "first", 0),
		"another round":      run.PayoutID(1, "first", 1),
		"another offer":      run.PayoutID(1, "second", 0),
	} {
		require.Empty(t, seen[id], name)
		seen[id] = name
	}
	require.NotEqual(t, PlanHash(Part{"a", "bc"}), PlanHash(Part{"ab", "c"}))
	require.NotEqual(t, PlanHash(Part{"a", "b"}), PlanHash(Part{"a", "b"}, Part{"", ""}))
	require.Equal(t, PlanHash(Part{"a", "1"}, Part{"b", "2"}), PlanHash(Part{"b", "2"}, Part{"a", "1"}))
}

func TestIDsAreReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := Run{Campaign: rapid.String().Draw(t, "campaign")}.DeliveryID("first", rapid.Uint32().Draw(t, "customer"))
		back, err := ParseID(id.String())
		if err != nil || back != id {
			t.Fatalf("%v became %v, %v", id, back, err)
		}
	})
	_, err := ParseID("abc")
	require.Error(t, err)
}

// chiSquare is the statistic of counts against equal expectation.
func chiSquare(counts []int) float64 {
	total, sum := 0, 0.0
	for _, count := range counts {
		total += count
	}
	expected := float64(total) / float64(len(counts))
	for _, count := range counts {
		sum += (float64(count) - expected) * (float64(count) - expected) / expected
	}
	return sum
}

// beyond is a bound that a χ² statistic with so many degrees of freedom exceeds once in a million times (Wilson-Hilferty).
func beyond(freedom int) float64 {
	f := float64(freedom)
	return f * math.Pow(1-2/(9*f)+4.75*math.Sqrt(2/(9*f)), 3)
}

func TestDrawsAreUniformAndIndependent(t *testing.T) {
	const customers, cells = 200_000, 50
	run := Run{Campaign: "spring-coffee", Occurrence: 1}
	next := Run{Campaign: "spring-coffee", Occurrence: 2}
	experiments := []string{ExperimentHoldout, run.Experiment("control"), run.Experiment("explore"), next.Experiment("control")}
	draws := make([][]float64, len(experiments))
	for i, experiment := range experiments {
		counts := make([]int, cells)
		draws[i] = make([]float64, customers)
		for key := range uint32(customers) { // keys are dense, which is what a weak hash would show
			u := Uniform("salt", experiment, key+1)
			require.True(t, u >= 0 && u < 1)
			draws[i][key] = u
			counts[int(u*cells)]++
		}
		require.Less(t, chiSquare(counts), beyond(cells-1), "%s is uniform", experiment)
	}
	for i := range draws {
		for j := range i {
			counts := make([]int, 100)
			for key := range draws[i] {
				counts[int(draws[i][key]*10)*10+int(draws[j][key]*10)]++
			}
			require.Less(t, chiSquare(counts), beyond(99), "%s and %s are independent", experiments[i], experiments[j])
		}
	}
}

func TestAnotherSaltIsAnotherDraw(t *testing.T) {
	same := 0
	for key := range uint32(10_000) {
		if (Uniform("one", ExperimentHoldout, key) < 0.1) == (Uniform("two", ExperimentHoldout, key) < 0.1) {
			same++
		}
	}
	require.InDelta(t, 8200, same, 200) // .9² + .1² if they are independent
	require.NotEqual(t, Hash64("ab", "c", 1), Hash64("a", "bc", 1))
}

func BenchmarkUniform(b *testing.B) {
	for i := range b.N {
		Uniform("danbi-example-2026", "control/card-spend-autumn/1", uint32(i))
	}
}
