package dispatch_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/dispatch"
)

func TestCapsRoll(t *testing.T) {
	t.Parallel()
	day := campaign.Duration(24 * time.Hour)
	midnight := time.Date(2026, 5, 2, 0, 0, 0, 0, time.UTC)
	caps := []campaign.Cap{{Most: 1, Within: day}}
	late := []dispatch.Contact{{Channel: "email", At: midnight.Add(-time.Hour)}}
	require.False(t, dispatch.Admits(caps, late, dispatch.Contact{Channel: "email", At: midnight.Add(time.Hour)}), "23:00 and 01:00 are one night")
	require.True(t, dispatch.Admits(caps, late, dispatch.Contact{Channel: "email", At: midnight.Add(23 * time.Hour)}))
	require.False(t, dispatch.Admits(caps, late, dispatch.Contact{Channel: "email", At: midnight.Add(-24 * time.Hour)}), "one planned later counts too")
	require.True(t, dispatch.Admits(nil, late, late[0]))

	byChannel := []campaign.Cap{{Channel: "sms", Most: 1, Within: day}}
	require.True(t, dispatch.Admits(byChannel, late, late[0]), "a cap on SMS says nothing of e-mail")
}

// Admitting one after the other, in any order, never breaks a cap in any window; and what is refused would have.
func TestNoWindowHoldsMoreThanTheCap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		caps := []campaign.Cap{
			{Most: rapid.IntRange(1, 3).Draw(t, "most"), Within: campaign.Duration(time.Duration(rapid.IntRange(1, 10).Draw(t, "within")) * time.Hour)},
			{Channel: "email", Most: rapid.IntRange(1, 4).Draw(t, "most emails"), Within: campaign.Duration(20 * time.Hour)},
		}
		var admitted []dispatch.Contact
		for range rapid.IntRange(1, 20).Draw(t, "contacts") {
			c := dispatch.Contact{
				Channel: rapid.SampledFrom([]string{"email", "sms"}).Draw(t, "channel"),
				At:      time.Unix(0, 0).Add(time.Duration(rapid.IntRange(0, 48*60).Draw(t, "minute")) * time.Minute),
			}
			fits := keeps(caps, append(slices.Clone(admitted), c))
			require.Equal(t, fits, dispatch.Admits(caps, admitted, c))
			if fits {
				admitted = append(admitted, c)
			}
		}
	})
}

// keeps looks at a window that begins at each contact: if any window is too full, one of these is.
func keeps(caps []campaign.Cap, contacts []dispatch.Contact) bool {
	for _, c := range caps {
		for _, first := range contacts {
			n := 0
			for _, other := range contacts {
				within := !other.At.Before(first.At) && other.At.Before(first.At.Add(c.Within.Std()))
				if within && (c.Channel == "" || c.Channel == other.Channel) {
					n++
				}
			}
			if n > c.Most {
				return false
			}
		}
	}
	return true
}
