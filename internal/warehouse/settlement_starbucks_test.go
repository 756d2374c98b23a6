package warehouse_test

import (
	"cmp"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/importing"
	"github.com/danbi-project/danbi/internal/settlement"
	"github.com/danbi-project/danbi/internal/stack/stacktest"
	"github.com/danbi-project/danbi/internal/warehouse"
)

const starbucks = "../../examples/starbucks"

// An event stream of the form of examples/starbucks is settled by its terms. What it says of completed offers, truly or
// not, changes nothing: without those rows, and with wrong ones in their place, the same offers are completed.
func TestRecordedCompletionsAreNotRead(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(starbucks, "spec.yaml"))
	require.NoError(t, err)
	spec, err := campaign.Load("spec.yaml", text)
	require.NoError(t, err)
	times, err := spec.Times(time.Time{})
	require.NoError(t, err)
	run, err := spec.Run(1, 1, time.Time{})
	require.NoError(t, err)
	mapping, err := importing.Load(filepath.Join(starbucks, "import.yaml"))
	require.NoError(t, err)
	var first []settlement.Redemption
	for _, completions := range []string{"true", "deleted", "wrong"} {
		dir := t.TempDir()
		writeStream(t, dir, spec, completions)
		w := stacktest.Warehouse(t)
		summary, err := warehouse.Import(t.Context(), w, mapping, dir, warehouse.ImportOptions{})
		require.NoError(t, err)
		require.Zero(t, summary.Quarantined)
		got, err := w.JudgeShard(t.Context(), run, settlement.TermsOf(spec, times), everyC)
		require.NoError(t, err)
		require.Greater(t, len(got), 100)
		for i := range got { // keys and line numbers are of the import
			got[i].Customer, got[i].Purchase = 0, 0
		}
		slices.SortFunc(got, func(a, b settlement.Redemption) int {
			return cmp.Or(a.QualifiedAt.Compare(b.QualifiedAt), a.Compare(b), cmp.Compare(a.Spend, b.Spend))
		})
		if first == nil {
			first = got
		}
		require.Equal(t, first, got, completions)
	}
}

// writeStream writes sixty people's events in order of time, the same for each way of recording completions.
func writeStream(t *testing.T, dir string, spec campaign.Spec, completions string) {
	t.Helper()
	r := rand.New(rand.NewPCG(3, 5))
	file, err := os.Create(filepath.Join(dir, "transcript.jsonl.gz"))
	require.NoError(t, err)
	packed := gzip.NewWriter(file)
	out := json.NewEncoder(packed)
	line := func(person, event string, hour int, value map[string]any) {
		require.NoError(t, out.Encode(map[string]any{"person": person, "event": event, "time": hour, "value": value}))
	}
	for hour := 0; hour < 700; hour += 6 {
		for n := range 60 {
			person := fmt.Sprintf("p%02d", n)
			offer := spec.Offers[r.IntN(len(spec.Offers))]
			received, bought, cents := r.IntN(18) == 0, r.IntN(9) == 0, r.IntN(3000)
			if received {
				line(person, "offer received", hour, map[string]any{"offer id": offer.ID})
			}
			if bought {
				line(person, "transaction", hour, map[string]any{"amount": float64(cents) / 100})
			}
			switch {
			case completions == "true" && received && bought, completions == "wrong" && n%2 == 0:
				line(person, "offer completed", hour, map[string]any{"offer_id": offer.ID, "reward": 5})
			}
		}
	}
	require.NoError(t, packed.Close())
	require.NoError(t, file.Close())
}
