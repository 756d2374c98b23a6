package offers

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/danbi-project/danbi/internal/money"
)

// Ten offers for each of a thousand customers with a year of history: what one activity spends most of its time on.
func BenchmarkTenOptions(b *testing.B) {
	var rewards []money.Minor
	for i := range 10 {
		rewards = append(rewards, money.Minor(2000*(i+1)))
	}
	l := ladder(b, rewards...)
	rng := rand.New(rand.NewPCG(3, 3))
	customers := make([]Customer, 1000)
	for i := range customers {
		customers[i] = Customer{Key: uint32(i), Tenure: 700, Months: make([]int64, 12)}
		level := math.Exp(rng.NormFloat64()*0.8 + 11)
		for m := range customers[i].Months {
			if rng.Float64() < 0.8 {
				customers[i].Months[m] = int64(level * math.Exp(rng.NormFloat64()*0.6))
			}
		}
	}
	var options []Option
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		_, options = l.Options(customers[i%len(customers)], options)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(rewards)), "ns/option")
}
