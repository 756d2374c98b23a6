package campaign

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// momentZones are zones in whose days a naive count goes wrong: clocks that skip midnight or show it twice, change by
// half an hour, are off by a quarter of one, or left out a day.
var momentZones = []string{
	"Asia/Seoul", "UTC", "America/New_York", "America/Havana", "Africa/Cairo", "Asia/Beirut", "America/Santiago", "America/Sao_Paulo",
	"Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Chatham", "Pacific/Apia", "Asia/Tehran", "America/Asuncion",
}

func TestWindowEdgesAreDaysOfTheirZone(t *testing.T) {
	for _, c := range []struct {
		zone, text string
		end        bool
		want       string
	}{
		{"Asia/Seoul", "2028-02-29", false, "2028-02-28T15:00:00Z"},
		{"Asia/Seoul", "2028-02-29", true, "2028-02-29T15:00:00Z"},
		{"America/Havana", "2026-03-08", false, "2026-03-08T05:00:00Z"}, // 00:00 became 01:00
		{"America/Havana", "2026-03-07", true, "2026-03-08T05:00:00Z"},
		{"America/Havana", "2026-11-01", false, "2026-11-01T04:00:00Z"}, // 01:00 became 00:00: the first midnight
		{"Africa/Cairo", "2026-04-24", false, "2026-04-23T22:00:00Z"},
		{"Pacific/Apia", "2011-12-29", true, "2011-12-30T10:00:00Z"},
		{"America/New_York", "2026-11-01 01:30", false, "2026-11-01T05:30:00Z"}, // shown twice
	} {
		zone, err := time.LoadLocation(c.zone)
		require.NoError(t, err)
		got, err := ParseMoment(c.text, zone, c.end)
		require.NoError(t, err, c.text)
		require.Equal(t, c.want, got.UTC().Format(time.RFC3339), "%s %s", c.zone, c.text)
	}
	apia, err := time.LoadLocation("Pacific/Apia")
	require.NoError(t, err)
	for _, gone := range []string{"2011-12-30", "2011-12-30 12:00", "2026-02-29", "2100-02-29"} {
		_, err = ParseMoment(gone, apia, false)
		require.Error(t, err, gone)
	}
}

// FuzzMoments: a day starts with the first instant that the zone's clocks show of it, its end is the first instant after
// it, and a time is the first instant at which they show it; or they never do.
func FuzzMoments(f *testing.F) {
	for zone := range uint8(len(momentZones)) {
		for _, day := range []int32{20_520, 20_567, 20_566, 20_758, 15_338, 21_243, 47_541, 0, -7000} {
			f.Add(zone, day, uint16(90))
		}
	}
	f.Fuzz(func(t *testing.T, zoneAt uint8, days int32, minute uint16) {
		zone, err := time.LoadLocation(momentZones[int(zoneAt)%len(momentZones)])
		require.NoError(t, err)
		day := time.Unix(int64(days)%60_000*24*3600, 0).UTC() // 1805 to 2134
		if day.Year() < 1971 || day.Year() > 2100 {           // before, clocks went by other minutes in every town
			t.Skip()
		}
		text, wall := day.Format(time.DateOnly), day.Add(time.Duration(minute%1440)*time.Minute)
		// What the clocks show, minute by minute, from well before the day until well after it.
		var first, after, at time.Time
		for i := range 80 * 60 {
			now := day.Add(time.Duration(i-40*60) * time.Minute)
			_, offset := now.In(zone).Zone()
			shown := now.Add(time.Duration(offset) * time.Second) // as if it were in UTC
			date := shown.Truncate(24 * time.Hour)
			if date.Equal(day) && first.IsZero() {
				first = now
			}
			if date.After(day) && after.IsZero() {
				after = now
			}
			if shown.Equal(wall) && at.IsZero() {
				at = now
			}
		}
		starts, err := ParseMoment(text, zone, false)
		if first.IsZero() {
			require.Error(t, err)
			return
		}
		require.NoError(t, err)
		require.Equal(t, first, starts.Time)
		ends, err := ParseMoment(text, zone, true)
		require.NoError(t, err)
		require.Equal(t, after, ends.Time)
		moment, err := ParseMoment(wall.Format("2006-01-02 15:04"), zone, false)
		if at.IsZero() {
			require.Error(t, err)
			return
		}
		require.NoError(t, err)
		require.Equal(t, at, moment.Time)
	})
}
