package campaign

import (
	"time"

	"github.com/robfig/cron/v3"
)

// Times are the instants of one occurrence on the campaign clock.
type Times struct {
	Plans   time.Time `json:"plans"`   // planning starts: the schedule's lead before the window
	Opens   time.Time `json:"opens"`   // the window starts: the first wave leaves at or after it
	Closes  time.Time `json:"closes"`  // the window ends
	Settles time.Time `json:"settles"` // purchases of the window are known
	Ends    time.Time `json:"ends"`    // the clawback window is over
}

// Times are the instants of the occurrence whose window starts at occurrenceStart. A spec with its own window.starts
// has one occurrence and ignores occurrenceStart; one with only a length (a schedule, or "from the start on") needs it.
func (s Spec) Times(occurrenceStart time.Time) (Times, error) {
	opens := occurrenceStart
	if !s.Window.Starts.IsZero() {
		opens = s.Window.Starts.Time
	}
	if opens.IsZero() {
		return Times{}, Fault{Field: "window.starts", Message: say("the window has no start, and none was given when the campaign was started", "시작일이 없고, 캠페인을 시작할 때도 주어지지 않았습니다"),
			Hint: say("write window.starts, or start the campaign with a date", "window.starts를 쓰거나 날짜를 주어 시작하세요")}
	}
	closes := s.Window.Ends.Time
	if s.Window.Length > 0 {
		closes = opens.Add(s.Window.Length.Std())
	}
	if !closes.After(opens) {
		return Times{}, Fault{Field: "window", Message: say("the window ends before it starts", "기간의 끝이 시작보다 앞섭니다"), Hint: say("write a later window.ends, or a window.length", "window.ends를 더 늦게 쓰거나 window.length를 쓰세요")}
	}
	settles := closes.Add(s.Settlement.Lag.Std())
	times := Times{Opens: opens, Closes: closes, Settles: settles, Ends: settles.Add(s.Settlement.Clawback.Std())}
	times.Plans = opens
	if s.Schedule != nil {
		times.Plans = opens.Add(-s.Schedule.Lead.Std())
	}
	for _, at := range []*time.Time{&times.Plans, &times.Opens, &times.Closes, &times.Settles, &times.Ends} {
		*at = at.UTC()
	}
	return times, nil
}

// NextStart is the start of the first scheduled window after an instant, and false when the schedule is over or there is none.
func (s Spec) NextStart(after time.Time) (time.Time, bool, error) {
	if s.Schedule == nil {
		return time.Time{}, false, nil
	}
	zone, err := LoadZone(s.Zone)
	if err != nil {
		return time.Time{}, false, err
	}
	schedule, err := parseCron(s.Schedule.Cron)
	if err != nil {
		return time.Time{}, false, err
	}
	next := schedule.Next(after.In(zone)).UTC()
	if next.IsZero() || !s.Schedule.Until.IsZero() && !next.Before(s.Schedule.Until.Time) {
		return time.Time{}, false, nil
	}
	return next, true, nil
}

// parseCron reads five fields: minute, hour, day of the month, month, day of the week.
func parseCron(text string) (cron.Schedule, error) {
	schedule, err := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow).Parse(text)
	if err != nil {
		return nil, wrong(sayf("%q is not a schedule: %v", "%q: 일정이 아닙니다: %v", text, err),
			say("write minute, hour, day, month and weekday, as in \"0 0 1 * *\" for the 1st of each month", "분 시 일 월 요일 순서로 쓰세요. 예: \"0 0 1 * *\"(매월 1일)"))
	}
	return schedule, nil
}
