package activities

import (
	"context"
	"encoding/binary"
	"hash/fnv"
	"time"

	"github.com/danbi-project/danbi/internal/dispatch"
)

const planRows = 50_000 // written at once

// PlanWaves gives every customer of the shard who has something to be told their hour.
func (d *Dispatch) PlanWaves(ctx context.Context, in PlanWavesInput) (PlanWavesOutput, error) {
	stop := heartbeat(ctx)
	defer stop()
	out, err := d.planWaves(ctx, in)
	return out, Classify(err)
}

func (d *Dispatch) planWaves(ctx context.Context, in PlanWavesInput) (PlanWavesOutput, error) {
	out := PlanWavesOutput{Waves: map[uint32]uint64{}, Sources: map[string]uint64{}, Blocked: map[string]uint64{}}
	t, err := d.touch(ctx, in.Run, in.Touch)
	if err != nil {
		return out, err
	}
	config, query, err := t.planning(ctx, in)
	if err != nil {
		return out, err
	}
	if config.Prices, config.Room = in.Prices, in.Room; config.Room != nil && config.Prices == nil {
		config.Prices = map[uint32]float64{} // places are shared out, and none is scarce
	}
	if capacity := t.capacity(); config.Room == nil && capacity.Any() { // planned by a history from before places were shared out
		config.Room = dispatch.EvenRoom(capacity, dispatch.NewPlanner(config).Waves(), in.Shard)
	}
	planner := dispatch.NewPlanner(config)
	sum := fnv.New64a()
	var rows []dispatch.Planned
	flush := func() error {
		if len(rows) == 0 {
			return nil
		}
		err := d.Store.WritePlan(ctx, in.Run, in.Touch, t.name, in.Rebase, rows)
		rows = rows[:0]
		return err
	}
	err = d.Store.TimingCandidates(ctx, query, func(c dispatch.Candidate) error {
		p := planner.Plan(c)
		if p.Blocked != "" {
			out.Blocked[p.Blocked]++
		} else {
			out.Waves[p.Wave]++
			out.Hours[p.LocalHour]++
			out.Sources[string(p.Source)]++
		}
		var line [20]byte
		binary.LittleEndian.PutUint32(line[:], p.Customer)
		binary.LittleEndian.PutUint64(line[4:], uint64(p.At.Unix()))
		binary.LittleEndian.PutUint64(line[12:], uint64(len(p.Blocked)))
		_, _ = sum.Write(line[:]) // a hash takes everything
		if rows = append(rows, p); len(rows) >= planRows {
			return flush()
		}
		return nil
	})
	if err == nil {
		err = flush()
	}
	out.Checksum = sum.Sum64()
	return out, err
}

// AdmitContacts reserves the planned contacts that the frequency caps allow.
func (d *Dispatch) AdmitContacts(ctx context.Context, in AdmitContactsInput) (AdmitContactsOutput, error) {
	stop := heartbeat(ctx)
	defer stop()
	out, err := d.admitContacts(ctx, in)
	return out, Classify(err)
}

func (d *Dispatch) admitContacts(ctx context.Context, in AdmitContactsInput) (AdmitContactsOutput, error) {
	var out AdmitContactsOutput
	t, err := d.touch(ctx, in.Run, in.Touch)
	if err != nil {
		return out, err
	}
	if in.Step > 0 {
		if err := t.by(in.Step); err != nil {
			return out, err
		}
		return d.admitStep(ctx, t, in)
	}
	first, last, err := d.Store.PlannedBetween(ctx, in.Run, in.Touch, in.Rebase, in.Shard)
	if err != nil || first.IsZero() {
		return out, err
	}
	slots, err := d.Store.Slots(ctx, in.Run, in.Touch, in.Rebase, 0, in.Shard)
	if err != nil {
		return out, err
	}
	reach := time.Hour
	for _, c := range t.brief.Policy.Caps {
		reach = max(reach, c.Within.Std()+2*dispatch.Slack)
	}
	if t.brief.Policy.Bundle != nil {
		reach = max(reach, t.brief.Policy.Bundle.Within.Std())
	}
	// Our own reservations of an earlier plan may lie further away than any cap reaches.
	from := first.Add(-reach)
	if launch := in.Run.Launch.Add(-24 * time.Hour); launch.Before(from) {
		from = launch
	}
	others := make(map[uint32][]dispatch.Reservation, len(slots))
	for _, s := range slots {
		if planned(s, in.Rebase) {
			others[s.Customer] = nil
		}
	}
	err = d.Store.Reservations(ctx, in.Run, in.Shard, nil, from, last.Add(reach), func(r dispatch.Reservation) error {
		if list, asked := others[r.Customer]; asked {
			others[r.Customer] = append(list, r)
		}
		return nil
	})
	if err != nil {
		return out, err
	}
	admitting := dispatch.Admitting{
		Caps: t.brief.Policy.Caps, Bundle: t.brief.Policy.Bundle, Now: in.Now, Closes: t.times.Closes, Purpose: t.purpose, Priority: t.brief.Spec.Rank(),
		Joined: dispatch.JoinedTouches(t.brief.Spec, t.brief.Policy.Bundle, t.touch.ID),
	}
	var changes []dispatch.Reservation
	for _, s := range slots {
		if !planned(s, in.Rebase) {
			continue
		}
		answer := admitting.Admit(t.reservation(s), others[s.Customer])
		changes = append(changes, answer.Changes...)
		out.Displaced += uint64(answer.Displaced)
		switch {
		case answer.Bundled:
			out.Bundled++
			out.Admitted++
		case answer.Admitted:
			out.Admitted++
		default:
			out.Capped++
		}
	}
	for len(changes) > 0 {
		n := min(planRows, len(changes))
		if err := d.Store.WriteReservations(ctx, t.purpose, changes[:n]); err != nil {
			return out, err
		}
		changes = changes[n:]
	}
	return out, nil
}

// planned says whether a slot has a time in the plan of a rebase, not only in an earlier one.
func planned(s dispatch.Slot, rebase uint16) bool { return s.Blocked == "" && s.Rebase == rebase }

// reservation is the contact that a planned delivery needs.
func (t *touchStage) reservation(s dispatch.Slot) dispatch.Reservation {
	return dispatch.Reservation{
		Customer: s.Customer, Channel: s.Channel, At: s.At, Campaign: t.run.Campaign, Occurrence: t.run.Occurrence, Plan: t.run.Plan, Touch: t.touch.ID,
		Purpose: t.purpose, Priority: t.brief.Spec.Rank(), Launch: t.run.Launch,
	}
}
