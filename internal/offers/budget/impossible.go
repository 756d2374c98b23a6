package budget

import (
	"fmt"
	"math"
	"strings"
)

// Impossible is a wish that cannot be granted: what a limit needs at least for the others to be kept, and what it allows.
// Of a limit that asks for at least something, Need is what it asks for, and Allowed the most that there can be.
type Impossible struct {
	Limit   string
	Need    int64
	Allowed int64
	For     []string // the limits that need it; empty: nothing but itself
	About   bool     // Need was found on a sample
}

// Error says it in numbers.
func (e Impossible) Error() string {
	about := ""
	if e.About {
		about = "about "
	}
	text := fmt.Sprintf("%s needs %s%d, and %d are allowed", e.Limit, about, e.Need, e.Allowed)
	if len(e.For) > 0 {
		text += ", for " + strings.Join(e.For, " and ")
	}
	return text
}

// Alone finds a limit that asks for more than there is, whatever the others say.
func (t *Table) Alone(limits []Limit) error {
	most := t.Reachable(limits)
	for j, l := range limits {
		if l.Most < 0 && most[j] < -l.Most {
			return Impossible{Limit: l.Name, Need: -l.Most, Allowed: most[j]}
		}
	}
	return nil
}

// Reachable is the most that each limit which asks for at least something could get; zero for the others.
func (t *Table) Reachable(limits []Limit) []int64 {
	out := make([]int64, len(limits))
	for j, l := range limits {
		if l.Most >= 0 {
			continue
		}
		for i := range t.Len() {
			if !l.covers(int(t.class[i])) {
				continue
			}
			least := int64(0)
			for k := range t.options {
				if t.possible(i, k) {
					least = min(least, t.use(l, i, k))
				}
			}
			out[j] -= least
		}
	}
	return out
}

// conflict finds the limit that falls shortest of what the others need of it.
func (t *Table) conflict(limits []Limit, drawn float64) error {
	sample := t.Every((t.Len() + sampleSize - 1) / sampleSize)
	share := float64(sample.Len()) / float64(max(t.Len(), 1))
	var worst error
	shortest := 1 + 1e-6
	for j, l := range limits {
		if l.Most < 0 || l.Most > math.MaxInt64/4 {
			continue
		}
		others := append([]Limit(nil), limits...)
		others[j].Most = math.MaxInt64 / 2
		goal := aim{limit: j}
		b, level := sample.begin(others, share, drawn, sampleSize, goal)
		if b.impossible {
			continue // the others contradict each other without it
		}
		s := newSearch(others, drawn, b, level.gauge, share, fullRounds)
		s.goal = &goal
		if share < 1 { // the sample stands for all
			for j := range others {
				s.Limits[j].Most = int64(float64(s.Limits[j].Most) * share)
				s.Sizes[j] *= share
			}
			for i := range s.Bend {
				s.Bend[i] *= share
			}
		}
		s.run(sample)
		need := -s.Bound / share
		if short := need / max(float64(l.Most), 1); short > shortest {
			shortest = short
			found := Impossible{Limit: l.Name, Need: int64(math.Ceil(need - 1e-6*math.Abs(need))), Allowed: l.Most, About: share < 1}
			for i, price := range s.Near.Prices {
				if price*s.Sizes[i] > 1e-3*need*share {
					found.For = append(found.For, limits[i].Name)
				}
			}
			worst = found
		}
	}
	return worst
}
