package compose

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/danbi-project/danbi/workflows"
)

// Two activities of one name pass in the test environment and panic in a real worker, and so does an exported method
// that is none: a real worker registers everything here.
func TestAWorkerTakesEverything(t *testing.T) {
	temporal, err := client.NewLazyClient(client.Options{})
	require.NoError(t, err)
	defer temporal.Close()
	providers, err := ProvidersFromEnv(Sink{SMTP: "127.0.0.1:25", HTTP: "http://127.0.0.1:80"})
	require.NoError(t, err)
	w := worker.New(temporal, workflows.TaskQueue, worker.Options{})
	workflows.Register(w)
	channels, err := providers.channels(nil)
	require.NoError(t, err)
	require.NoError(t, registerActivities(w, nil, temporal, providers, channels, nil))
}

func TestProvidersAreTheSinkUnlessTheEnvironmentSaysOtherwise(t *testing.T) {
	providers, err := ProvidersFromEnv(Sink{SMTP: "127.0.0.1:2525", HTTP: "http://127.0.0.1:8025"})
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:2525", providers.Mail.Addr)
	require.Equal(t, "http://127.0.0.1:8025", providers.Mail.ProviderURL)
	require.Equal(t, "http://127.0.0.1:8025", providers.Payouts.URL)

	t.Setenv("DANBI_SMTP_ADDR", "mail.example.com:587")
	providers, err = ProvidersFromEnv(Sink{SMTP: "127.0.0.1:2525", HTTP: "http://127.0.0.1:8025"})
	require.NoError(t, err)
	require.Equal(t, "mail.example.com:587", providers.Mail.Addr)
	require.Empty(t, providers.Mail.ProviderURL, "another provider is not asked at the sink")

	t.Setenv("DANBI_PAYOUT_URL", "not a url")
	_, err = ProvidersFromEnv(Sink{})
	require.Error(t, err)
}
