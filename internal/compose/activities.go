package compose

import (
	"errors"
	"os"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/dispatch"
	"github.com/danbi-project/danbi/internal/dispatch/smtp"
	"github.com/danbi-project/danbi/internal/settlement/batchfile"
	"github.com/danbi-project/danbi/internal/settlement/provider"
	"github.com/danbi-project/danbi/internal/warehouse"
)

// Providers are the outside services that a worker talks to.
type Providers struct {
	Mail     smtp.Config
	Payouts  provider.Config
	Files    string        // the folder of payouts by file
	Local    bool          // the local stack's sink pays: also what would go by file, where there is no folder
	Channels []ChannelFile // of messages other than mail
}

// Sink is where the local stack's sink is; empty where there is none.
type Sink struct {
	SMTP, SMPP string // host:port
	HTTP       string // URL
}

// ProvidersFromEnv reads DANBI_SMTP_*, DANBI_PROVIDER_URL, DANBI_CHANNELS and DANBI_PAYOUT_*; what the environment does not
// name is the local sink's.
func ProvidersFromEnv(local Sink) (Providers, error) {
	mail, mailErr := smtp.ConfigFromEnv(local.SMTP, local.HTTP)
	payouts, payoutErr := provider.ConfigFromEnv(local.HTTP)
	channels, channelErr := ChannelsFromEnv(local)
	return Providers{Mail: mail, Payouts: payouts, Files: os.Getenv(batchfile.EnvDirectory), Local: os.Getenv(provider.EnvURL) == "", Channels: channels}, errors.Join(mailErr, payoutErr, channelErr)
}

// channels are the ways to reach customers that the providers give.
func (p Providers) channels(inbox dispatch.Inbox) (activities.Channels, error) {
	mail, err := smtp.New(p.Mail)
	if err != nil {
		return nil, err
	}
	all, err := openChannels(p.Channels, inbox)
	if err != nil {
		return nil, err
	}
	all[campaign.ChannelEmail] = mail
	return all, nil
}

// registerActivities gives every stage its adapters.
func registerActivities(to worker.ActivityRegistry, store *warehouse.Warehouse, temporal client.Client, p Providers, channels activities.Channels, links dispatch.Links) error {
	payouts, err := provider.New(p.Payouts, clock.Wall)
	if err != nil {
		return err
	}
	var files activities.PayoutProvider = payouts
	if p.Files != "" || !p.Local {
		files = batchfile.New(p.Files)
	}
	for _, stage := range []any{
		&activities.Planning{Store: store, Briefs: store, Effects: store},
		&activities.Features{Store: store, Briefs: store},
		&activities.Targeting{Store: store, Briefs: store, Trainer: Trainer()},
		&activities.Offers{Store: store, Briefs: store},
		&activities.Contacts{Keeper: contactsKeeper{temporal}},
		&activities.Dispatch{Store: store, Briefs: store, Channels: channels, Links: links, Throttle: throttle{temporal}},
		&activities.Settlement{Store: store, Briefs: store, Throttle: throttle{temporal}, Payouts: activities.PayoutRoutes{
			campaign.PayoutPoints: payouts, campaign.PayoutCashback: payouts, campaign.PayoutFile: files, campaign.PayoutCoupon: couponCodes{store, temporal},
		}},
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
