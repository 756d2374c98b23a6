package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/dispatch"
)

// settle finds out what became of attempts that are open, by asking the provider, and records it in the warehouse and
// in history. "Absent" is concluded only when every earlier holder of the lease has long stopped and the provider has
// had time to show what it took. A provider that can't be asked leaves them unknown: nothing is guessed, and advertising
// not sent again. A message that a customer has to get is, where again allows it: twice is better than not at all.
func (t *touchStage) settle(ctx context.Context, channel dispatch.Channel, lease *sendingLease, history map[uint32][]dispatch.Attempt, open []uint32, again bool) (settled uint64, err error) {
	if err := pause(ctx, time.Until(lease.quiet)); err != nil {
		return 0, err
	}
	ids := make([]string, 0, len(open))
	for _, customer := range open {
		if a := lastOpen(history[customer]); a != nil {
			ids = append(ids, a.MessageID)
		}
	}
	found, err := channel.Lookup(ctx, ids)
	askable := !errors.Is(err, dispatch.ErrNotAskable)
	if err != nil && askable {
		return 0, fmt.Errorf("%w, and can't be asked which of them it has: %w", ErrProviderDown, err)
	}
	var events []dispatch.Event
	wall := clock.Wall()
	for _, customer := range open {
		for i := range history[customer] {
			a := &history[customer][i]
			if !isOpen(*a) {
				continue
			}
			state, reason := campaign.DeliveryFailed, dispatch.ReasonAbsent
			switch {
			case !askable && again && t.purpose == campaign.PurposeService:
				reason = dispatch.ReasonAgain
			case !askable:
				state, reason = campaign.DeliveryUnknown, "provider_not_askable"
			case found[a.MessageID]:
				state, reason = campaign.DeliverySent, "found_at_provider"
			}
			if a.State == state {
				continue
			}
			events = append(events, dispatch.Event{
				Customer: customer, Channel: a.Channel, Attempt: a.Number, State: state, Wave: a.Wave, MessageID: a.MessageID,
				At: a.At, WallAt: wall, Reason: reason,
			})
			a.State, a.Reason = state, reason
			if askable {
				settled++
			}
		}
	}
	return settled, t.stage.Store.WriteEvents(ctx, t.run, t.touch.ID, events)
}

func isOpen(a dispatch.Attempt) bool {
	return a.State == campaign.DeliveryAttempting || a.State == campaign.DeliveryUnknown
}

func lastOpen(history []dispatch.Attempt) *dispatch.Attempt {
	for i := len(history) - 1; i >= 0; i-- {
		if isOpen(history[i]) {
			return &history[i]
		}
	}
	return nil
}
