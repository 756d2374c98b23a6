package batchfile

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/settlement"
)

// envHand names the folder of the process that TestFilesSurviveKills kills.
const envHand = "DANBI_TEST_HAND_DIR"

const (
	handedShards = 10
	handedEach   = 200
)

func handShard(n int) campaign.Shard {
	return campaign.Shard{Of: handedShards, Low: uint32(n*handedEach + 1), High: uint32((n + 1) * handedEach)}
}

// TestHandProcess hands over every shard's payouts, some of them in pieces, until it is killed or done.
func TestHandProcess(t *testing.T) {
	path := os.Getenv(envHand)
	if path == "" {
		t.Skip("only run by TestFilesSurviveKills")
	}
	d := New(path)
	for n := range handedShards {
		all := shardPayouts(n)
		for _, upTo := range []int{handedEach / 2, handedEach} {
			require.NoError(t, d.Hand(t.Context(), aRun, handShard(n), all[:upTo]))
		}
	}
	require.NoError(t, os.WriteFile(filepath.Join(path, "done"), nil, 0o600))
}

func shardPayouts(n int) []settlement.Payout {
	all := payouts(1, handedEach)
	for i := range all {
		all[i].Customer = uint32(n*handedEach + i + 1)
		all[i].Key = campaign.ID{byte(n), byte(i), byte(i >> 8), 1}
	}
	return all
}

// Two processes hand over the same payouts at once; each is killed by SIGKILL again and again at any moment, also while
// it writes. Every file that appeared is whole, and in the end every payout is in exactly one.
func TestFilesSurviveKills(t *testing.T) {
	for try := range 20 { // a fast process on a slow machine may be done before anybody kills it
		path := t.TempDir()
		kills := handKilled(t, path, rand.New(rand.NewPCG(7, uint64(try)))) //nolint:gosec // where kills fall
		require.Len(t, wholeFiles(t, path), handedShards*handedEach)
		if kills > 2 {
			t.Logf("%d kills", kills)
			return
		}
	}
	require.Fail(t, "it was too fast to be killed")
}

// handKilled starts pairs of processes, each of which is killed once another file or two went out, until all did.
func handKilled(t *testing.T, path string, r *rand.Rand) (kills int) {
	start := func() *exec.Cmd {
		cmd := exec.Command(os.Args[0], "-test.run=^TestHandProcess$")
		cmd.Env = append(os.Environ(), envHand+"="+path)
		require.NoError(t, cmd.Start())
		return cmd
	}
	done := func() bool { _, err := os.Stat(filepath.Join(path, "done")); return err == nil }
	out := func() int { entries, _ := os.ReadDir(filepath.Join(path, "out")); return len(entries) }
	for attempt := 0; !done(); attempt++ {
		require.Less(t, attempt, 500, "it is killed too often to end")
		enough := out() + 1 + r.IntN(2)
		pair := []*exec.Cmd{start(), start()}
		for end := time.Now().Add(5 * time.Second); out() < enough && !done() && time.Now().Before(end); {
			time.Sleep(200 * time.Microsecond)
		}
		time.Sleep(time.Duration(r.IntN(2000)) * time.Microsecond)
		for _, cmd := range pair {
			_ = cmd.Process.Kill()
			if err := cmd.Wait(); err != nil {
				kills++
			}
		}
		wholeFiles(t, path)
	}
	return kills
}

// wholeFiles reads every file that went out, and says in which each payout is.
func wholeFiles(t *testing.T, path string) map[campaign.ID]string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(path, "out", "*.csv"))
	require.NoError(t, err)
	seen := map[campaign.ID]string{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		keys, err := ordered(text)
		require.NoError(t, err, "%s is not whole", name)
		for _, key := range keys {
			require.Empty(t, seen[key], fmt.Sprintf("%s is in %s too", key, name))
			seen[key] = name
		}
	}
	return seen
}
