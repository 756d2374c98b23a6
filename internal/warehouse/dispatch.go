package warehouse

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/dispatch"
	"github.com/danbi-project/danbi/internal/settlement"
)

// TimingCandidates calls visit for every customer of a shard who is to be given a time, in the order of their keys.
func (w *Warehouse) TimingCandidates(ctx context.Context, q dispatch.CandidateQuery, visit func(dispatch.Candidate) error) error {
	channels := q.Channels
	if len(channels) == 0 {
		channels = []string{q.Channel}
	}
	parameters := runKey(q.Run, q.Shard).with(args{
		"plan": q.Run.Plan, "snapshot": q.Snapshot, "channel": q.Channel, "channels": channels, "purpose": q.Purpose, "opens": second(q.Opens),
		"touch": q.Touch, "rebase": q.Rebase, "instant": second(q.Instant), "part": q.Part,
	})
	rows, err := w.conn.Query(w.latest(ctx), query("dispatch_candidates"), parameters.list()...)
	if err != nil {
		return fmt.Errorf("read who is to be given a time: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var c dispatch.Candidate
		if err := rows.ScanStruct(&c); err != nil {
			return fmt.Errorf("read who is to be given a time: %w", err)
		}
		if err := visit(c); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read who is to be given a time: %w", err)
	}
	return nil
}

// WritePlan writes planned deliveries. The same plan again gives the same rows, which count once.
func (w *Warehouse) WritePlan(ctx context.Context, run campaign.Run, touch, channel string, rebase uint16, plan []dispatch.Planned) error {
	batch, err := w.conn.PrepareBatch(ctx, "INSERT INTO planned_deliveries (campaign, occurrence, plan, rebase, launch, touch, customer_key, channel, wave, planned_at, source, blocked, hour_propensity, explored, lead_seconds)")
	if err != nil {
		return fmt.Errorf("write the plan: %w", err)
	}
	defer func() { _ = batch.Close() }()
	for _, p := range plan {
		err := batch.Append(run.Campaign, run.Occurrence, run.Plan, rebase, run.Launch, touch, p.Customer, channel, p.Wave, p.At,
			string(p.Source), p.Blocked, float32(p.Propensity), p.Explored, uint16(p.Lead/time.Second))
		if err != nil {
			return fmt.Errorf("write the plan: %w", err)
		}
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("write the plan: %w", err)
	}
	return nil
}

// Slots are the planned deliveries of a shard, by the time they leave: those of one wave, or of all waves up to a
// rebase when wave is 0, then blocked ones too.
func (w *Warehouse) Slots(ctx context.Context, run campaign.Run, touch string, rebase uint16, wave uint32, shard campaign.Shard) ([]dispatch.Slot, error) {
	parameters := runKey(run, shard).with(args{"plan": run.Plan, "touch": touch, "rebase": rebase, "wave": wave})
	rows, err := w.conn.Query(w.latest(ctx), query("dispatch_slots"), parameters.list()...)
	if err != nil {
		return nil, fmt.Errorf("read the plan: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var slots []dispatch.Slot
	for rows.Next() {
		var s dispatch.Slot
		if err := rows.Scan(&s.Customer, &s.Channel, &s.At, &s.Wave, &s.Blocked, &s.Rebase); err != nil {
			return nil, fmt.Errorf("read the plan: %w", err)
		}
		slots = append(slots, s)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the plan: %w", err)
	}
	return slots, nil
}

// Attempts are what became of a touch's deliveries so far, by customer: of some customers, or of all in the shard when
// keys is nil.
func (w *Warehouse) Attempts(ctx context.Context, run campaign.Run, touch string, shard campaign.Shard, keys []uint32) (map[uint32][]dispatch.Attempt, error) {
	parameters := runKey(run, shard).with(args{"touch": touch, "keys": listOf(keys)})
	rows, err := w.conn.Query(w.latest(ctx), query("dispatch_attempts"), parameters.list()...)
	if err != nil {
		return nil, fmt.Errorf("read what was sent: %w", plain(err))
	}
	defer func() { _ = rows.Close() }()
	found := map[uint32][]dispatch.Attempt{}
	for rows.Next() {
		var a dispatch.Attempt
		var state int8
		if err := rows.Scan(&a.Customer, &a.Number, &state, &a.Reason, &a.MessageID, &a.Wave, &a.Channel, &a.At, &a.WallAt); err != nil {
			return nil, fmt.Errorf("read what was sent: %w", plain(err))
		}
		a.State = campaign.DeliveryState(state)
		found[a.Customer] = append(found[a.Customer], a)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read what was sent: %w", plain(err))
	}
	return found, nil
}

// Recipients is what is known of customers, each at the second of its own moment.
func (w *Warehouse) Recipients(ctx context.Context, q dispatch.RecipientQuery) (map[uint32]dispatch.Recipient, error) {
	ats := make([]uint32, len(q.Ats))
	for i, at := range q.Ats {
		ats[i] = uint32(min(max(at.Unix(), 0), math.MaxUint32))
	}
	parameters := args{
		"campaign": q.Run.Campaign, "occurrence": q.Run.Occurrence, "plan": q.Run.Plan, "touch": q.Touch, "channel": q.Channel, "purpose": q.Purpose,
		"keys": listOf(q.Keys), "ats": listOf(ats),
		"own": flag(q.Bought > 0), "bought_from": time.Date(1971, 1, 1, 0, 0, 0, 0, time.UTC), // an instant near zero is no text of a DateTime
	}
	if q.Bought > 0 && len(q.Ats) > 0 {
		parameters["bought_from"] = second(slices.MinFunc(q.Ats, time.Time.Compare).Add(-q.Bought))
	}
	rows, err := w.conn.Query(w.latest(ctx), query("dispatch_recipients"), parameters.list()...)
	if err != nil {
		return nil, fmt.Errorf("read the recipients: %w", plain(err))
	}
	defer func() { _ = rows.Close() }()
	found := make(map[uint32]dispatch.Recipient, len(q.Keys))
	for rows.Next() {
		var r dispatch.Recipient
		err := rows.Scan(&r.Customer, &r.Name, &r.Address, &r.Zone, &r.Language, &r.Offer, &r.Content, &r.Threshold, &r.Reward,
			&r.Consented, &r.ConsentedAt, &r.Night, &r.Withdrawn, &r.Objected, &r.BoughtAt, &r.DoNotContact, &r.Reserved, &r.Kept)
		if err != nil {
			return nil, fmt.Errorf("read the recipients: %w", plain(err))
		}
		found[r.Customer] = r
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the recipients: %w", plain(err))
	}
	return found, nil
}

// Redeemed are the customers of a shard who have met the terms by what is known: a reminder would come too late for them.
func (w *Warehouse) Redeemed(ctx context.Context, run campaign.Run, terms settlement.Terms, shard campaign.Shard) (map[uint32]bool, error) {
	judged, err := w.judge(ctx, run, terms, shard, arrived)
	if err != nil {
		return nil, err
	}
	met := make(map[uint32]bool, len(judged))
	for _, r := range judged {
		met[r.Customer] = true
	}
	return met, nil
}

// plain is an error without the address that it names, where one is in it: a page's keys stand there, and would fill the
// history of a workflow.
func plain(err error) error {
	var asked *url.Error
	if errors.As(err, &asked) {
		return asked.Err
	}
	return err
}

// listOf is the text of an array.
func listOf(keys []uint32) string {
	text := append(make([]byte, 0, 2+8*len(keys)), '[')
	for i, key := range keys {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendUint(text, uint64(key), 10)
	}
	return string(append(text, ']'))
}

// Begun says whether anything became of any delivery of a wave yet.
func (w *Warehouse) Begun(ctx context.Context, run campaign.Run, touch string, rebase uint16, wave uint32, shard campaign.Shard) (bool, error) {
	parameters := runKey(run, shard).with(args{"plan": run.Plan, "touch": touch, "rebase": rebase, "wave": wave})
	var begun uint64
	if err := w.conn.QueryRow(w.latest(ctx), query("dispatch_begun"), parameters.list()...).Scan(&begun); err != nil {
		return false, fmt.Errorf("read whether the wave was begun: %w", err)
	}
	return begun > 0, nil
}

// latest makes reads see every write that was acknowledged, also one that another replica took: deciding by a replica
// that lags behind would send twice. On one server it changes nothing.
func (w *Warehouse) latest(ctx context.Context) context.Context {
	if !w.config.Replicated {
		return ctx
	}
	return w.settings(ctx, clickhouse.Settings{"select_sequential_consistency": 1})
}

// certain makes writes wait for a quorum, which latest relies on.
func (w *Warehouse) certain(ctx context.Context) context.Context {
	if !w.config.Replicated {
		return ctx
	}
	return w.settings(ctx, clickhouse.Settings{"insert_quorum": "auto", "insert_quorum_parallel": 0})
}
