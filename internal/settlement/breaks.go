package settlement

import (
	"cmp"
	"slices"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
)

// BreakKind is how our books and the provider's statement disagree about one payout.
type BreakKind string

// The kinds of breaks.
const (
	BreakMissing BreakKind = "missing" // we hold it for paid, the statement does not have it
	BreakUnknown BreakKind = "unknown" // the statement has it, and we never asked for it, or do not hold it for paid
	BreakAmount  BreakKind = "amount"  // both have it, with another amount or currency
	BreakTwice   BreakKind = "twice"   // the statement has it more than once
	Forgone      BreakKind = "forgone" // no break: a person decided that the refused payout will not be made
)

// Break is one disagreement. It stays open from the first statement that shows it until one does not, or until a person
// settles it; should a later statement show it again, it is opened again as its next incident.
type Break struct {
	Payout     campaign.ID
	Kind       BreakKind
	Incident   uint16 // from 1
	Customer   uint32
	Ours       money.Minor
	Theirs     money.Minor
	Currency   string
	Opened     time.Time // campaign time of the first statement that showed it
	Owner      string    // who has to act
	Resolved   bool
	Resolution string // why; empty while it is open
}

// Age is how long a break has been open at an instant.
func (b Break) Age(now time.Time) time.Duration { return max(now.Sub(b.Opened), 0) }

// breakKey is what a break is about.
type breakKey struct {
	payout campaign.ID
	kind   BreakKind
}

func (b Break) key() breakKey { return breakKey{b.Payout, b.Kind} }

// Statement compares payout by payout: ours first, then theirs, in any order.
type Statement struct {
	ours   map[campaign.ID]Payout
	theirs map[campaign.ID][]Payout
}

// NewStatement starts with nothing on either side.
func NewStatement() *Statement {
	return &Statement{ours: map[campaign.ID]Payout{}, theirs: map[campaign.ID][]Payout{}}
}

// Ours takes a payout that we hold for paid. Given twice, it is one.
func (s *Statement) Ours(p Payout) { s.ours[p.Key] = p }

// Theirs takes a line of the provider's statement. Each line counts.
func (s *Statement) Theirs(p Payout) { s.theirs[p.Key] = append(s.theirs[p.Key], p) }

// Breaks are the disagreements of this statement, in order of payout and kind, opened now.
func (s *Statement) Breaks(now time.Time, owner string) []Break {
	var all []Break
	add := func(kind BreakKind, ours, theirs Payout) {
		of := ours
		if of.Currency == "" {
			of = theirs
		}
		all = append(all, Break{Payout: of.Key, Kind: kind, Incident: 1, Customer: of.Customer, Ours: ours.Amount, Theirs: theirs.Amount,
			Currency: of.Currency, Opened: now.UTC().Truncate(time.Second), Owner: owner})
	}
	for key, ours := range s.ours {
		if len(s.theirs[key]) == 0 {
			add(BreakMissing, ours, Payout{})
		}
	}
	for key, lines := range s.theirs {
		ours, known := s.ours[key]
		var sum money.Minor
		unequal := false
		for _, line := range lines {
			sum += line.Amount
			unequal = unequal || line.Amount != ours.Amount || line.Currency != ours.Currency
		}
		total := lines[0]
		total.Amount = sum
		switch {
		case !known:
			add(BreakUnknown, Payout{}, total)
		case unequal:
			add(BreakAmount, ours, lines[0])
		}
		if len(lines) > 1 {
			add(BreakTwice, ours, total)
		}
	}
	slices.SortFunc(all, compareBreaks)
	return all
}

func compareBreaks(a, b Break) int {
	return cmp.Or(slices.Compare(a.Payout[:], b.Payout[:]), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Incident, b.Incident))
}

// Follow holds the breaks of a new statement against those that are kept, the latest incident of each. What is kept open
// and is shown again stays as it is, with its age and its owner; what is not shown any more is resolved; what is new, or
// was resolved before and is back, is opened. A break that a person settled stays so while its amounts are the same.
func Follow(kept, shown []Break) (changed []Break) {
	before := map[breakKey]Break{}
	for _, b := range kept {
		if b.Kind == Forgone {
			continue
		}
		if old, there := before[b.key()]; !there || b.Incident > old.Incident {
			before[b.key()] = b
		}
	}
	seen := map[breakKey]bool{}
	for _, b := range shown {
		seen[b.key()] = true
		old, there := before[b.key()]
		switch {
		case !there:
			changed = append(changed, b)
		case old.Resolved && (old.Resolution == ResolvedByStatement || old.Ours != b.Ours || old.Theirs != b.Theirs):
			b.Incident = old.Incident + 1
			changed = append(changed, b)
		}
	}
	for _, old := range before {
		if !old.Resolved && !seen[old.key()] {
			old.Resolved, old.Resolution = true, ResolvedByStatement
			changed = append(changed, old)
		}
	}
	slices.SortFunc(changed, compareBreaks)
	return changed
}

// ResolvedByStatement is the resolution of a break that a later statement does not show any more.
const ResolvedByStatement = "a later statement agrees"
