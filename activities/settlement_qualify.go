package activities

import (
	"context"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/settlement"
)

// QualifyCustomersInput asks who of a shard met the terms: customers whose offer was delivered, or may have been.
type QualifyCustomersInput struct {
	Run    campaign.Run   `json:"run"`
	Times  campaign.Times `json:"times"`
	Shard  campaign.Shard `json:"shard"`
	Staged bool           `json:"staged,omitempty"` // into a set that PublishRedemptions makes redemptions; false: at once, as older histories have it
}

// QualifyCustomersOutput counts the redemptions written, or the candidates of the set.
type QualifyCustomersOutput struct {
	Reached   uint64         `json:"reached"` // offers that reached somebody
	Qualified uint64         `json:"qualified"`
	Due       money.Minor    `json:"due"`
	Set       settlement.Set `json:"set,omitzero"`
	Refused   uint64         `json:"refused,omitempty"` // who met the terms when the rewards were gone
}

// CutFirstComersInput asks where the rewards of offers end of which there are only so many: once, over all shards' sets.
type CutFirstComersInput struct {
	Run   campaign.Run     `json:"run"`
	Times campaign.Times   `json:"times"`
	Sets  []settlement.Set `json:"sets"`
}

// CutFirstComersOutput is the last reward of each offer and day that had more candidates than rewards.
type CutFirstComersOutput struct {
	Cuts []settlement.Cut `json:"cuts,omitempty"`
}

// PublishRedemptionsInput asks to make a shard's set its redemptions. That the history holds the set is what fixes it.
type PublishRedemptionsInput struct {
	Run   campaign.Run     `json:"run"`
	Times campaign.Times   `json:"times"`
	Shard campaign.Shard   `json:"shard"`
	Set   settlement.Set   `json:"set"`
	Cuts  []settlement.Cut `json:"cuts,omitempty"`
}

// PublishRedemptionsOutput is what stands.
type PublishRedemptionsOutput struct {
	Qualified uint64      `json:"qualified"`
	Due       money.Minor `json:"due"`
}

var (
	_ = classify(settlement.ErrSetChanged, "SetChanged", true)
	_ = classify(settlement.ErrNoOffer, "NoOffer", true)
)

// QualifyCustomers judges a shard. Control has no assignment and is never in it.
func (a *Settlement) QualifyCustomers(ctx context.Context, in QualifyCustomersInput) (QualifyCustomersOutput, error) {
	stop := heartbeat(ctx)
	defer stop()
	out, err := a.qualify(ctx, in)
	return out, Classify(err)
}

func (a *Settlement) qualify(ctx context.Context, in QualifyCustomersInput) (out QualifyCustomersOutput, err error) {
	terms, err := a.terms(ctx, in.Run, in.Times)
	if err != nil {
		return out, err
	}
	if in.Staged {
		set, err := a.Store.FindCandidates(ctx, in.Run, terms, in.Shard)
		return QualifyCustomersOutput{Reached: set.Reached, Qualified: set.Candidates, Due: set.Due, Set: set}, err
	}
	if out.Reached, err = a.Store.QualifyCustomers(ctx, in.Run, terms, in.Shard); err != nil {
		return out, err
	}
	// Counted from what stands, so that a repeated attempt says the same as the first.
	redeemed, err := a.Store.Redemptions(ctx, in.Run, in.Shard)
	if err != nil {
		return out, err
	}
	out.Qualified = uint64(len(redeemed))
	for _, r := range redeemed {
		if out.Due, err = money.Add(out.Due, r.Due); err != nil {
			return out, err
		}
	}
	return out, nil
}

// CutFirstComers decides once, after the lag and over all shards, who was among the first.
func (a *Settlement) CutFirstComers(ctx context.Context, in CutFirstComersInput) (CutFirstComersOutput, error) {
	stop := heartbeat(ctx)
	defer stop()
	terms, err := a.terms(ctx, in.Run, in.Times)
	if err != nil {
		return CutFirstComersOutput{}, Classify(err)
	}
	cuts, err := a.Store.CutFirstComers(ctx, in.Run, terms, in.Sets)
	return CutFirstComersOutput{Cuts: cuts}, Classify(err)
}

// PublishRedemptions makes the set that the workflow fixed the shard's redemptions.
func (a *Settlement) PublishRedemptions(ctx context.Context, in PublishRedemptionsInput) (PublishRedemptionsOutput, error) {
	stop := heartbeat(ctx)
	defer stop()
	terms, err := a.terms(ctx, in.Run, in.Times)
	if err != nil {
		return PublishRedemptionsOutput{}, Classify(err)
	}
	n, due, err := a.Store.PublishRedemptions(ctx, in.Run, terms, in.Shard, in.Set, in.Cuts)
	return PublishRedemptionsOutput{Qualified: n, Due: due}, Classify(err)
}

func (a *Settlement) terms(ctx context.Context, run campaign.Run, times campaign.Times) (settlement.Terms, error) {
	brief, err := a.Briefs.Brief(ctx, run)
	if err != nil {
		return settlement.Terms{}, err
	}
	return settlement.TermsOf(brief.Spec, times), nil
}
