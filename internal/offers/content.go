package offers

import (
	"math"
	"slices"
	"sort"
	"strings"

	"github.com/danbi-project/danbi/internal/campaign"
)

// ContentCell is what one kind of content did in one part of the customers, beside others: a factor on how many the offer
// moves. It is 1 for contents on average.
type ContentCell struct {
	Content   string  `json:"content"` // as ContentKey names it
	Idle      int     `json:"idle"`    // part by the chance to buy nothing, the lowest first
	Own       bool    `json:"own"`     // the content is about the category that the customer spends most on
	Customers uint64  `json:"customers"`
	Reached   float64 `json:"reached"` // share who reached their goal
	Factor    Known   `json:"factor"`  // shrunk towards 1
}

// ContentKey is what a content is known by in later campaigns: what it is like, or its own id where that is not said.
func ContentKey(c campaign.Content) string {
	var parts []string
	for _, part := range [...][2]string{{"theme", c.Theme}, {"tone", c.Tone}, {"picture", c.Picture}, {"category", c.Category}} {
		if part[1] != "" {
			parts = append(parts, part[0]+"="+part[1])
		}
	}
	if len(parts) == 0 {
		return c.ID
	}
	return strings.Join(parts, " ")
}

// Until contents have been seen, they are believed to differ by as much; and every content keeps a part of the customers,
// so that what is believed of it can be mended.
const (
	contentDiffers = 0.15
	contentExplore = 0.10
)

// contents adds up, by content and part of the customers, who reached their goal against what the offer explains.
func (k *Knowledge) contents(examples []example, folds [2]response) {
	type place struct {
		content string
		idle    int
		own     bool
	}
	sums := map[place]*cellSums{}
	var common cellSums
	for i := range examples {
		e := &examples[i]
		if e.past.Content == "" {
			continue
		}
		at := place{e.past.Content, sort.SearchFloat64s(k.Idles, e.forecast.Zero), e.past.Own}
		if sums[at] == nil {
			sums[at] = &cellSums{}
		}
		// Against the offer's own factor, so that a content is not praised for the offers that it stood beside.
		factor := k.factor(armOf(e.past.Reward, e.past.Threshold, e.forecast.Mean), k.segment(e.forecast)).Mean
		moved := folds[e.fold].moved(e, k.Rate) * factor
		p := min(max(e.without+moved, 1e-6), 1-1e-6)
		for _, s := range []*cellSums{sums[at], &common} {
			s.customers, s.reached, s.without, s.claimed, s.variance = s.customers+1, s.reached+bit(e.reached), s.without+e.without, s.claimed+moved, s.variance+p*(1-p)
		}
	}
	places := make([]place, 0, len(sums))
	for at := range sums {
		places = append(places, at)
	}
	slices.SortFunc(places, func(a, b place) int {
		if c := strings.Compare(a.content, b.content); c != 0 {
			return c
		}
		return 2*(a.idle-b.idle) + int(bit(a.own)-bit(b.own))
	})
	k.Contents = nil
	level := 1.0 // of contents on average in these campaigns
	if common.claimed > 5 {
		level = min(max((common.reached-common.without)/common.claimed, 0.2), 5)
	}
	var each []Known
	raw := make([]Known, len(places))
	for i, at := range places {
		if s := sums[at]; s.claimed > 0.5 {
			raw[i] = Known{(s.reached - s.without) / s.claimed / level, math.Sqrt(s.variance) / s.claimed / level}
			each = append(each, raw[i])
		}
	}
	differs := contentDiffers
	if len(each) > 0 {
		_, differs = pool(each, Known{1, 0.02}, contentDiffers)
	}
	for i, at := range places {
		s, factor := sums[at], Known{1, differs}
		if raw[i].Deviation > 0 {
			prior, seen := 1/(differs*differs), 1/(raw[i].Deviation*raw[i].Deviation)
			factor = Known{(prior + seen*raw[i].Mean) / (prior + seen), math.Sqrt(1 / (prior + seen))}
		}
		k.Contents = append(k.Contents, ContentCell{Content: at.content, Idle: at.idle, Own: at.own, Customers: uint64(s.customers), Reached: s.reached / s.customers, Factor: factor})
	}
}

// contentOdds are the chances of each of a campaign's contents: of being the best by what is known of it, mixed with an even
// draw. Where nothing is known the draw is even.
func (k *Knowledge) contentOdds(contents []campaign.Content, idle int, own uint16) []float64 {
	odds := make([]float64, len(contents))
	known := make([]Known, len(contents))
	any := false
	for i, c := range contents {
		known[i] = Known{1, contentDiffers}
		key := ContentKey(c)
		for _, cell := range k.Contents {
			if cell.Content == key && cell.Idle == idle && cell.Own == (own > 0 && int(own) == i+1) {
				known[i], any = cell.Factor, true
			}
		}
	}
	for i := range odds {
		best := 1 / float64(len(odds))
		if any {
			best = bestChance(known, i)
		}
		odds[i] = best
	}
	sum := 0.0
	for _, p := range odds {
		sum += p
	}
	for i := range odds {
		odds[i] = (1-contentExplore)*odds[i]/sum + contentExplore/float64(len(odds))
	}
	return odds
}

// bestChance is the chance that one of several independent normals is the largest (Thompson's rule, Biometrika 1933, worked
// out instead of drawn, so that it can be logged): the integral of its density times the others' distributions.
func bestChance(known []Known, i int) float64 {
	const parts = 200
	at, sum := known[i], 0.0
	d := max(at.Deviation, 1e-6)
	for n := range parts {
		z := -6 + 12*(float64(n)+0.5)/parts
		p := math.Exp(-z*z/2) / math.Sqrt(2*math.Pi) * 12 / parts
		x := at.Mean + d*z
		for j, other := range known {
			if j != i {
				p *= 1 - normalAbove((x-other.Mean)/max(other.Deviation, 1e-6))
			}
		}
		sum += p
	}
	return sum
}

// contentFor draws the content of a customer's message, and says with which chance; -1 where there is none.
func (l *Ladder) contentFor(d Draws, c Customer, f Forecast, variants int) (int, float64) {
	if variants == 0 {
		return -1, 0
	}
	if len(l.known.Contents) == 0 || variants != len(l.contents) {
		return d.Content(c.Key, variants), 1 / float64(variants)
	}
	odds := l.odds[sort.SearchFloat64s(l.known.Idles, f.Zero)*(variants+1)+min(int(c.Theme), variants)]
	luck := campaign.Uniform(d.Salt, d.Run.Experiment("content"), c.Key)
	for i, p := range odds {
		if luck -= p; luck < 0 {
			return i, p
		}
	}
	return variants - 1, odds[variants-1]
}
