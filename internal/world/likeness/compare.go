package likeness

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/danbi-project/danbi/internal/world"
)

// A Marginal is one thing that both can be asked for: shares by bin of the files and of the world.
type Marginal struct {
	Key      string    `json:"key"` // see words in page.go
	Bins     []string  `json:"bins"`
	Files    []float64 `json:"files"`
	World    []float64 `json:"world"`
	Distance float64   `json:"distance"` // total variation: the share that would have to move
}

// Simulate lives a population of the fit's parameters for as long as the book lasts, and keeps who bought anything, for
// the files know no others either.
func Simulate(f *Fit, b *Book, seed uint64) (*Book, error) {
	until := time.Unix(b.To, 0).In(world.Home)
	year := min(max(until.Year(), 2015), 2050)
	months := int(math.Min(math.Ceil(b.Days()/30.4), 60))
	w, err := world.New(world.Population{
		Customers: uint32(min(max(3*len(b.Customers), 6_000), 40_000)), Months: months, Seed: seed, Parameters: f.Parameters,
		Until: time.Date(year, until.Month(), until.Day(), 0, 0, 0, 0, world.Home).AddDate(0, 0, 1),
	})
	if err != nil {
		return nil, fmt.Errorf("a world like these files can't be: %w", err)
	}
	from := w.From()
	to := from.Add(time.Duration(b.To-b.From) * time.Second)
	if to.After(w.Until) {
		to = w.Until
	}
	out := &Book{From: from.Unix(), To: to.Unix(), Categories: len(world.Categories())}
	o := w.Oracle()
	var buffer []world.Purchase
	for key := uint32(1); key <= w.Customers; key++ {
		o.Meet(key)
		buffer = o.Purchases(buffer[:0], from, to)
		if len(buffer) == 0 {
			continue
		}
		all := make([]Purchase, len(buffer))
		for i, q := range buffer {
			all[i] = Purchase{q.At.Unix(), q.Hour, q.Amount, q.Category, q.Brand}
		}
		slices.SortFunc(all, func(x, y Purchase) int { return int(x.At - y.At) })
		out.Customers = append(out.Customers, all)
		out.Purchases += len(all)
	}
	return out, nil
}

// Compare asks both books for everything that both can say. One minor unit of the files is scale won of the world, and
// major of them are the currency's unit, in which amounts are shown.
func Compare(files, simulated *Book, scale, major float64) []Marginal {
	var out []Marginal
	add := func(key string, bins []string, of func(*Book) []float64) {
		m := Marginal{Key: key, Bins: bins, Files: normal(of(files)), World: normal(of(simulated))}
		for i := range m.Files {
			m.Distance += math.Abs(m.Files[i]-m.World[i]) / 2
		}
		out = append(out, m)
	}
	add("count", bounds("", []float64{1, 2, 3, 5, 9, 17, 33, 65}), func(b *Book) []float64 {
		return histogram(b, []float64{1, 2, 3, 5, 9, 17, 33, 65}, func(c []Purchase, put func(float64)) { put(float64(len(c))) })
	})
	gaps := []float64{0, 1, 2, 4, 8, 15, 31, 61, 121}
	add("gap", bounds("", gaps), func(b *Book) []float64 {
		return histogram(b, gaps, func(c []Purchase, put func(float64)) {
			for i := 1; i < len(c); i++ {
				put(float64(c[i].At-c[i-1].At) / 86_400)
			}
		})
	})
	add("month", monthNames(files), func(b *Book) []float64 { return active(b, len(monthNames(files))) })
	edges := amountEdges(files)
	for _, by := range []string{"amount", "mean"} {
		add(by, bounds("amount", units(edges, major)), func(b *Book) []float64 {
			factor := 1.0
			if b == simulated {
				factor = scale
			}
			return histogram(b, edges, func(c []Purchase, put func(float64)) {
				sum := 0.0
				for _, q := range c {
					if sum += float64(q.Amount); by == "amount" {
						put(float64(q.Amount) / factor)
					}
				}
				if by == "mean" {
					put(sum / float64(len(c)) / factor)
				}
			})
		})
	}
	if files.Categories > 1 {
		ranks := []float64{1, 2, 4, 7, 13, 31}
		add("category", bounds("", ranks), func(b *Book) []float64 { return ranked(b, ranks) })
	}
	places := []string{"1", "2", "3", "4", "5", "6", "7+"}
	add("own_category", places, func(b *Book) []float64 { return ownRanks(b, 6, func(q Purchase) (int, int) { return 0, q.Category }) })
	add("own_brand", places, func(b *Book) []float64 {
		return ownRanks(b, 6, func(q Purchase) (int, int) { return q.Category + 1, q.Brand })
	})
	hours := make([]string, 24)
	for h := range hours {
		hours[h] = fmt.Sprint(h)
	}
	add("hour", hours, func(b *Book) []float64 {
		var n [24]float64
		for _, c := range b.Customers {
			for _, q := range c {
				n[q.Hour]++
			}
		}
		return n[:]
	})
	return out
}

func normal(counts []float64) []float64 {
	total := 0.0
	for _, n := range counts {
		total += n
	}
	for i := range counts {
		counts[i] /= math.Max(total, 1)
	}
	return counts
}

// histogram counts values by the lower edges of their bins; what is below the first counts in it.
func histogram(b *Book, edges []float64, each func(c []Purchase, put func(float64))) []float64 {
	out := make([]float64, len(edges))
	for _, c := range b.Customers {
		each(c, func(v float64) {
			i := len(edges) - 1
			for i > 0 && v < edges[i] {
				i--
			}
			out[i]++
		})
	}
	return out
}

// bounds names bins by what they begin with; of whole numbers also by their end.
func bounds(kind string, edges []float64) []string {
	out := make([]string, len(edges))
	for i, e := range edges {
		switch {
		case i == len(edges)-1:
			out[i] = fmt.Sprintf("%.4g+", e)
		case kind == "" && edges[i+1]-e > 1:
			out[i] = fmt.Sprintf("%.0f–%.0f", e, edges[i+1]-1)
		default:
			out[i] = fmt.Sprintf("%.4g", e)
		}
	}
	return out
}

// amountEdges are twelve bins on a logarithmic scale around what people spend, in minor units and rounded.
func amountEdges(b *Book) []float64 {
	var all []float64
	for _, c := range b.Customers {
		for _, q := range c {
			all = append(all, float64(q.Amount))
		}
	}
	slices.Sort(all)
	low, high := math.Max(all[len(all)/100], 1), all[len(all)*99/100]
	const bins = 12
	var out []float64
	for i := range bins {
		v := low * math.Pow(high/low, float64(i)/bins)
		digits := math.Pow(10, math.Floor(math.Log10(v))-1)
		if v = math.Round(v/digits) * digits; len(out) == 0 || v > out[len(out)-1] {
			out = append(out, v)
		}
	}
	return out
}

func units(edges []float64, major float64) []float64 {
	out := make([]float64, len(edges))
	for i, e := range edges {
		out[i] = e / major
	}
	return out
}

func monthNames(b *Book) []string {
	out := make([]string, max(1, int(math.Round(b.Days()/30.4))))
	for i := range out {
		out[i] = fmt.Sprint(i + 1)
	}
	return out
}

// active counts, for each month of the time, who bought in it.
func active(b *Book, months int) []float64 {
	out := make([]float64, months)
	for _, c := range b.Customers {
		last := -1
		for _, q := range c {
			if m := int(float64(q.At-b.From) / float64(b.To-b.From) * float64(months)); m != last && m < months {
				out[m]++
				last = m
			}
		}
	}
	return out
}

// ranked are the shares of the categories by their rank: of the largest, of the next two, and so on.
func ranked(b *Book, from []float64) []float64 {
	counts := map[int]float64{}
	for _, c := range b.Customers {
		for _, q := range c {
			counts[q.Category]++
		}
	}
	out := make([]float64, len(from))
	for i, n := range top(counts, len(counts)) {
		bin := len(from) - 1
		for bin > 0 && float64(i+1) < from[bin] {
			bin--
		}
		out[bin] += n
	}
	return out
}

// top are the largest counts, the largest first, and last the sum of the rest.
func top(counts map[int]float64, ranks int) []float64 {
	var all []float64
	for _, n := range counts {
		all = append(all, n)
	}
	slices.Sort(all)
	slices.Reverse(all)
	out := make([]float64, ranks+1)
	for i, n := range all {
		out[min(i, ranks)] += n
	}
	return out
}

// ownRanks are the shares of each customer's own largest things, within a group, of those who bought from it five to
// fifty times: how much people keep to what they know.
func ownRanks(b *Book, ranks int, of func(Purchase) (group, thing int)) []float64 {
	out := make([]float64, ranks+1)
	for _, c := range b.Customers {
		groups := map[int]map[int]float64{}
		sizes := map[int]int{}
		for _, q := range c {
			group, thing := of(q)
			if groups[group] == nil {
				groups[group] = map[int]float64{}
			}
			groups[group][thing]++
			sizes[group]++
		}
		for group, counts := range groups {
			if sizes[group] < 5 || sizes[group] > 50 {
				continue
			}
			for i, n := range top(counts, ranks) {
				out[i] += n / float64(sizes[group])
			}
		}
	}
	return out
}
