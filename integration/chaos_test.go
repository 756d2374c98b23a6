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
// misbehaves: the bench that settles two hundred of them, small. It compares with the provider's own books, and exits
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
	var figures map[string]float64
	var all map[string]any
	require.NoError(t, json.Unmarshal(lines[len(lines)-1], &all))
	figures = map[string]float64{}
	for name, value := range all {
		if n, ok := value.(float64); ok {
			figures[name] = n
		}
	}
	require.GreaterOrEqual(t, figures["dues"], 400.0)
	require.Equal(t, figures["dues"], figures["paid_once"])
	for _, name := range []string{"paid_twice", "unpaid", "over_exposure", "trial_balance"} {
		require.Zero(t, figures[name], name)
	}
	require.NotNil(t, all["kills"])
}
