package campaign

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write golden files anew")

// The spec travels as JSON through the inputs of workflows that live for months: its form may only grow.
func TestSpecAsJSONIsFrozen(t *testing.T) {
	for name, file := range map[string]string{"spec.json": "win-back.yaml", "schedule.json": "monthly.yaml"} {
		data, err := os.ReadFile(filepath.Join(examples, file))
		require.NoError(t, err)
		spec, err := Decode(file, data)
		require.NoError(t, err)
		freeze(t, name, spec)
	}
	freeze(t, "policy.json", examplePolicy(t))
	freeze(t, "run.json", Run{Campaign: "card-spend", Occurrence: 1, Plan: 2, Launch: time.Date(2026, 8, 31, 15, 0, 0, 0, time.UTC)})
	freeze(t, "approval.json", Approval{PlanHash: "ab", Approver: "lee", At: time.Unix(1, 0).UTC(), Expires: time.Unix(2, 0).UTC(), Signature: []byte{1}})
	freeze(t, "fault.json", Fault{File: "a.yaml", Line: 1, Column: 2, Field: "b", Message: say("m", "메"), Hint: say("h", "힌")})
	freeze(t, "figures.json", Figures{Currency: "KRW", Expected: 1, Exposure: 2, Reward: 3, Customers: 4})
}

func freeze[T any](t *testing.T, name string, value T) {
	t.Helper()
	encoded, err := json.MarshalIndent(value, "", "  ")
	require.NoError(t, err)
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, append(encoded, '\n'), 0o644))
	}
	golden, err := os.ReadFile(path)
	require.NoError(t, err)
	require.JSONEq(t, string(golden), string(encoded), "%s: fields are only added; run with -update after adding one", name)
	var back T
	require.NoError(t, json.Unmarshal(golden, &back))
	require.Equal(t, value, back, "what comes back equals what went in")
}

func TestScalarsSurviveJSONAndText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type all struct {
			M Moment
			D Duration
			S Share
			C Clock
		}
		in := all{
			Moment{time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "moment"), 0).UTC()},
			Duration(time.Duration(rapid.Int64Range(0, 9e9).Draw(t, "seconds")) * time.Second),
			Share(rapid.Float64Range(0, 1).Draw(t, "share")),
			Clock(rapid.IntRange(0, 24*60).Draw(t, "clock")),
		}
		encoded, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		var out all
		if err := json.Unmarshal(encoded, &out); err != nil {
			t.Fatalf("%s: %v", encoded, err)
		}
		if out != in {
			t.Fatalf("%+v became %s, then %+v", in, encoded, out)
		}
	})
}

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{"36h": 36 * time.Hour, "14d": 14 * day, "2w": 14 * day, "1w2d3h4m5s": 9*day + 3*time.Hour + 4*time.Minute + 5*time.Second, "0d": 0} {
		got, err := ParseDuration(text)
		require.NoError(t, err)
		require.Equal(t, want, got.Std(), text)
	}
	for _, text := range []string{"", "14", "d", "1.5d", "-1d", "1d1d", "1h1d", "1d ", "9999999999w", "1y", "１d"} {
		_, err := ParseDuration(text)
		require.Error(t, err, text)
	}
	require.Equal(t, "14d", Duration(14*day).String())
	require.Equal(t, "1d12h", Duration(36*time.Hour).String())
}

func TestParseShareIsExact(t *testing.T) {
	for text, want := range map[string]Share{"10%": 0.1, "0.1": 0.1, "2.5%": 0.025, "29%": 0.29, "57 %": 0.57, "100%": 1, "1": 1, "0": 0, "0%": 0} {
		got, err := ParseShare(text)
		require.NoError(t, err)
		require.Equal(t, want, got, text) // 29/100 in floats is not 0.29
	}
	for _, text := range []string{"", "%", "101%", "1.1", "-1%", "ten", "1e-1", "0x1p-2", "10%%", "."} {
		_, err := ParseShare(text)
		require.Error(t, err, text)
	}
	require.Equal(t, "29%", Share(0.29).String())
	require.Equal(t, "2.5%", Share(0.025).String())
	require.Equal(t, "0%", Share(0).String())
	require.Equal(t, "100%", Share(1).String())
}

func TestParseMomentKnowsTheZone(t *testing.T) {
	newYork, err := LoadZone("America/New_York")
	require.NoError(t, err)
	got, err := ParseMoment("2017-11-05", newYork, true) // the day on which clocks are put back has 25 hours
	require.NoError(t, err)
	require.Equal(t, "2017-11-06T05:00:00Z", got.Format(time.RFC3339))
	got, err = ParseMoment("2017-11-05 01:30", newYork, false) // happens twice: the first is meant
	require.NoError(t, err)
	require.Equal(t, "2017-11-05T05:30:00Z", got.Format(time.RFC3339))
	_, err = ParseMoment("2017-03-12 02:30", newYork, false)
	require.ErrorContains(t, err, "does not exist")
	for _, zone := range []string{"", "Local", "Korea/Seoul", "KST+9"} {
		_, err := LoadZone(zone)
		require.Error(t, err, zone)
	}
}

func TestNearest(t *testing.T) {
	known := []string{"campaign", "title", "window", "audience", "offers"}
	require.Equal(t, "window", nearest("windwo", known))
	require.Equal(t, "audience", nearest("audince", known))
	require.Equal(t, "", nearest("colour", known))
	require.Equal(t, "", nearest("", known))
}
