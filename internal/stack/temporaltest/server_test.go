package temporaltest

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

func sleepThenSay(ctx workflow.Context, word string) (string, error) {
	err := workflow.Sleep(ctx, 1500*time.Millisecond)
	return word, err
}

func TestASleepingWorkflowSurvivesAKilledServer(t *testing.T) {
	server := Server(t)
	server.NeedKill(t)
	c := server.Client(t)
	w := worker.New(c, "sleepers", worker.Options{})
	w.RegisterWorkflow(sleepThenSay)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)

	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "sleeper", TaskQueue: "sleepers"}, sleepThenSay, "awake")
	require.NoError(t, err)
	address := server.Address
	server.Kill()
	_, err = c.CheckHealth(t.Context(), nil)
	require.Error(t, err, "a killed server must not answer")
	server.Restart(t)
	require.Equal(t, address, server.Address)

	var word string
	require.NoError(t, run.Get(t.Context(), &word))
	require.Equal(t, "awake", word)
}

func TestTheUIServes(t *testing.T) {
	server := Server(t)
	if server.UI == "" {
		t.Skip("the environment names a server, and not where its UI is")
	}
	resp, err := http.Get(server.UI + "/namespaces/" + server.Namespace + "/workflows")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
}
