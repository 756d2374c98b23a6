package compose

import (
	"errors"
	"fmt"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/dispatch/smpp"
	"github.com/danbi-project/danbi/internal/dispatch/smtp"
	"github.com/danbi-project/danbi/internal/settlement/provider"
	"github.com/danbi-project/danbi/internal/warehouse"
)

// Providers are the outside services that a worker talks to.
type Providers struct {
	Mail    smtp.Config
	Payouts provider.Config
	Texts   *smpp.Config // nil: this worker sends no text messages
}

// Sink is where the local stack's sink is; empty where there is none.
type Sink struct {
	SMTP, SMPP string // host:port
	HTTP       string // URL
}

// ProvidersFromEnv reads DANBI_SMTP_*, DANBI_PROVIDER_URL and DANBI_PAYOUT_*; what the environment does not name is the local sink's.
func ProvidersFromEnv(local Sink) (Providers, error) {
	mail, mailErr := smtp.ConfigFromEnv(local.SMTP, local.HTTP)
	payouts, payoutErr := provider.ConfigFromEnv(local.HTTP)
	p := Providers{Mail: mail, Payouts: payouts}
	if local.SMPP != "" {
		p.Texts = &smpp.Config{
			Addr: local.SMPP, SystemID: "danbi", ReferenceTag: 0x1400, LookupURL: local.HTTP + "/sms/lookup",
			Encodings: []smpp.Encoding{{Charset: "cp949", Coding: 0x84, Single: 90}, {Charset: "ucs2", Coding: 8}},
		}
	}
	return p, errors.Join(mailErr, payoutErr)
}

// channels are the ways to reach customers that the providers give.
func (p Providers) channels() (activities.Channels, error) {
	mail, err := smtp.New(p.Mail)
	if err != nil {
		return nil, err
	}
	all := activities.Channels{campaign.ChannelEmail: mail}
	if p.Texts != nil {
		texts, err := smpp.New(*p.Texts, campaign.ChannelSMS, nil)
		if err != nil {
			return nil, fmt.Errorf("the channel sms: %w", err)
		}
		all[campaign.ChannelSMS] = texts
	}
	return all, nil
}

// registerActivities gives every stage its adapters.
func registerActivities(to worker.ActivityRegistry, store *warehouse.Warehouse, temporal client.Client, p Providers) error {
	channels, err := p.channels()
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
		&activities.Dispatch{Store: store, Briefs: store, Channels: channels, Throttle: throttle{temporal}},
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
