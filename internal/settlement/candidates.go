package settlement

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"github.com/danbi-project/danbi/internal/money"
)

// ErrSetChanged says that a set of candidates is no longer what the attempt that wrote it said.
var ErrSetChanged = errors.New("the candidates are not those that were found")

// Set names what one attempt to qualify a shard found. The workflow fixes one for each shard; only these become
// redemptions, so a worker that was thought dead adds nothing.
type Set struct {
	Attempt    uint64      `json:"attempt,string"`
	Reached    uint64      `json:"reached"` // offers that reached somebody
	Candidates uint64      `json:"candidates"`
	Due        money.Minor `json:"due"`
	Checksum   uint64      `json:"checksum,string"`
}

// Cut is the last reward of an offer, on one day or in all: candidates that come later in the order of purchases are
// refused.
type Cut struct {
	Offer    string    `json:"offer"`
	Day      string    `json:"day,omitempty"` // of the spec's zone; empty: in all
	At       time.Time `json:"at"`
	Purchase uint64    `json:"purchase,string"`
	Customer uint32    `json:"customer_key"`
	Round    uint16    `json:"round"`
	Refused  uint64    `json:"refused"`
}

// CutFirstComers refuses, of the candidates of one offer, those that come after its limits: first of each day, then of
// all that are left. The order is that of the purchases: time, purchase, customer, round.
func CutFirstComers(t Terms, o OfferTerms, candidates []Redemption) (admitted []Redemption, cuts []Cut) {
	sorted := slices.Clone(candidates)
	slices.SortFunc(sorted, func(a, b Redemption) int {
		return cmp.Or(a.QualifiedAt.Compare(b.QualifiedAt), cmp.Compare(a.Purchase, b.Purchase), cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.Round, b.Round))
	})
	refused := map[string]uint64{}
	last := map[string]Redemption{}
	byDay := map[string]int{}
	total := 0
	for _, r := range sorted {
		day := r.QualifiedAt.In(t.Zone).Format(time.DateOnly)
		switch {
		case o.FirstCome.Day > 0 && byDay[day] >= o.FirstCome.Day:
			refused[day]++
			continue
		case o.FirstCome.Total > 0 && total >= o.FirstCome.Total:
			byDay[day]++
			last[day] = r
			refused[""]++
			continue
		}
		byDay[day]++
		total++
		last[day], last[""] = r, r
		admitted = append(admitted, r)
	}
	for day, n := range refused {
		r := last[day]
		cuts = append(cuts, Cut{Offer: o.ID, Day: day, At: r.QualifiedAt, Purchase: r.Purchase, Customer: r.Customer, Round: r.Round, Refused: n})
	}
	slices.SortFunc(cuts, func(a, b Cut) int { return cmp.Compare(a.Day, b.Day) })
	return admitted, cuts
}
