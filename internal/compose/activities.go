package compose

import (
	"errors"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/dispatch/smtp"
	"github.com/danbi-project/danbi/internal/settlement/provider"
	"github.com/danbi-project/danbi/internal/warehouse"
)

// Providers are the outside services that a worker talks to.
type Providers struct {
	Mail    smtp.Config
	Payouts provider.Config
}

// ProvidersFromEnv reads DANBI_SMTP_*, DANBI_PROVIDER_URL and DANBI_PAYOUT_*; what the environment does not name is the local sink's.
func ProvidersFromEnv(sinkSMTP, sinkHTTP string) (Providers, error) {
	mail, mailErr := smtp.ConfigFromEnv(sinkSMTP, sinkHTTP)
	payouts, payoutErr := provider.ConfigFromEnv(sinkHTTP)
	return Providers{Mail: mail, Payouts: payouts}, errors.Join(mailErr, payoutErr)
}

// registerActivities gives every stage its adapters.
func registerActivities(to worker.ActivityRegistry, store *warehouse.Warehouse, temporal client.Client, p Providers) error {
	mail, err := smtp.New(p.Mail)
	if err != nil {
		return err
	}
	payouts, err := provider.New(p.Payouts, clock.Wall)
	if err != nil {
		return err
	}
	for _, stage := range []any{
		&activities.Planning{Store: store, Briefs: store, Effects: store},
		&activities.Features{Store: store, Briefs: store},
		&activities.Targeting{Store: store, Briefs: store, Trainer: Trainer()},
		&activities.Offers{Store: store, Briefs: store},
		&activities.Contacts{Keeper: contactsKeeper{temporal}},
		&activities.Dispatch{Store: store, Briefs: store, Channels: activities.Channels{campaign.ChannelEmail: mail}, Throttle: throttle{temporal}},
		&activities.Settlement{Store: store, Briefs: store, Payouts: activities.PayoutRoutes{campaign.PayoutPoints: payouts, campaign.PayoutCashback: payouts}, Throttle: throttle{temporal}},
		newBooks(store, temporal),
		&activities.Measurement{Store: store, Briefs: store},
		&activities.Reports{Store: store, Briefs: store},
		&activities.World{Population: &population{store: store}},
	} {
		to.RegisterActivity(stage)
	}
	return nil
}

func newBooks(store *warehouse.Warehouse, temporal client.Client) *activities.Books {
	return &activities.Books{Store: store, Briefs: store, Keeper: bookkeeper{temporal}}
}
