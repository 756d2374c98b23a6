package activities

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/danbi-project/danbi/internal/dispatch"
)

// RenderMessages renders every planned message without sending it.
func (d *Dispatch) RenderMessages(ctx context.Context, in RenderMessagesInput) (RenderMessagesOutput, error) {
	stop := heartbeat(ctx)
	defer stop()
	out, err := d.renderMessages(ctx, in)
	return out, Classify(err)
}

const mostFaults = 20 // kinds that are told of

func (d *Dispatch) renderMessages(ctx context.Context, in RenderMessagesInput) (RenderMessagesOutput, error) {
	var out RenderMessagesOutput
	t, err := d.touch(ctx, in.Run, in.Touch)
	if err != nil {
		return out, err
	}
	faults := map[string]*Fault{}
	fault := func(err error, customer uint32) {
		f := faults[err.Error()]
		if f == nil {
			f = &Fault{Kind: dispatch.ReasonUnreadable, Message: err.Error(), Example: customer, Blocks: true}
			faults[err.Error()] = f
		}
		f.Customers++
	}
	composer, err := t.composer()
	if errors.Is(err, dispatch.ErrTemplate) {
		fault(err, 0)
		out.Faults = told(faults)
		return out, nil
	}
	if err != nil {
		return out, err
	}
	slots, err := d.Store.Slots(ctx, in.Run, in.Touch, in.Rebase, 0, in.Shard)
	if err != nil {
		return out, err
	}
	for page := range slices.Chunk(slots, d.Settings.page()) {
		keys, ats := make([]uint32, 0, len(page)), make([]time.Time, 0, len(page))
		for _, s := range page {
			if planned(s, in.Rebase) {
				keys, ats = append(keys, s.Customer), append(ats, s.At)
			}
		}
		recipients, err := t.recipients(ctx, keys, ats)
		if err != nil {
			return out, err
		}
		for i, key := range keys {
			letter, err := composer.Compose(recipients[key], ats[i])
			if err != nil {
				fault(err, key)
				continue
			}
			out.Rendered++
			if n := len(letter.Body); n > out.LongestBytes {
				out.LongestBytes, out.LongestCustomer = n, key
			}
		}
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
	}
	out.Faults = told(faults)
	return out, nil
}

// told is the most frequent faults, in a stable order.
func told(faults map[string]*Fault) []Fault {
	var all []Fault
	for _, message := range slices.Sorted(maps.Keys(faults)) {
		all = append(all, *faults[message])
	}
	slices.SortStableFunc(all, func(a, b Fault) int { return int(b.Customers) - int(a.Customers) })
	return all[:min(len(all), mostFaults)]
}
