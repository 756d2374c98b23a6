package campaign

import "time"

// The defaults of a spec. docs/spec.md names each of them; exposure's default needs the policy, see Policy.Complete.

func (a *Audience) setDefaults() { a.Model, a.Purpose = "response", PurposeMarketing }

func (t *Threshold) setDefaults() { t.Stretch = 1 }

func (t *Touch) setDefaults() { t.Spread = Duration(day) }

func (t *Timing) setDefaults() { t.From, t.Until = 9*60, 20*60 }

func (c *Capacity) setDefaults() { c.Until = 24 * 60 }

func (s *Settlement) setDefaults() {
	s.Terms.setDefaults()
	s.Payout = PayoutPoints
	s.Lag, s.Clawback, s.Patience = Duration(day), Duration(30*day), Duration(day)
}

func (t *Terms) setDefaults() { t.Measure, t.From = MeasureCumulative, FromWindow }

func (m *Measurement) setDefaults() {
	m.Metric, m.Baseline, m.Confidence, m.Delivered = MetricSpend, Duration(90*day), 0.95, DeliveredReally
	m.Winsorise = 0.999
}

// A part that is left out altogether has its defaults too.
func (s *Spec) setDefaults() {
	s.Timing.setDefaults()
	s.Settlement.setDefaults()
	s.Measurement.setDefaults()
}

func (o *Offer) setDefaults() { o.Threshold.setDefaults() }

func (b *Bundle) setDefaults() { b.Most = 3 }

func (p *Policy) setDefaults() {
	p.ConsentAge, p.SnapshotAge, p.ApprovalAge = Duration(2*365*day), Duration(3*day), Duration(2*day)
}

// The words that settlement and measurement know.
const (
	MeasureCumulative = "cumulative"     // all purchases together reach the threshold
	MeasureSingle     = "single"         // one purchase reaches it
	ReachAtLeast      = "at_least"       // the threshold itself is enough
	ReachMoreThan     = "more_than"      // it is not
	FromWindow        = "window"         // purchases count from the window's start
	FromReceipt       = "receipt"        // purchases count from the first message on
	FromFirstPurchase = "first_purchase" // purchases count from the first one on
	BoundIncluded     = "included"       // what happens in that very second counts
	BoundExcluded     = "excluded"       // it does not
	ReceiptsDelivered = "delivered"      // our own messages
	ReceiptsImported  = "imported"       // interactions that were imported
	PayoutPoints      = "points"         // by the provider's HTTP API
	PayoutCashback    = "cashback"       // by the same
	PayoutFile        = "file"           // by files in a folder, with acknowledgements
	PayoutCoupon      = "coupon"         // by codes of a pool
	MetricSpend       = "spend"
	MetricWinsorised  = "spend_winsorised"
	MetricResponse    = "response"
	MetricPurchases   = "purchases"
	MetricBasket      = "basket"
	DeliveredReally   = "really"
	DeliveredNever    = "never" // a replay over history: nobody saw the message, so no difference is an effect
	FactorOffer       = "offer"
	FactorTiming      = "timing"
	FactorContent     = "content"
	ModelResponse     = "response"
	ModelNone         = "none"
	ModelAuto         = "auto"         // whichever proved best on customers held back
	ModelUplift       = "uplift"       // what a contact adds to what the goal counts
	ModelChurn        = "churn"        // the chance to drop below one's own forecast
	ModelChurnUplift  = "churn_uplift" // what a contact adds to the chance to stay
	ModelWorth        = "worth"        // what a contact earns in money
	ModelInterest     = "interest"     // likeness to those who have it already
	ControlBySegment  = "segment"
	ControlByDecile   = "decile"
	OnlyNotRedeemed   = "not_redeemed"
	PurposeMarketing  = "marketing"
	PurposeService    = "service"   // says what a customer has to know; no advertising
	UntilDelivered    = "delivered" // a fallback waits for word that the message arrived
	UntilSent         = "sent"      // a fallback follows failures only
	ChannelEmail      = "email"
	ChannelSMS        = "sms" // text messages, long ones too
	ChannelKakao      = "kakao"
	ChannelPush       = "push"
	ChannelWebhook    = "webhook" // a system of the user's own
)

// Payouts are the ways by which rewards are paid out.
var Payouts = []string{PayoutPoints, PayoutCashback, PayoutFile, PayoutCoupon}

// LoadZone is an IANA zone; the machine's own zone, which "Local" and "" would give, is refused.
func LoadZone(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, wrong(sayf("%q is not a time zone", "%q: 시간대가 아닙니다", name), say("write one such as Asia/Seoul or America/New_York", "Asia/Seoul, America/New_York처럼 쓰세요"))
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, wrong(sayf("%q is not a time zone", "%q: 시간대가 아닙니다", name), say("write one such as Asia/Seoul or America/New_York", "Asia/Seoul, America/New_York처럼 쓰세요"))
	}
	return zone, nil
}
