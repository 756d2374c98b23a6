// Package campaign says what a campaign is: its spec, the limits of the policy, its stages and the identity of a run.
package campaign

import (
	"time"

	"github.com/danbi-project/danbi/internal/money"
)

// Spec is one campaign as a marketer writes it. All amounts are minor units of Currency; all dates are local in Zone.
type Spec struct {
	Campaign    string      `yaml:"campaign" json:"campaign"`                     // ID: lower-case words joined by hyphens; never used again after its first send
	Title       Text        `yaml:"title" json:"title"`                           // by language
	Goal        Goal        `yaml:"goal" json:"goal"`                             // what is to change
	Currency    string      `yaml:"currency" json:"currency"`                     // ISO 4217
	Zone        string      `yaml:"zone" json:"zone"`                             // IANA zone of the dates, and the default of customers without a valid one
	Language    string      `yaml:"language" json:"language"`                     // default language of messages
	Priority    int         `yaml:"priority,omitempty" json:"priority,omitempty"` // among campaigns for the same customer's contact: 1 to 9, default 5
	Author      string      `yaml:"author,omitempty" json:"author,omitempty"`     // who wrote it; an approver must be somebody else
	Window      Window      `yaml:"window" json:"window"`                         // when purchases count
	Schedule    *Schedule   `yaml:"schedule,omitempty" json:"schedule,omitempty"` // repeats the campaign
	Audience    Audience    `yaml:"audience" json:"audience"`                     //
	Offers      []Offer     `yaml:"offers" json:"offers"`                         // the ladder; a customer gets one at most
	Contents    []Content   `yaml:"contents,omitempty" json:"contents,omitempty"` // variants of what is said, chosen for each customer
	Budget      Budget      `yaml:"budget" json:"budget"`                         //
	Touches     []Touch     `yaml:"touches" json:"touches"`                       // contacts in order: first, reminder
	Timing      Timing      `yaml:"timing,omitempty" json:"timing"`               //
	Settlement  Settlement  `yaml:"settlement" json:"settlement"`                 //
	Measurement Measurement `yaml:"measurement,omitempty" json:"measurement"`     //
	Limits      *Limits     `yaml:"limits,omitempty" json:"limits,omitempty"`     // may only tighten the policy's
}

// The priorities of campaigns.
const (
	usualPriority = 5
	mostPriority  = 9
)

// Rank is the priority, also of a spec that was written before there were any.
func (s Spec) Rank() uint8 {
	if s.Priority == 0 {
		return usualPriority
	}
	return uint8(min(max(s.Priority, 1), mostPriority))
}

// Text is a text by language code: ko, en.
type Text map[string]string

// Goal is what the campaign is to change.
type Goal string

// The goals that are known.
const (
	GoalSpend   Goal = "spend"    // more spend per customer
	GoalVisit   Goal = "visit"    // more customers who buy at all
	GoalWinBack Goal = "win_back" // customers who stopped come back
)

// Window is when purchases count for the offers. Ends is exclusive; a date without a time is that day's start (for Ends: its end).
type Window struct {
	Starts Moment   `yaml:"starts,omitempty" json:"starts"`
	Ends   Moment   `yaml:"ends,omitempty" json:"ends" moment:"end"`
	Length Duration `yaml:"length,omitempty" json:"length,omitempty"` // instead of Ends; with a schedule instead of both
}

// Schedule repeats a campaign: each firing is an occurrence, numbered from 1.
type Schedule struct {
	Cron  string   `yaml:"cron" json:"cron"`                                   // five fields, in the spec's zone
	Lead  Duration `yaml:"lead,omitempty" json:"lead,omitempty"`               // planning starts so long before the window
	Until Moment   `yaml:"until,omitempty" json:"until,omitzero" moment:"end"` //
}

// Audience is who may be chosen.
type Audience struct {
	Rule     string   `yaml:"rule" json:"rule"`                            // an expression over features; empty: everybody
	Model    string   `yaml:"model,omitempty" json:"model,omitempty"`      // a kind of model, auto, the name of one in the registry, or none (ranks by Rank)
	Interest Interest `yaml:"interest,omitempty" json:"interest,omitzero"` // what the model interest learns from
	Rank     string   `yaml:"rank,omitempty" json:"rank,omitempty"`        // a feature to rank by when there is no model, highest first
	Size     int      `yaml:"size,omitempty" json:"size,omitempty"`        // treated and control together; 0: all who are eligible
	Share    Share    `yaml:"share,omitempty" json:"share,omitempty"`      // of the eligible, treated and control together, best first; 0: all. With Size, the fewer
	Control  Share    `yaml:"control" json:"control"`                      // of the chosen, by hash
	// ControlBy draws the control group in proportion from each segment, or from each tenth by score.
	ControlBy string    `yaml:"control_by,omitempty" json:"control_by,omitempty"`
	Purpose   string    `yaml:"purpose,omitempty" json:"purpose,omitempty"` // of the consent: marketing
	Exclude   Exclusion `yaml:"exclude,omitempty" json:"exclude,omitempty"` //
}

// Interest names people who have already what others may like: it stands for the history that a new product has not.
type Interest struct {
	Categories []string `yaml:"categories,omitempty" json:"categories,omitempty"` // bought in within a year
	Brands     []string `yaml:"brands,omitempty" json:"brands,omitempty"`         // bought of within a year
	Campaigns  []string `yaml:"campaigns,omitempty" json:"campaigns,omitempty"`   // opened or clicked
	Products   []string `yaml:"products,omitempty" json:"products,omitempty"`     // bought within a year: named look-alikes of the new product
	// Of the new product: category, brand, merchant, or an attribute of products. Whoever bought a product within a year
	// that shares at least two in three of them has it already.
	Attributes map[string]string `yaml:"attributes,omitempty" json:"attributes,omitempty"`
}

// Named is how many things an interest is told by.
func (i Interest) Named() int {
	return len(i.Categories) + len(i.Brands) + len(i.Campaigns) + len(i.Products) + len(i.Attributes)
}

// Exclusion is who is left out whatever the rule says.
type Exclusion struct {
	Campaigns       []string `yaml:"campaigns,omitempty" json:"campaigns,omitempty"`               // treated by these
	ContactedWithin Duration `yaml:"contacted_within,omitempty" json:"contacted_within,omitempty"` // by any campaign
	Segments        []string `yaml:"segments,omitempty" json:"segments,omitempty"`
}

// OfferKind is how an offer works.
type OfferKind string

// The kinds of offers.
const (
	OfferThreshold  OfferKind = "spend_threshold" // spend at least the personal threshold, get the reward
	OfferPercentage OfferKind = "percentage"      // a share of the spend, at most the reward
	OfferPoints     OfferKind = "points"          // points: a number of them for a goal, or so many for each unit of spend
	OfferCoupon     OfferKind = "coupon"          // off one purchase
	OfferBundle     OfferKind = "bundle"          // several purchases of some goods
	OfferInform     OfferKind = "information"     // says something, gives nothing
)

// Offer is one rung of the ladder. With a personal threshold T = round(forecast·Stretch + Step), kept within [Min, Max].
// Its kind says how it is earned where its terms leave that open: see Spec.TermsOf.
type Offer struct {
	ID        string      `yaml:"id" json:"id"`
	Kind      OfferKind   `yaml:"kind" json:"kind"`
	Title     Text        `yaml:"title,omitempty" json:"title,omitempty"`
	Threshold Threshold   `yaml:"threshold,omitempty" json:"threshold"`
	Reward    money.Minor `yaml:"reward,omitempty" json:"reward"`
	Percent   Share       `yaml:"percent,omitempty" json:"percent,omitempty"`     // of the spend, at most the reward, in place of the terms'
	Valid     Duration    `yaml:"valid,omitempty" json:"valid,omitempty"`         // purchases count so long after the message; 0: to the window's end
	Rule      string      `yaml:"rule,omitempty" json:"rule,omitempty"`           // who may have it; empty: everybody
	Inventory int         `yaml:"inventory,omitempty" json:"inventory,omitempty"` // most customers who get it; 0: as many as like
	Least     int         `yaml:"least,omitempty" json:"least,omitempty"`         // customers who get it
	Terms     *Terms      `yaml:"terms,omitempty" json:"terms,omitempty"`         // instead of the settlement's, all of them
}

// Earns is whether somebody whom the offer moves from their own forecast to its goal brings in more than the reward.
func (o Offer) Earns(margin Share) bool {
	return o.Kind == OfferThreshold && o.Threshold.Step > 0 && o.Reward > 0 && float64(margin)*float64(o.Threshold.Step) > float64(o.Reward)
}

// Threshold is how a customer's own goal is found.
type Threshold struct {
	Fixed   money.Minor `yaml:"fixed,omitempty" json:"fixed,omitempty"`       // the same for all; instead of the rest
	Step    money.Minor `yaml:"step,omitempty" json:"step,omitempty"`         // above the customer's own forecast
	Stretch float64     `yaml:"stretch,omitempty" json:"stretch,omitempty"`   // multiplies the forecast before the step; default 1
	Chance  Share       `yaml:"chance,omitempty" json:"chance,omitempty"`     // the forecast that spend stays below with this chance; 0: the mean
	RoundTo money.Minor `yaml:"round_to,omitempty" json:"round_to,omitempty"` // 0: to what reads well
	Min     money.Minor `yaml:"min,omitempty" json:"min,omitempty"`
	Max     money.Minor `yaml:"max,omitempty" json:"max,omitempty"`
}

// Content is a variant of what the message says, beside the offer.
type Content struct {
	ID   string `yaml:"id" json:"id"`
	Text Text   `yaml:"text" json:"text"` // reaches templates as content

	// What it is like: by these a content is known again in later campaigns. Empty: it is known by its id.
	Theme    string `yaml:"theme,omitempty" json:"theme,omitempty"`
	Tone     string `yaml:"tone,omitempty" json:"tone,omitempty"`
	Picture  string `yaml:"picture,omitempty" json:"picture,omitempty"`
	Category string `yaml:"category,omitempty" json:"category,omitempty"` // of products that it is about
}

// Budget has two numbers: the optimiser's constraint, and the hard cap on what is out.
type Budget struct {
	Expected money.Minor `yaml:"expected" json:"expected"`
	Exposure money.Minor `yaml:"exposure,omitempty" json:"exposure"`         // default: Expected x the policy's factor
	Shared   string      `yaml:"shared,omitempty" json:"shared,omitempty"`   // a budget of the policy that campaigns draw on together
	Margin   Share       `yaml:"margin" json:"margin"`                       // of incremental spend that is earned
	Contact  money.Minor `yaml:"contact,omitempty" json:"contact,omitempty"` // cost of one message
	Explore  Share       `yaml:"explore,omitempty" json:"explore,omitempty"` // of the treated get a random feasible offer

	Return float64       `yaml:"return,omitempty" json:"return,omitempty"` // least expected value for each unit of expected cost
	Limits []BudgetLimit `yaml:"limits,omitempty" json:"limits,omitempty"` // on parts of the campaign
}

// BudgetLimit bounds a part of a campaign: the treated customers of some segments, regions and top brands, and some of the
// offers. What is zero is not bounded.
type BudgetLimit struct {
	ID       string      `yaml:"id" json:"id"`
	Segments []string    `yaml:"segments,omitempty" json:"segments,omitempty"` // empty: all
	Regions  []string    `yaml:"regions,omitempty" json:"regions,omitempty"`   // empty: all
	Brands   []string    `yaml:"brands,omitempty" json:"brands,omitempty"`     // the customer's top brand; empty: all
	Offers   []string    `yaml:"offers,omitempty" json:"offers,omitempty"`     // ids; empty: all
	Expected money.Minor `yaml:"expected,omitempty" json:"expected,omitempty"` // most expected cost
	Exposure money.Minor `yaml:"exposure,omitempty" json:"exposure,omitempty"` // most sum of maximum rewards
	Most     int         `yaml:"most,omitempty" json:"most,omitempty"`         // customers who get one of the offers
	Least    int         `yaml:"least,omitempty" json:"least,omitempty"`       // customers who get one of the offers
	Share    Share       `yaml:"share,omitempty" json:"share,omitempty"`       // of the part's treated customers get one, at least
	Return   float64     `yaml:"return,omitempty" json:"return,omitempty"`     // least expected value for each unit of expected cost
}

// Touch is one contact: first, reminder.
type Touch struct {
	ID       string                         `yaml:"id" json:"id"`
	After    Duration                       `yaml:"after,omitempty" json:"after,omitempty"`       // after the window's start
	Spread   Duration                       `yaml:"spread,omitempty" json:"spread,omitempty"`     // waves lie within so long; default 1d
	Only     string                         `yaml:"only,omitempty" json:"only,omitempty"`         // not_redeemed: skips who met the terms already
	Fallback map[string]Wait                `yaml:"fallback,omitempty" json:"fallback,omitempty"` // by channel: how long it has before the next one tries
	Channels []string                       `yaml:"channels" json:"channels"`                     // in order of preference: email, sms, kakao, push
	Message  map[string]map[string]Template `yaml:"message" json:"message"`                       // by channel, then language
}

// Wait is how long a channel has to reach somebody before the next one of the touch tries.
type Wait struct {
	For   Duration `yaml:"for,omitempty" json:"for"`               // after the wave that it was sent in; default 1h
	Until string   `yaml:"until,omitempty" json:"until,omitempty"` // delivered (default): no word that it arrived is a reason; sent: only a failure is
}

// Wait is what the spec says of one of the touch's channels, with its defaults.
func (t Touch) Wait(channel string) Wait {
	w := t.Fallback[channel]
	if w.For == 0 {
		w.For = Duration(time.Hour)
	}
	if w.Until == "" {
		w.Until = UntilDelivered
	}
	return w
}

// Template is what a message says, in Liquid. Its fields are dispatch.Fields.
type Template struct {
	Subject string `yaml:"subject,omitempty" json:"subject,omitempty"` // of an e-mail; the title of an LMS or a push message
	Text    string `yaml:"text" json:"text"`
	HTML    string `yaml:"html,omitempty" json:"html,omitempty"` // of an e-mail
	Link    string `yaml:"link,omitempty" json:"link,omitempty"` // what a tap on a push or Kakao message opens
	Code    string `yaml:"code,omitempty" json:"code,omitempty"` // of a template that Kakao approved
}

// Timing is when messages may leave, in the customer's own zone.
type Timing struct {
	From    Clock    `yaml:"from,omitempty" json:"from"`                   // default 09:00
	Until   Clock    `yaml:"until,omitempty" json:"until"`                 // exclusive; default 20:00
	Days    []string `yaml:"days,omitempty" json:"days,omitempty"`         // mon … sun; empty: all
	Explore Share    `yaml:"explore,omitempty" json:"explore,omitempty"`   // of customers get a random allowed hour
	PerHour int      `yaml:"per_hour,omitempty" json:"per_hour,omitempty"` // most messages that leave in an hour; 0: no limit

	Capacity []Capacity `yaml:"capacity,omitempty" json:"capacity,omitempty"` // limits of certain hours, in the campaign's zone
}

// Capacity is how many messages may leave in each hour of some part of some days: what a gateway takes, or what a call
// centre can answer. Of several that hold for an hour the least counts.
type Capacity struct {
	From    Clock    `yaml:"from,omitempty" json:"from"`           // default 00:00
	Until   Clock    `yaml:"until,omitempty" json:"until"`         // exclusive; default 24:00
	Days    []string `yaml:"days,omitempty" json:"days,omitempty"` // mon … sun; empty: all
	PerHour int      `yaml:"per_hour" json:"per_hour"`             // 0: none leaves
}

// Settlement is when an offer is met and how it is paid. Its terms are those of every offer without terms of its own.
type Settlement struct {
	Terms
	Receipts string   `yaml:"receipts,omitempty" json:"receipts,omitempty"` // delivered (default), or imported: offers that another system made
	Lag      Duration `yaml:"lag,omitempty" json:"lag"`                     // purchases are known so long after; default 1d
	Clawback Duration `yaml:"clawback,omitempty" json:"clawback"`           // cancellations count so long after settlement; default 30d
	Payout   string   `yaml:"payout,omitempty" json:"payout"`               // points (default), cashback, file, coupon
	Coupons  string   `yaml:"coupons,omitempty" json:"coupons,omitempty"`   // the pool of codes; with payout: coupon only
	Patience Duration `yaml:"patience,omitempty" json:"patience,omitempty"` // payouts without an answer are asked for so long, then need a person; default 1d
}

// Measurement is how the effect is judged.
type Measurement struct {
	Metric     string   `yaml:"metric,omitempty" json:"metric"`                 // the headline: spend (default), spend_winsorised, response, purchases or basket
	Baseline   Duration `yaml:"baseline,omitempty" json:"baseline"`             // pre-period for the variance reduction; default 90d
	Confidence float64  `yaml:"confidence,omitempty" json:"confidence"`         // default .95
	Winsorise  float64  `yaml:"winsorise,omitempty" json:"winsorise,omitempty"` // spend beyond this share of customers counts as the amount there; default .999, 0: not
	Factors    []string `yaml:"factors,omitempty" json:"factors,omitempty"`     // whose levels are compared: offer, timing, content
	Delivered  string   `yaml:"delivered,omitempty" json:"delivered"`           // really (default), or never: a replay over history, whose difference is no effect
}
