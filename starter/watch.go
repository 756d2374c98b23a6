package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/workflows"
)

// watcher shows how a run goes: a line for each stage, each pause and each fault, and between them one line with the
// progress. On a terminal that line is written over; elsewhere it is printed now and then.
type watcher struct {
	*App
	line     *statusLine
	headline string
	stage    campaign.Stage
	began    time.Time // wall time at which we first saw the stage's messages go
	before   uint64    // messages that had gone by then

	moved  time.Time // wall time at which the run last moved
	seen   string    // where it was then
	asked  time.Time // wall time at which we last looked for what keeps failing
	blamed string    // what we said keeps failing
}

// poll is how often a run is asked where it stands.
const poll = 400 * time.Millisecond

// watch follows a campaign until done says so. Servers that are away for a while are waited for.
func (a *App) watch(ctx context.Context, c client.Client, run campaign.Run, done func(workflows.Status) bool) (workflows.Status, error) {
	w := &watcher{App: a, line: newStatusLine(a.Err)}
	defer w.line.clear()
	var known bool
	for {
		asking, cancel := context.WithTimeout(ctx, soon)
		status, err := a.queryStatus(asking, c, run)
		cancel()
		switch {
		case err == nil:
			known = true
			w.show(status)
			w.tellStuck(ctx, c, status)
			if done(status) {
				return status, nil
			}
		case ctx.Err() != nil:
			return status, ctx.Err()
		case exitCode(err) == ExitUsage, !known && exitCode(err) != ExitUnreachable:
			return status, err
		default:
			w.line.show(a.text("the servers do not answer; trying again", "서버가 응답하지 않아 다시 시도하고 있습니다"))
		}
		select {
		case <-ctx.Done():
			return status, ctx.Err()
		case <-time.After(poll):
		}
	}
}

func (w *watcher) show(s workflows.Status) {
	head := w.headlineOf(s)
	if w.JSON {
		if now := head + w.progress(s); now != w.headline {
			w.headline = now
			_ = w.printJSONLine(s)
		}
		return
	}
	if head != w.headline {
		w.headline = head
		w.line.note(clock.Wall().Local().Format("15:04:05") + "  " + local(s, s.Now).Format(minutes) + "  " + head)
	}
	if line := w.under(s); line != "" {
		w.line.show(line)
	} else {
		w.line.hide()
	}
}

// A run that has not moved for a while may be stuck; what keeps failing is looked for no more often than that.
const still = 5 * time.Second

// tellStuck says, once, what keeps a run that does not move.
func (w *watcher) tellStuck(ctx context.Context, c client.Client, s workflows.Status) {
	now := clock.Wall()
	if seen := w.headlineOf(s) + w.progress(s); seen != w.seen {
		w.seen, w.moved, w.blamed = seen, now, ""
		return
	}
	if now.Sub(w.moved) < still || now.Sub(w.asked) < still || s.Paused || w.JSON {
		return
	}
	w.asked = now
	if found := w.retrying(ctx, c, s); len(found) > 0 && found[0].Reason != w.blamed {
		w.blamed = found[0].Reason
		w.line.note(now.Local().Format("15:04:05") + "  " + w.text("trying again: ", "다시 시도 중: ") + w.retryingText(found))
	}
}

// headlineOf is what a reader has to see once: the stage, a pause, a fault.
func (w *watcher) headlineOf(s workflows.Status) string {
	line := s.Stage.Describe(w.Lang)
	if s.Stage == campaign.StageDraft { // it runs, or nobody could ask it
		line = w.text("Started", "시작했습니다")
	}
	if s.Paused {
		line += w.text(" · PAUSED", " · 일시 중지")
	}
	if s.Failure != "" {
		return line + ": " + w.failure(s) + " → " + w.next(s)
	}
	if s.Stage == campaign.StageDispatching {
		return line
	}
	if waits := w.waits(s); waits != "" {
		line += " · " + waits
	}
	if s.Stage == campaign.StageAwaiting {
		line += " → " + w.next(s)
	}
	return line
}

// under is the progress of what is under way: of messages with a bar and, in a rehearsal, an estimate. A live campaign
// sends at its customers' hours, however fast it is.
func (w *watcher) under(s workflows.Status) string {
	d := s.Dispatch
	if s.Stage != campaign.StageDispatching || d.Waves == 0 || s.Paused {
		if s.Stage.Final() || s.Paused || s.Stage == campaign.StageSettled || s.Stage == campaign.StageAwaiting {
			return ""
		}
		return s.Stage.Waits(w.Lang)
	}
	gone := d.Sent + d.Unknown
	for _, n := range d.Suppressed {
		gone += n
	}
	now := clock.Wall()
	if w.stage != s.Stage || gone < w.before { // another touch begins at nothing
		w.stage, w.began, w.before = s.Stage, now, gone
	}
	line := share(gone, d.Planned) + "  " + w.progress(s)
	if took := now.Sub(w.began); s.Rehearsal && took > settling && gone > w.before && gone < d.Planned {
		// A wave costs time of its own, however few are in it: what is done lies between messages and waves.
		done := (float64(gone-w.before)/float64(d.Planned) + float64(d.Wave-1)/float64(d.Waves)) / 2
		line += fmt.Sprintf(w.text(" · about %s left", " · 약 %s 남음"), w.duration(time.Duration(float64(took)/done*(1-done))))
	}
	return line + " · " + local(s, s.Now).Format(minutes)
}

// settling is how long one watches before one estimates.
const settling = 3 * time.Second

// duration is how long something takes, to the second.
func (a *App) duration(d time.Duration) string {
	d = max(d.Round(time.Second), time.Second)
	if a.Lang != "ko" {
		return d.String()
	}
	return strings.NewReplacer("h", "시간 ", "m", "분 ", "s", "초").Replace(d.String())
}

// share draws a part of a whole.
func share(part, whole uint64) string {
	const cells = 16
	if whole == 0 {
		return ""
	}
	full := int(min(part, whole) * cells / whole)
	return fmt.Sprintf("[%s%s] %3d%%", strings.Repeat("█", full), strings.Repeat("·", cells-full), min(part, whole)*100/whole)
}
