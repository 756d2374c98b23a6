package integration

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Two campaigns are settled by the real workflow while worker, engine and provider are killed and the provider
// misbehaves: the bench that settles two hundred of them, small. It compares with the provider's own books, and ends
// with an error when a due was not paid exactly once.
func TestSettlementsUnderKills(t *testing.T) {
	bench := filepath.Join(t.TempDir(), "bench")
	built, err := exec.CommandContext(t.Context(), "go", "build", "-o", bench, "github.com/danbi-project/danbi/bench").CombinedOutput()
	require.NoError(t, err, "%s", built)
	run := exec.CommandContext(t.Context(), bench, "settlement-chaos", "--runs", "2", "--starter", starter)
	run.Dir = ".."
	var told bytes.Buffer
	run.Stderr = &told
	out, err := run.Output()
	require.NoError(t, err, "%s%s", told.String(), out)
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	var figures struct {
		Runs, Dues  uint64
		Kills       int
		PaidOnce    uint64 `json:"paid_once"`
		PaidTwice   uint64 `json:"paid_twice"`
		Unpaid      uint64
		OpenAtKills uint64 `json:"open_at_kills"`
		Over        uint64 `json:"over_exposure"`
		Trial       int64  `json:"trial_balance"`
	}
	require.NoError(t, json.Unmarshal(lines[len(lines)-1], &figures))
	t.Logf("%+v", figures)
	require.EqualValues(t, 2, figures.Runs)
	require.GreaterOrEqual(t, figures.Dues, 2*uint64(200))
	require.Equal(t, figures.Dues, figures.PaidOnce)
	require.Zero(t, figures.PaidTwice+figures.Unpaid+figures.Over)
	require.Zero(t, figures.Trial)
	require.Positive(t, figures.Kills)
	require.Positive(t, figures.OpenAtKills)
}
