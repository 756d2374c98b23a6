package activities

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/dispatch"
)

// partJob is what a message carries of another run: that run's delivery is made by it.
type partJob struct {
	stage   *partStage
	part    dispatch.Part
	letter  dispatch.Letter // template and parameters of the part
	attempt uint8
}

// partStage is the touch of another run whose parts a wave carries.
type partStage struct {
	*touchStage
	composer *dispatch.Composer
}

// carriedAttempt numbers an attempt that another message's attempt is: apart from the delivery's own, of which there are fewer.
func carriedAttempt(of uint8) uint8 { return mostAttempts + min(of, 255-mostAttempts) }

// carried says whether a delivery's attempt was another message's.
func carried(a dispatch.Attempt) bool { return a.Number > mostAttempts }

// load finds what the messages of a page carry of other runs, each held against its own run's rules at that very second.
func (w *wave) load(ctx context.Context, jobs []*job) error {
	if w.touch.brief.Policy.Bundle == nil || len(jobs) == 0 {
		return nil
	}
	keys := make([]uint32, len(jobs))
	of := make(map[uint32]*job, len(jobs))
	for i, j := range jobs {
		keys[i], of[j.slot.Customer] = j.slot.Customer, j
	}
	parts, err := w.stage.Store.Parts(ctx, dispatch.HostOf(w.in.Run, w.in.Touch), keys)
	if err != nil {
		return err
	}
	type source struct {
		run   campaign.Run
		touch string
	}
	wanted := map[source][]uint32{}
	for _, key := range keys { // in their order, so that a message is the same whenever it is made
		for _, r := range parts[key] {
			from := source{r.Run(), r.Touch}
			wanted[from] = append(wanted[from], key)
		}
	}
	sources := make([]source, 0, len(wanted))
	for from := range wanted {
		sources = append(sources, from)
	}
	slices.SortFunc(sources, func(a, b source) int {
		return cmp.Compare(dispatch.HostOf(a.run, a.touch), dispatch.HostOf(b.run, b.touch))
	})
	for _, from := range sources {
		stage, err := w.partStage(ctx, from.run, from.touch)
		if err != nil {
			return err
		}
		if stage == nil {
			continue
		}
		ats := make([]time.Time, len(wanted[from]))
		for i, key := range wanted[from] {
			ats[i] = of[key].at
		}
		recipients, err := stage.recipients(ctx, wanted[from], ats)
		if err != nil {
			return err
		}
		for _, key := range wanted[from] {
			j, r := of[key], recipients[key]
			r.Customer, r.Reserved = key, true // in the other message
			if state, _ := stage.rules.Refuse(r, j.at); state != campaign.DeliveryPlanned {
				continue
			}
			part, letter, err := stage.composer.Part(r, j.at)
			if errors.Is(err, dispatch.ErrTemplate) {
				continue // the message goes without it; its own run's slot says that it was bundled
			}
			if err != nil {
				return err
			}
			j.parts = append(j.parts, partJob{stage: stage, part: part, letter: letter, attempt: carriedAttempt(j.attempt)})
		}
	}
	return nil
}

// partStage is the touch of another run, or nil when it can't be made a part: by another channel, or not to be composed.
func (w *wave) partStage(ctx context.Context, run campaign.Run, touch string) (*partStage, error) {
	host := dispatch.HostOf(run, touch)
	if known, there := w.parts[host]; there {
		return known, nil
	}
	stage, err := w.stage.touch(ctx, run, touch)
	if err != nil {
		return nil, err
	}
	var made *partStage
	if stage.name == w.touch.name {
		composer, err := stage.composer()
		switch {
		case err == nil:
			made = &partStage{stage, composer}
		case !errors.Is(err, dispatch.ErrTemplate):
			return nil, err
		}
	}
	if w.parts == nil {
		w.parts = map[string]*partStage{}
	}
	w.parts[host] = made
	return made, nil
}

// bundle makes a message with what it carries.
func (w *wave) bundle(j *job) {
	parts := make([]dispatch.Part, len(j.parts))
	for i, p := range j.parts {
		parts[i] = p.part
	}
	var n int
	j.letter, n, j.fault = w.composer.Bundle(j.recipient, j.at, parts)
	j.parts = j.parts[:n]
}

// claimParts records what a page's messages carry, before any of them leaves.
func (w *wave) claimParts(ctx context.Context, jobs []*job) error {
	if !w.lease.holds() {
		return ErrLeaseLost
	}
	wall := clock.Wall()
	err := w.writeParts(ctx, jobs, func(j *job) (dispatch.Event, bool) {
		e := w.event(j, j.attempt, campaign.DeliveryAttempting, "", wall)
		e.SHA256, e.Response = j.letter.SHA256, "carried by "+dispatch.HostOf(w.in.Run, w.in.Touch)
		return e, true
	})
	if err != nil {
		w.dirty = true
	}
	return err
}

// writeParts records for each carried delivery what becomes of the message that carries it. Their attempts are recorded
// before the message leaves, under its Message-ID, so that after a crash their own runs can ask for it.
func (w *wave) writeParts(ctx context.Context, jobs []*job, become func(*job) (dispatch.Event, bool)) error {
	events := map[*partStage][]dispatch.Event{}
	for _, j := range jobs {
		if len(j.parts) == 0 {
			continue
		}
		e, is := become(j)
		if !is {
			continue
		}
		for _, p := range j.parts {
			own := e
			own.Attempt, own.Template, own.Parameters, own.Wave = p.attempt, p.letter.Template, p.letter.Parameters, uint32(j.at.Unix()/3600)
			if e.State != campaign.DeliveryAttempting {
				own.Template, own.Parameters = "", ""
			}
			if own.Reason == "" {
				own.Reason = dispatch.ReasonBundled
			}
			events[p.stage] = append(events[p.stage], own)
		}
	}
	for _, stage := range w.parts {
		if stage == nil || len(events[stage]) == 0 {
			continue
		}
		if err := w.writeFor(ctx, stage.run, stage.touch.ID, events[stage]); err != nil {
			return err
		}
	}
	return nil
}
