package settlement

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
)

var noon = time.Date(2026, 9, 30, 12, 0, 0, 0, time.UTC)

func paidOut(customer uint32, amount money.Minor) Payout {
	return Payout{Key: autumn.PayoutID(customer, "x", 1), Amount: amount, Currency: "KRW", Customer: customer}
}

func TestEveryKindOfBreakIsFound(t *testing.T) {
	s := NewStatement()
	for c := range uint32(4) {
		s.Ours(paidOut(c, 5000))
	}
	s.Theirs(paidOut(0, 5000)) // 0 is matched, 1 is missing
	s.Theirs(paidOut(2, 4000))
	s.Theirs(paidOut(3, 5000))
	s.Theirs(paidOut(3, 5000))
	s.Theirs(paidOut(9, 700))
	got := map[uint32]Break{}
	for _, b := range s.Breaks(noon, "lee") {
		got[b.Customer] = b
	}
	require.Len(t, got, 4)
	for customer, want := range map[uint32]BreakKind{1: BreakMissing, 2: BreakAmount, 3: BreakTwice, 9: BreakUnknown} {
		require.Equal(t, want, got[customer].Kind)
		require.Equal(t, "lee", got[customer].Owner)
		require.Equal(t, noon, got[customer].Opened)
	}
	require.Equal(t, money.Minor(10_000), got[3].Theirs)
	require.Equal(t, 48*time.Hour, got[1].Age(noon.Add(48*time.Hour)))
}

func TestABreakIsFollowedFromStatementToStatement(t *testing.T) {
	s := NewStatement()
	s.Ours(paidOut(1, 5000))
	first := Follow(nil, s.Breaks(noon, "lee"))
	require.Len(t, first, 1)
	require.Empty(t, Follow(first, s.Breaks(noon.Add(time.Hour), "kim")), "it keeps its age and its owner")

	gone := Follow(first, nil)
	require.Equal(t, ResolvedByStatement, gone[0].Resolution)
	back := Follow(gone, s.Breaks(noon.Add(2*time.Hour), "lee"))
	require.Equal(t, uint16(2), back[0].Incident)
	require.Equal(t, noon.Add(2*time.Hour), back[0].Opened, "a new incident is as old as it is")

	settled := first[0]
	settled.Resolved, settled.Resolution = true, "the provider confirmed it by telephone"
	require.Empty(t, Follow([]Break{settled}, s.Breaks(noon.Add(time.Hour), "lee")), "a person settled it")
	other := NewStatement()
	other.Ours(paidOut(1, 6000))
	require.Len(t, Follow([]Break{settled}, other.Breaks(noon.Add(time.Hour), "lee")), 1, "but not for another amount")
}

// For all books and statements: no break exactly where both sides agree, and following the same statement twice changes
// nothing more.
func TestBreaksAreWhereTheSidesDiffer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := NewStatement()
		agree := map[campaign.ID]bool{}
		for c := range uint32(6) {
			ours, theirs := rapid.IntRange(0, 2).Draw(t, "ours"), rapid.SliceOfN(rapid.IntRange(1, 2), 0, 2).Draw(t, "theirs")
			if ours > 0 {
				s.Ours(paidOut(c, money.Minor(ours)))
			}
			for _, amount := range theirs {
				s.Theirs(paidOut(c, money.Minor(amount)))
			}
			agree[paidOut(c, 1).Key] = ours == 0 && len(theirs) == 0 || ours > 0 && len(theirs) == 1 && theirs[0] == ours
		}
		breaks := s.Breaks(noon, "lee")
		broken := map[campaign.ID]bool{}
		for _, b := range breaks {
			broken[b.Payout] = true
		}
		for key, same := range agree {
			if same == broken[key] {
				t.Fatalf("%s: agrees %v, broken %v", key, same, broken[key])
			}
		}
		if again := Follow(Follow(nil, breaks), s.Breaks(noon.Add(time.Hour), "kim")); len(again) > 0 {
			t.Fatalf("followed twice: %+v", again)
		}
	})
}
