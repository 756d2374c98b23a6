// Package learned says what past campaigns taught about offers, and what other policies would have brought in them. It
// goes through the same steps as a campaign does.
package learned

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/features"
	"github.com/danbi-project/danbi/internal/measurement/ope"
	"github.com/danbi-project/danbi/internal/offers"
	"github.com/danbi-project/danbi/internal/warehouse"
)

// From says whose past is looked at: campaigns in a currency that were over by an instant.
type From struct {
	Currency string
	Zone     string // of customers without a valid one
	Instant  time.Time
}

// Learned is what is known, and the versions that plans started from.
type Learned struct {
	Currency  string                 `json:"currency"`
	Note      string                 `json:"note,omitempty"` // why nothing was learned: the prior is shown
	Knowledge offers.Knowledge       `json:"knowledge"`
	Prior     offers.Knowledge       `json:"prior"`
	Versions  []activities.Knowledge `json:"versions"` // the latest first
}

const mostVersions = 20

// Now learns from all that is there, keeps it as a campaign would, and says what is known.
func Now(ctx context.Context, w *warehouse.Warehouse, from From) (Learned, error) {
	out := Learned{Currency: from.Currency, Knowledge: offers.Prior(), Prior: offers.Prior()}
	a := &activities.Offers{Store: w, Briefs: w}
	made, err := a.LearnOffers(ctx, activities.LearnOffersInput{Instant: from.Instant, Snapshot: activities.Snapshot{Instant: from.Instant, Currency: from.Currency, Zone: from.Zone}})
	if err != nil {
		return out, err
	}
	if out.Note = made.Knowledge.Note; made.Knowledge.ID != "" {
		if out.Knowledge, err = w.Knowledge(ctx, made.Knowledge.ID); err != nil {
			return out, err
		}
	}
	versions, err := w.Learned(ctx, from.Currency, mostVersions)
	for _, k := range versions {
		out.Versions = append(out.Versions, activities.Knowledge{ID: k.ID, Campaigns: k.Campaigns, Offered: k.Offered, Control: k.Control})
	}
	return out, err
}

// Evaluated is what a policy would have brought a treated customer, in minor units.
type Evaluated struct {
	Policy string      `json:"policy"`
	Result *ope.Result `json:"result,omitempty"` // nil where the log can say nothing of it
	Chosen float64     `json:"chosen"`           // share of customers to whom it gives an offer
}

// Evaluation is a past campaign's log, and the policies that it was asked for.
type Evaluation struct {
	Campaign  string      `json:"campaign"`
	Customers int         `json:"customers"`
	Margin    float64     `json:"margin"`
	Logged    float64     `json:"logged"` // what the campaign's own choices brought a customer
	Policies  []Evaluated `json:"policies"`
}

// ErrNoLog says that a campaign is not among those that can be looked at.
var ErrNoLog = errors.New("no campaign of that name is over, was drawn by lot in part, and has offers")

const (
	mostLogged   = 200_000
	mostSearched = 1000
	confidence   = 0.95
)

// Evaluate says what other policies would have brought in a past campaign. What the learned policy knows comes from
// campaigns that were over before this one began; so it has not seen what it is judged by.
func Evaluate(ctx context.Context, w *warehouse.Warehouse, from From, name string, margin float64) (Evaluation, error) {
	out := Evaluation{Campaign: name, Margin: margin}
	campaigns, err := w.PastOffers(ctx, from.Currency, from.Instant, mostSearched)
	if err != nil {
		return out, err
	}
	at := slices.IndexFunc(campaigns, func(p offers.PastCampaign) bool { return p.Name() == name || p.Campaign == name })
	if at < 0 {
		return out, fmt.Errorf("%s: %w", name, ErrNoLog)
	}
	past := campaigns[at]
	out.Campaign = past.Name()
	if past.Spec != nil && past.Spec.Budget.Margin > 0 {
		out.Margin = float64(past.Spec.Budget.Margin)
	}
	earlier, err := Now(ctx, w, From{Currency: from.Currency, Zone: from.Zone, Instant: past.Opens})
	if err != nil {
		return out, err
	}
	outcomes, err := w.OfferOutcomes(ctx, features.Snapshot{Currency: from.Currency, Zone: from.Zone, Instant: past.Opens}, past, from.Instant, mostLogged)
	if err != nil {
		return out, err
	}
	logged := offers.LoggedChoices(outcomes, out.Margin)
	out.Customers = len(logged.Outcomes)
	for _, worth := range logged.Worth {
		out.Logged += worth / float64(len(logged.Worth))
	}
	nothing := slices.Index(logged.Arms, offers.NoOffer)
	for _, p := range logged.Policies(earlier.Knowledge, out.Margin) {
		one := Evaluated{Policy: p.Name}
		rows := make([]ope.Row, len(logged.Outcomes))
		for i := range rows {
			o := &logged.Outcomes[i]
			rows[i] = ope.Row{Unit: o.Customer.Key, X: logged.Covariates(i), Arm: logged.Arm[i], Logged: min(1, o.OfferChance), Y: logged.Worth[i], Target: p.Targets[i]}
			if nothing >= 0 {
				one.Chosen += (1 - p.Targets[i][nothing]) / float64(len(rows))
			} else {
				one.Chosen = 1
			}
		}
		found, err := ope.Evaluate(rows, len(logged.Arms), confidence)
		if err == nil {
			one.Result = &found
		} else if !errors.Is(err, ope.ErrNoSupport) {
			return out, fmt.Errorf("%s: %w", out.Campaign, err)
		}
		out.Policies = append(out.Policies, one)
	}
	return out, nil
}
