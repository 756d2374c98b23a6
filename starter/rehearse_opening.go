package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
)

// An opening is the window that is rehearsed: when it starts, and when its planning does, which is where a run's people
// stop living and the campaign clock begins.
type opening struct{ plans, opens time.Time }

// nextOpening is the window that a spec names; of a schedule the first from a date on, or from now. A spec that opens its
// window when it is started is started at that date.
func (a *App) nextOpening(spec campaign.Spec, at string, now time.Time) (opening, error) {
	zone, err := campaign.LoadZone(spec.Zone)
	if err != nil {
		return opening{}, err
	}
	if !spec.Window.Starts.IsZero() {
		if at != "" {
			return opening{}, errors.New(a.text("--at is for a spec without window.starts: this one says itself when its window opens",
				"--at은 window.starts가 없는 스펙에 씁니다. 이 스펙에는 시작일이 있습니다"))
		}
		opens := spec.Window.Starts.In(zone)
		return opening{midnight(opens), spec.Window.Starts.Time}, nil
	}
	from := now
	if at != "" {
		moment, err := campaign.ParseMoment(at, zone, false)
		if err != nil {
			return opening{}, fmt.Errorf("--at: %w", err)
		}
		from = moment.Time
	}
	if spec.Schedule == nil {
		if at == "" {
			from = midnight(from.In(zone))
		}
		return opening{from, from}, nil
	}
	opens, more, err := spec.NextStart(from.Add(-time.Second)) // a window that opens at that very moment is one of them
	switch {
	case err != nil:
		return opening{}, err
	case !more:
		return opening{}, fmt.Errorf(a.text("the schedule opens no window after %s: name an earlier date with --at", "%s 뒤에는 일정이 없습니다. --at으로 더 이른 날짜를 쓰세요"), from.In(zone).Format(minutes))
	}
	return opening{opens.Add(-spec.Schedule.Lead.Std()), opens}, nil
}

// midnight is the start of a day in its own zone, or the first moment of it that exists.
func midnight(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location()).UTC()
}
