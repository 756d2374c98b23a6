package importing

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func layoutsOf(t *testing.T, names ...string) []Layout {
	var all []Layout
	for _, n := range names {
		l, err := ParseLayout(n)
		require.NoError(t, err)
		all = append(all, l)
	}
	return all
}

func TestDatesAreReadByTheListedLayouts(t *testing.T) {
	seoul, err := time.LoadLocation("Asia/Seoul")
	require.NoError(t, err)
	for _, c := range []struct {
		layout, text, want string
	}{
		{"iso", "2017-01-28T19:06:53Z", "2017-01-28T19:06:53Z"},
		{"iso", "2017-01-28T19:06:53+02:00", "2017-01-28T17:06:53Z"},
		{"iso", "2017-01-28 19:06:53", "2017-01-28T10:06:53Z"},
		{"iso", "2017-01-28", "2017-01-27T15:00:00Z"},
		{"unix", "1485630413", "2017-01-28T19:06:53Z"},
		{"unix ms", "1485630413999", "2017-01-28T19:06:53Z"},
		{"DD.MM.YYYY hh:mm", "28.01.2017 19:06", "2017-01-28T10:06:00Z"},
		{"YYYYMMDD", "20170128", "2017-01-27T15:00:00Z"},
		{"MMM D, YYYY h12:mm AM", "Jan 8, 2017 7:06 PM", "2017-01-08T10:06:00Z"},
		{"YYYY/MM/DD hh:mm:ss.sss", "2017/01/28 19:06:53.250", "2017-01-28T10:06:53Z"},
	} {
		got, err := parseTime(c.text, layoutsOf(t, c.layout), seoul)
		require.NoError(t, err, c.text)
		require.Equal(t, c.want, got.UTC().Format(time.RFC3339), c.text)
	}
}

func TestDatesAreNeverGuessed(t *testing.T) {
	_, err := parseTime("28/01/2017", layoutsOf(t, "iso", "DD.MM.YYYY"), time.UTC)
	require.ErrorIs(t, err, errNoLayout)

	both := layoutsOf(t, "DD/MM/YYYY", "MM/DD/YYYY")
	_, err = parseTime("03/04/2017", both, time.UTC)
	require.ErrorIs(t, err, errAmbiguous)
	got, err := parseTime("28/01/2017", both, time.UTC)
	require.NoError(t, err)
	require.Equal(t, "2017-01-28", got.Format(time.DateOnly))
	_, err = parseTime("04/04/2017", both, time.UTC)
	require.NoError(t, err, "the same day either way")

	for _, text := range []string{"2017-02-30", "2017-13-01", "", "today", "2017-1-2"} {
		_, err := parseTime(text, layoutsOf(t, "iso"), time.UTC)
		require.ErrorIs(t, err, errNoLayout, text)
	}
}

func TestLayoutsThatMeanNothingAreRefused(t *testing.T) {
	for text, says := range map[string]string{
		"yyyy-MM-dd": `"yyyy"`,
		"YYYY-MM":    "a year, a month and a day",
		"2006-01-02": `"2006"`,
		"":           "a year, a month and a day",
	} {
		_, err := ParseLayout(text)
		require.ErrorContains(t, err, says, text)
	}
}
