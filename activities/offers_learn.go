package activities

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/features"
	"github.com/danbi-project/danbi/internal/offers"
)

// KnowledgeStore is where past offers are, and what was learned of them.
type KnowledgeStore interface {
	// PastOffers are the latest campaigns in a currency that were over by an instant.
	PastOffers(ctx context.Context, currency string, instant time.Time, most int) ([]offers.PastCampaign, error)
	// OfferOutcomes are about most of its customers, in the order of their keys, with what they spent until an instant.
	OfferOutcomes(ctx context.Context, snapshot features.Snapshot, past offers.PastCampaign, until time.Time, most int) ([]offers.Outcome, error)
	SaveKnowledge(ctx context.Context, currency string, k offers.Knowledge) error
	Knowledge(ctx context.Context, id string) (offers.Knowledge, error)
}

// Knowledge says which version of what was learned a plan is valued by.
type Knowledge struct {
	ID        string   `json:"id,omitempty"` // empty: nothing has been learned, a prior stands in
	Campaigns []string `json:"campaigns,omitempty"`
	Offered   uint64   `json:"offered,omitempty"`
	Control   uint64   `json:"control,omitempty"`
	Note      string   `json:"note,omitempty"` // why nothing was learned
}

// Notes of knowledge.
const (
	NoteNoOffers  = "no_past_offers"  // there is no past campaign with offers
	NoteFewOffers = "few_past_offers" // they hold too few customers with an offer, or without one
)

// LearnOffersInput asks what campaigns that were over by an instant teach about offers.
type LearnOffersInput struct {
	Run      campaign.Run `json:"run"`
	Snapshot Snapshot     `json:"snapshot"`
	Instant  time.Time    `json:"instant"`
}

// LearnOffersOutput is the version that was kept.
type LearnOffersOutput struct {
	Knowledge Knowledge `json:"knowledge"`
}

// Past offers are learned from as many campaigns and customers as tell more than the next ones would.
const (
	mostPastOffers   = 6
	mostPastOutcomes = 300_000
)

// LearnOffers learns how customers take offers from the latest campaigns that were over by an instant, and keeps it.
// Learning the same again gives the same id.
func (o *Offers) LearnOffers(ctx context.Context, in LearnOffersInput) (LearnOffersOutput, error) {
	stop := heartbeat(ctx)
	defer stop()
	out, err := o.learn(ctx, in)
	return LearnOffersOutput{Knowledge: out}, Classify(err)
}

func (o *Offers) learn(ctx context.Context, in LearnOffersInput) (Knowledge, error) {
	campaigns, err := o.Store.PastOffers(ctx, in.Snapshot.Currency, in.Instant, mostPastOffers)
	if err != nil {
		return Knowledge{}, err
	}
	var rows []offers.Past
	var names []string
	for _, past := range campaigns {
		if !past.Teaches() {
			continue
		}
		outcomes, err := o.Store.OfferOutcomes(ctx, features.Snapshot(in.Snapshot), past, in.Instant, mostPastOutcomes/len(campaigns))
		if err != nil {
			return Knowledge{}, err
		}
		for _, outcome := range outcomes {
			if !past.TeachesOffer(outcome.Offer) {
				continue
			}
			outcome.Campaign = len(names)
			rows = append(rows, outcome.Past)
		}
		if len(outcomes) > 0 {
			names = append(names, past.Name())
		}
	}
	if len(names) == 0 {
		return Knowledge{Note: NoteNoOffers}, nil
	}
	learned, err := offers.Learn(rows, names, in.Instant)
	if errors.Is(err, offers.ErrTooLittle) {
		return Knowledge{Note: NoteFewOffers}, nil
	}
	if err != nil {
		return Knowledge{}, err
	}
	text, err := json.Marshal(learned)
	if err != nil {
		return Knowledge{}, fmt.Errorf("name what was learned: %w", err)
	}
	sum := sha256.Sum256(text)
	learned.ID = "k" + hex.EncodeToString(sum[:6])
	out := Knowledge{ID: learned.ID, Campaigns: learned.Campaigns, Offered: learned.Offered, Control: learned.Control}
	return out, o.Store.SaveKnowledge(ctx, in.Snapshot.Currency, learned)
}

// taught is a ladder as it is valued by a version of what was learned; the prior's where there is none.
func (o *Offers) taught(ctx context.Context, ladder *offers.Ladder, id string) (*offers.Ladder, error) {
	if id == "" {
		return ladder, nil
	}
	k, err := o.Store.Knowledge(ctx, id)
	if err != nil {
		return nil, err
	}
	return ladder.With(k)
}
