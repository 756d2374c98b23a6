package likeness

import "github.com/danbi-project/danbi/internal/world"

// hours fits the shares of the archetypes by expectation-maximisation, and then how much people keep to an hour of their
// own, by how likely two purchases of one customer fall into the same hour.
func (f *Fit) hours(b *Book) {
	var counts [24]float64
	same, pairs := 0.0, 0.0
	for _, c := range b.Customers {
		own := map[int]float64{}
		for _, q := range c {
			counts[q.Hour]++
			own[q.Hour]++
		}
		s, n := repeats(own)
		same, pairs = same+s, pairs+n
	}
	p := &f.Parameters
	for range 3 {
		f.mixture(counts)
		p.HourOwn = bisect(0, 0.9, same/pairs, func(own float64) float64 {
			market := *p
			market.HourOwn = own
			return world.SameHour(market)
		})
	}
}

func (f *Fit) mixture(counts [24]float64) {
	p := &f.Parameters
	shapes := world.ArchetypeHours(*p)
	shares := make([]float64, len(shapes))
	for i := range shares {
		shares[i] = 1 / float64(len(shares))
	}
	for range 300 {
		next, total := make([]float64, len(shares)), 0.0
		for h, n := range counts {
			mix := 0.0
			for i := range shapes {
				mix += shares[i] * shapes[i][h]
			}
			for i := range shapes {
				if mix > 0 {
					next[i] += n * shares[i] * shapes[i][h] / mix
				}
			}
			total += n
		}
		for i := range next {
			shares[i] = next[i] / total
		}
	}
	for i, of := range []*float64{&p.HourEarly, &p.HourLunch, &p.HourEvening, &p.HourDay, &p.HourNight, &p.HourAny} {
		*of = shares[i]
	}
}
