package main

import (
	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/danbi-project/danbi/internal/settlement/provider"
	"github.com/danbi-project/danbi/internal/stack/sink"
)

// newProviderCommand runs the reference payout provider by itself, for those who write one or try out their own set-up.
func newProviderCommand(a *App) *cobra.Command {
	var listen, data string
	cmd := &cobra.Command{
		Use: "provider", Short: "Run the reference payout provider by itself; it can be told to misbehave", GroupID: groupStack, Args: cobra.NoArgs,
		Long: `Runs the reference payout provider by itself: a server of docs/openapi/payout-provider.yaml that keeps what it paid in
a file. The local stack runs the same one. It checks signatures when DANBI_PAYOUT_SECRET or DANBI_PAYOUT_SECRET_FILE is set.

It misbehaves as PUT /faults tells it: time-outs after it took a payout, 500s, duplicate, reordered, late and wrong
acknowledgements, each for a share of the requests.`,
		Example: "  starter provider --listen 127.0.0.1:8026 --data ./provider\n" +
			`  curl -X PUT 127.0.0.1:8026/faults -d '{"payouts": {"broken": 0.1, "late": 0.1, "late_ms": 2000}}'`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			secret, err := provider.SecretFromEnv()
			if err != nil {
				return err
			}
			return sink.Serve(cmd.Context(), sink.Config{Dir: data, HTTPListen: listen, Secret: secret, Log: zap.NewNop(), Ready: func(at sink.Addresses) {
				a.Sayf("%s", a.text("The payout provider listens on http://"+at.HTTP+" until Ctrl-C.", "지급사 서버가 http://"+at.HTTP+"에서 기다립니다. 끝내려면 Ctrl-C를 누르세요."))
			}})
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:8026", "address to listen on")
	cmd.Flags().StringVar(&data, "data", "provider", "folder that keeps what was paid")
	return cmd
}
