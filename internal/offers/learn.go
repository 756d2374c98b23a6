package offers

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
)

// Past is what became of one customer in one past campaign that drew, at least in part, who gets what.
type Past struct {
	Campaign  int // index into the campaigns' names
	Customer  Customer
	Treated   bool
	Threshold float64 // promised: spend at least this
	Reward    float64 // and get this; 0: nothing was promised
	Chance    float64 // with which the customer got what they got
	Days      float64 // of the window
	Window    float64 // net spend in it
	AfterDays float64 // observed after it, at most afterDays
	After     float64 // net spend in that time

	Content string // what the message said, by ContentKey
	Own     bool   // it was about the category that the customer spends most on
}

// PastCampaign is a campaign that is over.
type PastCampaign struct {
	Campaign      string
	Occurrence    uint32
	Plan          uint16
	Opens, Closes time.Time
	Customers     uint64         // who were drawn, for an offer or for control
	Spec          *campaign.Spec // nil where it was not Danbi's own
}

// Name is how knowledge names what it was learned from.
func (p PastCampaign) Name() string { return fmt.Sprintf("%s/%d", p.Campaign, p.Occurrence) }

// Teaches says whether anything can be learned of how its offers are taken.
func (p PastCampaign) Teaches() bool {
	if p.Spec == nil {
		return true
	}
	if p.Spec.Measurement.Delivered == campaign.DeliveredNever {
		return false
	}
	for _, o := range p.Spec.Offers {
		if p.teaches(o) {
			return true
		}
	}
	return false
}

// TeachesOffer says whether customers who had the offer do. Those without one always do.
func (p PastCampaign) TeachesOffer(id string) bool {
	if p.Spec == nil || id == "" || id == NoOffer {
		return true
	}
	for _, o := range p.Spec.Offers {
		if o.ID == id {
			return p.teaches(o)
		}
	}
	return false
}

// teaches: only goals about all that customers spend, each with one reward, tell by who reached them how offers are taken.
func (p PastCampaign) teaches(o campaign.Offer) bool {
	t := p.Spec.TermsOf(o)
	narrow := len(t.Categories)+len(t.Brands)+len(t.Merchants)+len(t.Channels)+len(t.Excluded)+len(t.Natures)+len(t.Days) > 0 || t.Hours != nil
	several := t.Times > 1 || len(t.Tiers) > 0 || t.Percent > 0
	return !narrow && !several && !t.Single() && t.Purchases <= 1 && t.Within == 0
}

// Outcome is a customer of a past campaign with the choice that was made for them.
type Outcome struct {
	Past
	Offer string // its id; empty for control
	Met   bool   // has a redemption

	OfferChance float64 // of the offer alone, where Chance is of offer and content together
}

// After is for how long after its window a campaign's customers are still looked at.
const After = afterDays * 24 * time.Hour

// ErrNoKnowledge says that nothing that can be used was learned under an id.
var ErrNoKnowledge = errors.New("there is no such knowledge of how customers take offers")

// ErrTooLittle says that past campaigns hold too little to learn from.
var ErrTooLittle = errors.New("past campaigns hold too few customers with an offer, or without one, to learn how customers take offers")

// Fewer customers than these, with and without an offer, teach nothing that a prior would not drown.
const leastPast = 200

// What is believed before anything is learned, beside Prior: in a mailing most do not take notice, and nobody knows how
// many do. By params.
var responsePrior, responseDoubt = params{-0.6, math.Log(effortMedian), math.Log(effortSpread), math.Log(effortIdle)}, params{1.2, 0.7, 0.35, 0.7}

// example is a past customer with an offer, as the response is fitted to them.
type example struct {
	past     *Past
	forecast Forecast
	fold     int
	without  float64
	reached  bool
	jump     [effortGrid]float64 // by effort, of who would have bought something

	affordable float64 // log of the effort at which who would have bought nothing goes on to the goal
}

// Learn fits how customers take offers. The names are the campaigns', by Past.Campaign. All of it is deterministic: the
// same rows in the same order give the same knowledge. Residuals by arm and segment are cross-fitted: each is measured on
// customers whom the parameters that it is a residual of have not seen.
func Learn(rows []Past, names []string, at time.Time) (Knowledge, error) {
	k := Prior()
	k.At, k.Campaigns = at, names
	rows = slices.DeleteFunc(slices.Clone(rows), func(r Past) bool { return !usable(r) })
	for _, r := range rows {
		if r.Reward > 0 {
			k.Offered++
		} else {
			k.Control++
		}
	}
	if k.Offered < leastPast || k.Control < leastPast {
		return Prior(), ErrTooLittle
	}
	k.calibrate(rows, len(names))
	k.habits(rows)
	examples := k.examples(rows)
	folds := [2]response{}
	for fold := range folds {
		folds[fold] = fitResponse(examples, &k, func(e *example) bool { return e.fold != fold })
	}
	whole := fitResponse(examples, &k, func(*example) bool { return true })
	whole.into(&k)
	k.segments(examples)
	sums := k.residuals(examples, folds, func(*example) bool { return true })
	k.shrink(sums)
	k.between(examples, &whole, len(names))
	k.contents(examples, folds)
	k.spend(rows, examples)
	k.curse(examples, folds)
	k.chosen(examples, folds)
	return k, k.Check()
}

func usable(r Past) bool {
	for _, x := range []float64{r.Threshold, r.Reward, r.Window, r.After, r.Days, r.AfterDays, r.Chance} {
		if !finite(x) {
			return false
		}
	}
	return r.Days > 0 && r.Chance > 0 && (r.Reward <= 0 || r.Threshold > 0 && r.Treated)
}

// pool combines what several campaigns say of a number that differs between them: the mean over campaigns, given a prior
// for it, and how much campaigns differ (random effects; DerSimonian and Laird, Controlled Clinical Trials 1986, with the
// prior for the difference counting as two campaigns).
func pool(each []Known, prior Known, differ float64) (mean Known, between float64) {
	var w, wx, ww float64
	for _, e := range each {
		v := 1 / (e.Deviation * e.Deviation)
		w, wx, ww = w+v, wx+v*e.Mean, ww+v*v
	}
	q := 0.0
	for _, e := range each {
		q += (e.Mean - wx/w) * (e.Mean - wx/w) / (e.Deviation * e.Deviation)
	}
	n := float64(len(each))
	measured := 0.0
	if n > 1 && w > ww/w {
		measured = max(0, (q-(n-1))/(w-ww/w))
	}
	variance := (2*differ*differ + (n-1)*measured) / (2 + n - 1)
	w, wx = 1/(prior.Deviation*prior.Deviation), prior.Mean/(prior.Deviation*prior.Deviation)
	for _, e := range each {
		v := 1 / (e.Deviation*e.Deviation + variance)
		w, wx = w+v, wx+v*e.Mean
	}
	return Known{wx / w, math.Sqrt(1 / w)}, math.Sqrt(variance)
}

// habits is how often customers respond to a message.
func (k *Knowledge) habits(rows []Past) {
	var messages, responses float64
	for i := range rows {
		messages += float64(rows[i].Customer.Messages)
		responses += float64(min(rows[i].Customer.Responses, 2*rows[i].Customer.Messages))
	}
	if k.Rate = 0; messages >= 100 && responses >= 20 {
		k.Rate = responses / messages
	}
}

func (k *Knowledge) examples(rows []Past) []example {
	var out []example
	for i := range rows {
		r := &rows[i]
		if r.Reward <= 0 {
			continue
		}
		f := k.forecast(NewForecast(r.Customer.Months, int(r.Customer.Tenure), r.Days))
		e := example{past: r, forecast: f, fold: int(r.Customer.Key * 2654435761 >> 31), without: f.above(r.Threshold), reached: r.Window >= r.Threshold}
		e.affordable = math.Log(r.Reward / r.Threshold)
		above := f.sumAbove(r.Threshold)
		for g, phi := range effortAt {
			e.jump[g] = f.notchAt(r.Threshold, r.Reward, phi, e.without, above, math.Inf(1)).jump
		}
		out = append(out, e)
	}
	return out
}
