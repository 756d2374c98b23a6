package main

import (
	"errors"
	"os"

	"github.com/spf13/cobra"

	"github.com/danbi-project/danbi/internal/compose"
)

// newWebhooksCommand serves what providers and recipients send back, in a process of its own.
func newWebhooksCommand(a *App) *cobra.Command {
	var listen string
	cmd := &cobra.Command{
		Use: "webhooks", Short: "Take receipts of providers and unsubscribes of recipients over HTTP", GroupID: groupStack, Args: cobra.NoArgs,
		Long: `Takes receipts, bounces, opens, clicks and unsubscribes over HTTP, as docs/openapi/webhooks.yaml says: feedback signed with a
secret of DANBI_WEBHOOK_SECRET_FILE, and the links of messages, which DANBI_LINKS_URL and DANBI_LINKS_KEY_FILE make. A worker
serves the same when DANBI_WEBHOOK_ADDR is set. Put a server that speaks TLS in front of it.`,
		Example: "  starter webhooks --listen 127.0.0.1:8027",
		RunE: func(cmd *cobra.Command, _ []string) error {
			hooks, err := compose.WebhooksFromEnv()
			if err != nil {
				return err
			}
			if len(hooks.Secrets) == 0 && hooks.Links == nil {
				return errors.New(a.text("there is nothing to serve: set "+compose.EnvWebhookSecret+", or "+compose.EnvLinksURL+" and "+compose.EnvLinksKey,
					"제공할 것이 없습니다. "+compose.EnvWebhookSecret+" 또는 "+compose.EnvLinksURL+"과 "+compose.EnvLinksKey+"를 설정하세요"))
			}
			hooks.Listen = listen
			store, err := a.Warehouse(cmd.Context())
			if err != nil {
				return err
			}
			defer store.Close()
			return compose.RunWebhooks(cmd.Context(), store, hooks, os.Getenv("DANBI_METRICS_ADDR"), func(at string) {
				a.Sayf("%s", a.text("Webhooks are served on http://"+at+" until Ctrl-C.", "웹훅을 http://"+at+"에서 받습니다. 끝내려면 Ctrl-C를 누르세요."))
			})
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:8027", "address to listen on")
	return cmd
}
