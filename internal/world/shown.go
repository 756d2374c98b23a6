package world

import "math"

// BrandsPerCategory is how many brands each category has.
const BrandsPerCategory = brandsPerCategory

// CategoryShares are the market's shares of purchases by category.
func CategoryShares(skew float64) []float64 { return shares(powers(theCatalog.shares, skew)) }

// PriceLevels are the mean and the variance of a purchase's price level, as a logarithm, over the market's categories.
func PriceLevels(skew float64) (mean, variance float64) {
	for i, s := range CategoryShares(skew) {
		mean += s * theCatalog.price[i]
		variance += s * theCatalog.price[i] * theCatalog.price[i]
	}
	return mean, variance - mean*mean
}

// ArchetypeHours is, for each archetype, the share of its people's purchases by hour.
func ArchetypeHours(p Parameters) [][24]float64 {
	out := make([][24]float64, len(archetypes))
	for a := range archetypes {
		for shift := -2; shift <= 2; shift++ {
			for h := range 24 {
				share := archetypeAt[a][h] / 5
				at := (h + shift + 24) % 24
				out[a][at] += (1 - p.HourOwn) * share
				for d := -1; d <= 1; d++ { // around their very own hour, which is one of their archetype's
					out[a][(at+d+24)%24] += p.HourOwn / 3 * share
				}
			}
		}
	}
	return out
}

// SameHour is the chance that two purchases of one customer fall into the same hour.
func SameHour(p Parameters) float64 {
	sum, total := 0.0, 0.0
	for a, of := range p.archetypeShares() {
		total += of
		for peak := range 24 {
			weight := of * archetypeAt[a][peak] // a shift moves the peak along, so one is enough
			person := person{archetype: uint8(a), peak: uint8(peak), market: &p}
			for h := range 24 {
				share := person.activity(h) / 24
				sum += weight * share * share
			}
		}
	}
	return sum / math.Max(total, 1e-12)
}
