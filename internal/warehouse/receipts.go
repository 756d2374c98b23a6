package warehouse

import (
	"context"
	"fmt"
	"hash/fnv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/dispatch"
)

// FindDelivered finds the attempts that feedback may be about, by the keys of deliveries and by providers' ids.
func (w *Warehouse) FindDelivered(ctx context.Context, deliveries, providers []string) ([]dispatch.Delivered, error) {
	parameters := args{"deliveries": textsOf(deliveries), "providers": textsOf(providers)}
	rows, err := w.conn.Query(w.latest(ctx), query("receipts_find"), parameters.list()...)
	if err != nil {
		return nil, fmt.Errorf("find the messages of receipts: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var found []dispatch.Delivered
	for rows.Next() {
		var d dispatch.Delivered
		var state int8
		err := rows.Scan(&d.Run.Campaign, &d.Run.Occurrence, &d.Run.Launch, &d.Touch, &d.Customer, &d.Channel, &d.Attempt, &d.Wave, &state,
			&d.At, &d.WallAt, &d.MessageID, &d.ProviderID, &d.Purpose)
		if err != nil {
			return nil, fmt.Errorf("find the messages of receipts: %w", err)
		}
		d.State = campaign.DeliveryState(state)
		found = append(found, d)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("find the messages of receipts: %w", err)
	}
	return found, nil
}

// LastTo names the last message by a channel to each customer whose number is the one that an answer came from. A message
// centre writes numbers in its own way: what one has before the other's digits is a country's or a trunk's code.
func (w *Warehouse) LastTo(ctx context.Context, channel, number string) (messages []string, err error) {
	digits := strings.TrimLeft(strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, number), "0")
	if len(digits) < 7 { // a short number is a service's, not a person's
		return nil, nil
	}
	var found []struct {
		Delivery string `ch:"delivery"`
	}
	if err := w.conn.Select(w.latest(ctx), &found, query("receipts_last_to"), args{"channel": channel, "digits": digits}.list()...); err != nil {
		return nil, fmt.Errorf("find who answers: %w", err)
	}
	for _, f := range found {
		messages = append(messages, f.Delivery)
	}
	return messages, nil
}

// WriteEffects writes what feedback changed. Interactions are written last: where they are, all of it is, and the same
// feedback again is left out. It says how many were there already.
func (w *Warehouse) WriteEffects(ctx context.Context, effects []dispatch.Effects, now time.Time) (again int, err error) {
	effects, again, err = w.new(ctx, effects)
	if err != nil {
		return 0, err
	}
	type touch struct {
		campaign, touch string
		occurrence      uint32
	}
	events, runs := map[touch][]dispatch.Event{}, map[touch]campaign.Run{}
	for _, e := range effects {
		if e.Event != nil {
			key := touch{e.Of.Run.Campaign, e.Of.Touch, e.Of.Run.Occurrence}
			events[key], runs[key] = append(events[key], *e.Event), e.Of.Run
		}
	}
	for key, some := range events {
		if err := w.WriteEvents(ctx, runs[key], key.touch, some); err != nil {
			return 0, err
		}
	}
	forever := time.Unix(0, 0)
	if err := put(w.conn.PrepareBatch(w.certain(ctx), "INSERT INTO suppressions (customer_key, channel, reason, at, until, recorded_at)"))(effects, func(e dispatch.Effects, row func(...any) error) error {
		if e.Suppression == nil {
			return nil
		}
		return row(e.Of.Customer, e.Suppression.Channel, e.Suppression.Reason, second(e.At), forever, now)
	}); err != nil {
		return 0, err
	}
	if err := put(w.conn.PrepareBatch(w.certain(ctx), "INSERT INTO consents (customer_key, channel, purpose, night, at, granted, evidence, recorded_at)"))(effects, func(e dispatch.Effects, row func(...any) error) error {
		if !e.Withdrawn {
			return nil
		}
		for night := range uint8(2) {
			if err := row(e.Of.Customer, e.Of.Channel, e.Of.Purpose, night, second(e.At), uint8(0), e.Interaction.Kind, now); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return 0, err
	}
	return again, put(w.conn.PrepareBatch(w.certain(ctx), "INSERT INTO interactions (customer_key, at, kind, channel, campaign, occurrence, touch, id)"))(effects, func(e dispatch.Effects, row func(...any) error) error {
		if e.Interaction == nil {
			return nil
		}
		return row(e.Of.Customer, second(e.At), e.Interaction.Kind, e.Of.Channel, e.Of.Run.Campaign, e.Of.Run.Occurrence, e.Of.Touch, e.Interaction.ID)
	})
}

// new leaves out what is in force already, and what is twice among the effects themselves.
func (w *Warehouse) new(ctx context.Context, effects []dispatch.Effects) (left []dispatch.Effects, again int, err error) {
	var keys []uint32
	var ids []uint64
	for _, e := range effects {
		if e.Interaction != nil {
			keys, ids = append(keys, e.Of.Customer), append(ids, e.Interaction.ID)
		}
	}
	known := map[uint64]bool{}
	if len(ids) > 0 {
		var found []struct {
			ID uint64 `ch:"id"`
		}
		if err := w.conn.Select(w.latest(ctx), &found, query("receipts_known"), args{"keys": keys, "ids": ids}.list()...); err != nil {
			return nil, 0, fmt.Errorf("see which receipts are known: %w", err)
		}
		for _, f := range found {
			known[f.ID] = true
		}
	}
	for _, e := range effects {
		switch {
		case e.Interaction == nil && e.Event == nil:
			again++
		case e.Interaction != nil && known[e.Interaction.ID]:
			again++
		default:
			if e.Interaction != nil {
				known[e.Interaction.ID] = true
			}
			left = append(left, e)
		}
	}
	return left, again, nil
}

// put inserts the rows that effects make, if there are any.
func put(batch driver.Batch, err error) func([]dispatch.Effects, func(dispatch.Effects, func(...any) error) error) error {
	return func(effects []dispatch.Effects, each func(dispatch.Effects, func(...any) error) error) error {
		if err != nil {
			return fmt.Errorf("keep feedback: %w", err)
		}
		defer func() { _ = batch.Close() }()
		for _, e := range effects {
			if err := each(e, batch.Append); err != nil {
				return fmt.Errorf("keep feedback: %w", err)
			}
		}
		if batch.Rows() == 0 {
			return nil
		}
		if err := batch.Send(); err != nil {
			return fmt.Errorf("keep feedback: %w", err)
		}
		return nil
	}
}

// QuarantineFeedback keeps feedback that concerns no message that is known, with the reason; or, matched, says that one was found.
func (w *Warehouse) QuarantineFeedback(ctx context.Context, feedback []dispatch.Feedback, why string, now time.Time, matched bool) error {
	batch, err := w.conn.PrepareBatch(w.certain(ctx), "INSERT INTO feedback_quarantine (id, channel, message_id, provider_id, kind, at, reason, why, received_at, matched)")
	if err != nil {
		return fmt.Errorf("quarantine feedback: %w", err)
	}
	defer func() { _ = batch.Close() }()
	for _, f := range feedback {
		h := fnv.New64a()
		_, _ = fmt.Fprintf(h, "%s\x00%s\x00%s\x00%s\x00%d", f.Channel, f.MessageID, f.ProviderID, f.Kind, f.At.UnixMilli())
		if err := batch.Append(h.Sum64(), f.Channel, f.MessageID, f.ProviderID, string(f.Kind), f.At, f.Reason, why, now, flag(matched)); err != nil {
			return fmt.Errorf("quarantine feedback: %w", err)
		}
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("quarantine feedback: %w", err)
	}
	return nil
}

// Quarantined is feedback since an instant whose message was not known, the earliest first.
func (w *Warehouse) Quarantined(ctx context.Context, since time.Time, most uint32) ([]dispatch.Feedback, error) {
	rows, err := w.conn.Query(ctx, query("receipts_quarantined"), args{"since": since, "most": most}.list()...)
	if err != nil {
		return nil, fmt.Errorf("read quarantined feedback: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var all []dispatch.Feedback
	for rows.Next() {
		var f dispatch.Feedback
		var kind string
		if err := rows.Scan(&f.Channel, &f.MessageID, &f.ProviderID, &kind, &f.At, &f.Reason); err != nil {
			return nil, fmt.Errorf("read quarantined feedback: %w", err)
		}
		f.Kind = dispatch.FeedbackKind(kind)
		all = append(all, f)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read quarantined feedback: %w", err)
	}
	return all, nil
}

// textsOf is never nil: a nil slice would be sent as NULL.
func textsOf(texts []string) []string {
	if texts == nil {
		return []string{}
	}
	return texts
}
