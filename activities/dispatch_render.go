package activities

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/danbi-project/danbi/internal/campaign"
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
	dry := newDryRun(t)
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
		if err := dry.page(ctx, recipients, keys, ats); err != nil {
			return out, err
		}
	}
	return dry.result(), nil
}

// dryRun is the messages of some recipients in every touch and channel of a spec.
type dryRun struct {
	touch     *touchStage
	composers []dryComposer
	all       tally
}

type dryComposer struct {
	touch    campaign.Touch
	channel  string
	composer *dispatch.Composer
	main     bool // of the touch and channel that are planned
}

// tally is what one goroutine found.
type tally struct {
	rendered uint64
	refused  map[string]uint64
	faults   map[string]*Fault
	messages map[renderingKey]*Rendering
	samples  map[sampleKey]Sample
}

type (
	renderingKey struct{ touch, channel, form string }
	sampleKey    struct{ touch, channel, language string }
)

func newTally() tally {
	return tally{refused: map[string]uint64{}, faults: map[string]*Fault{}, messages: map[renderingKey]*Rendering{}, samples: map[sampleKey]Sample{}}
}

func newDryRun(t *touchStage) *dryRun {
	dry := &dryRun{touch: t, all: newTally()}
	for _, touch := range t.brief.Spec.Touches {
		for _, channel := range touch.Channels {
			composer, err := dispatch.NewComposer(t.run, t.brief, touch.ID, channel)
			if err != nil {
				dry.all.fault(err, 0)
				continue
			}
			dry.composers = append(dry.composers, dryComposer{touch, channel, composer, touch.ID == t.touch.ID && channel == t.name})
		}
	}
	return dry
}

// page renders some recipients on all processors.
func (d *dryRun) page(ctx context.Context, recipients map[uint32]dispatch.Recipient, keys []uint32, ats []time.Time) error {
	parts := make([]tally, runtime.GOMAXPROCS(0))
	group, working := errgroup.WithContext(ctx)
	for part := range parts {
		parts[part] = newTally()
		group.Go(func() error {
			for i := part; i < len(keys); i += len(parts) {
				if working.Err() != nil {
					return working.Err()
				}
				if err := d.one(&parts[part], recipients[keys[i]], keys[i], ats[i]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, part := range parts {
		d.all.add(part)
	}
	return ctx.Err()
}

// one renders a recipient's messages, unless the rules would not let any leave.
func (d *dryRun) one(into *tally, r dispatch.Recipient, customer uint32, at time.Time) error {
	r.Customer = customer
	if state, reason := d.touch.rules.Refuse(r, at); state != campaign.DeliveryPlanned {
		into.refused[reason]++
		return nil
	}
	for _, c := range d.composers {
		leaves := at.Add(c.touch.After.Std() - d.touch.touch.After.Std())
		letter, err := c.composer.Compose(r, leaves)
		if errors.Is(err, dispatch.ErrTemplate) {
			into.fault(err, customer)
			continue
		}
		if err != nil {
			return err
		}
		if c.main {
			into.rendered++
		}
		into.letter(c, letter, customer, c.composer.Extra(letter))
		key := sampleKey{c.touch.ID, c.channel, c.composer.Language(r.Language)}
		if _, there := into.samples[key]; !there {
			title, text, err := c.composer.Sample(r, leaves)
			if err == nil {
				into.samples[key] = Sample{Touch: key.touch, Channel: key.channel, Language: key.language, Form: formName(letter), Title: title, Text: text, Size: letter.Size}
			}
		}
	}
	return nil
}

// fault counts a message that can't be made. What only a customer's own values cause keeps that customer out, not the campaign.
func (t *tally) fault(err error, customer uint32) {
	f := t.faults[err.Error()]
	if f == nil {
		f = &Fault{Kind: dispatch.FaultReason(err), Message: err.Error(), Example: customer}
		f.Blocks = f.Kind != dispatch.ReasonForeign
		t.faults[err.Error()] = f
	}
	f.Customers++
}

// formName is how a message is charged.
func formName(letter dispatch.Letter) string {
	if letter.Form == dispatch.FormMail {
		return campaign.ChannelEmail
	}
	return string(letter.Form)
}

func (t *tally) letter(c dryComposer, letter dispatch.Letter, customer uint32, extra int64) {
	key := renderingKey{c.touch.ID, c.channel, formName(letter)}
	m := t.messages[key]
	if m == nil {
		m = &Rendering{Touch: key.touch, Channel: key.channel, Form: key.form}
		t.messages[key] = m
	}
	m.join(Rendering{
		Messages: 1, Cost: letter.Price, Extra: extra, Longest: letter.Size, LongestCustomer: customer, Costliest: letter.Price, CostliestCustomer: customer,
	})
}

// join adds another's messages. Of equals the customer with the lower key is named, so that the order does not matter.
func (m *Rendering) join(o Rendering) {
	m.Messages, m.Cost, m.Extra = m.Messages+o.Messages, m.Cost+o.Cost, m.Extra+o.Extra
	if o.Longest > m.Longest || o.Longest == m.Longest && (m.LongestCustomer == 0 || o.LongestCustomer < m.LongestCustomer) {
		m.Longest, m.LongestCustomer = o.Longest, o.LongestCustomer
	}
	if o.Costliest > m.Costliest || o.Costliest == m.Costliest && (m.CostliestCustomer == 0 || o.CostliestCustomer < m.CostliestCustomer) {
		m.Costliest, m.CostliestCustomer = o.Costliest, o.CostliestCustomer
	}
}

func (t *tally) add(o tally) {
	t.rendered += o.rendered
	for reason, n := range o.refused {
		t.refused[reason] += n
	}
	for message, f := range o.faults {
		if known := t.faults[message]; known != nil {
			known.Customers += f.Customers
			known.Example = min(known.Example, f.Example)
			continue
		}
		t.faults[message] = f
	}
	for key, m := range o.messages {
		if known := t.messages[key]; known != nil {
			known.join(*m)
			continue
		}
		t.messages[key] = m
	}
	for key, sample := range o.samples {
		if _, there := t.samples[key]; !there {
			t.samples[key] = sample
		}
	}
}

func (d *dryRun) result() RenderMessagesOutput {
	out := RenderMessagesOutput{Rendered: d.all.rendered, Faults: told(d.all.faults)}
	if len(d.all.refused) > 0 {
		out.Refused = d.all.refused
	}
	for _, c := range d.composers {
		for _, key := range slices.SortedFunc(maps.Keys(d.all.messages), func(a, b renderingKey) int { return cmp.Compare(a.form, b.form) }) {
			if m := d.all.messages[key]; key.touch == c.touch.ID && key.channel == c.channel {
				out.Messages = append(out.Messages, *m)
				if c.main && m.Longest > out.LongestBytes {
					out.LongestBytes, out.LongestCustomer = m.Longest, m.LongestCustomer
				}
			}
		}
		for _, key := range slices.SortedFunc(maps.Keys(d.all.samples), func(a, b sampleKey) int { return cmp.Compare(a.language, b.language) }) {
			if key.touch == c.touch.ID && key.channel == c.channel {
				out.Samples = append(out.Samples, d.all.samples[key])
			}
		}
	}
	return out
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
