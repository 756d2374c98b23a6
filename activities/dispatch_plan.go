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
		reach = max(reach, c.Within.Std())
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
	err = d.Store.Reservations(ctx, in.Run, in.Shard, from, last.Add(reach), func(r dispatch.Reservation) error {
		if list, asked := others[r.Customer]; asked {
			others[r.Customer] = append(list, r)
		}
		return nil
	})
	if err != nil {
		return out, err
	}
	var changes []dispatch.Reservation
	for _, s := range slots {
		if !planned(s, in.Rebase) {
			continue
		}
		admitted, more := t.admit(s, others[s.Customer])
		changes = append(changes, more...)
		if admitted {
			out.Admitted++
		} else {
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

// admit decides about one planned contact. A touch is the same contact in every plan of its run: moved, it gives its old
// time back and counts at the new one; asked again, it stays admitted.
func (t *touchStage) admit(s dispatch.Slot, known []dispatch.Reservation) (admitted bool, changes []dispatch.Reservation) {
	var contacts []dispatch.Contact
	var own []dispatch.Reservation
	for _, r := range known {
		if r.Campaign == t.run.Campaign && r.Occurrence == t.run.Occurrence && r.Touch == t.touch.ID {
			own = append(own, r)
			continue
		}
		contacts = append(contacts, dispatch.Contact{Channel: r.Channel, At: r.At})
	}
	there := false
	for _, r := range own {
		if r.At.Equal(s.At) && r.Plan == t.run.Plan && r.Channel == s.Channel {
			there = true
			continue
		}
		r.Released = true
		changes = append(changes, r)
	}
	if there {
		return true, changes
	}
	if !dispatch.Admits(t.brief.Policy.Caps, contacts, dispatch.Contact{Channel: s.Channel, At: s.At}) {
		return false, changes
	}
	return true, append(changes, dispatch.Reservation{
		Customer: s.Customer, Channel: s.Channel, At: s.At, Campaign: t.run.Campaign, Occurrence: t.run.Occurrence, Plan: t.run.Plan, Touch: t.touch.ID,
	})
}
