package world

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
)

// Parameters say what a population's people are like, in general: one draw of them is one market. They are never tuned
// to make a campaign look good. The default, the range and the source of each stand in the table below. It is comparable,
// and a zero value stands for the defaults wherever a Population is given.
type Parameters struct {
	RateShape    float64 `json:"rate_shape"`
	RateMean     float64 `json:"rate_mean"`
	SeasonDepth  float64 `json:"season_depth"`
	DropoutShape float64 `json:"dropout_shape"`
	DropoutScale float64 `json:"dropout_scale"`
	DeclineShare float64 `json:"decline_share"`
	DeclineDays  float64 `json:"decline_days"`

	SpendMedian  float64 `json:"spend_median"`
	SpendBetween float64 `json:"spend_between"`
	SpendWithin  float64 `json:"spend_within"`

	CategoryConcentration float64 `json:"category_concentration"`
	CategorySkew          float64 `json:"category_skew"`
	BrandS                float64 `json:"brand_s"`
	BrandSSpread          float64 `json:"brand_s_spread"`
	BrandZipf             float64 `json:"brand_zipf"`
	LifeEventPerYear      float64 `json:"life_event_per_year"`
	LifeEventShift        float64 `json:"life_event_shift"`
	LifeEventRamp         float64 `json:"life_event_ramp"`

	RefundShare       float64 `json:"refund_share"`
	CancellationShare float64 `json:"cancellation_share"`
	RefundDays        float64 `json:"refund_days"`
	AppShare          float64 `json:"app_share"`
	AppMean           float64 `json:"app_mean"`

	HourOwn               float64 `json:"hour_own"`
	HourEarly             float64 `json:"hour_early"`
	HourLunch             float64 `json:"hour_lunch"`
	HourEvening           float64 `json:"hour_evening"`
	HourDay               float64 `json:"hour_day"`
	HourNight             float64 `json:"hour_night"`
	HourAny               float64 `json:"hour_any"`
	TimeInsensitive       float64 `json:"time_insensitive"`
	TimeInsensitiveSpread float64 `json:"time_insensitive_spread"`

	OpenShapeA      float64 `json:"open_shape_a"`
	OpenShapeB      float64 `json:"open_shape_b"`
	OpenSMS         float64 `json:"open_sms"`
	OpenFatigue     float64 `json:"open_fatigue"`
	OpenDelay       float64 `json:"open_delay"`
	OpenDelaySpread float64 `json:"open_delay_spread"`
	ClickGivenOpen  float64 `json:"click_given_open"`
	VisitGivenClick float64 `json:"visit_given_click"`
	ContentLiked    float64 `json:"content_liked"`
	ContentOther    float64 `json:"content_other"`
	ContactLeft     float64 `json:"contact_left"`
	MessageInterest float64 `json:"message_interest"`
	BounceShare     float64 `json:"bounce_share"`
	Unsubscribe     float64 `json:"unsubscribe"`

	EffortMedian float64 `json:"effort_median"`
	EffortSpread float64 `json:"effort_spread"`
	EffortTired  float64 `json:"effort_tired"`
	EffortLeft   float64 `json:"effort_left"`
	JumpOvershot float64 `json:"jump_overshot"`
	FailTry      float64 `json:"fail_try"`
	FailSpent    float64 `json:"fail_spent"`
	FailLoss     float64 `json:"fail_loss"`
	FailDays     float64 `json:"fail_days"`
	PullShare    float64 `json:"pull_share"`
	PullDays     float64 `json:"pull_days"`
	RegretShare  float64 `json:"regret_share"`
	RegretDays   float64 `json:"regret_days"`

	KeepShare      float64 `json:"keep_share"`
	KeepDays       float64 `json:"keep_days"`
	DogShare       float64 `json:"dog_share"`
	DogLoss        float64 `json:"dog_loss"`
	DogDays        float64 `json:"dog_days"`
	DogLeaves      float64 `json:"dog_leaves"`
	DogUnsubscribe float64 `json:"dog_unsubscribe"`

	HasEmail        float64 `json:"has_email"`
	HasSMS          float64 `json:"has_sms"`
	ConsentEmail    float64 `json:"consent_email"`
	ConsentSMS      float64 `json:"consent_sms"`
	ConsentNight    float64 `json:"consent_night"`
	ConsentRenewed  float64 `json:"consent_renewed"`
	ConsentTurnover float64 `json:"consent_turnover"`
	SuppressedShare float64 `json:"suppressed_share"`
}

// A Parameter is one row of the table: DrawParameters draws it uniformly from Low to High.
type Parameter struct {
	Name    string // as in the JSON of Parameters
	Unit    string
	Default float64
	Low     float64
	High    float64
	Source  string // in the literature, or the word that it is an assumption
}

// Where the numbers and forms come from. "Form" means that the source gives the form, while the number is a round
// assumption, because none carries over to this market.
const (
	assumed   = "assumption"
	ehrenberg = "Ehrenberg, Repeat-Buying (1988)"
	fader     = "Fader, Hardie and Lee, RFM and CLV, J. Marketing Research (2005)"
	schmitt   = "Schmittlein, Morrison and Colombo, Counting your customers, Management Science (1987)"
	buckinx   = "form: Buckinx and Van den Poel, partial defection of behaviourally loyal clients, European J. Operational Research (2005)"
	dirichlet = "Goodhardt, Ehrenberg and Chatfield, The Dirichlet, J. Royal Statistical Society A (1984)"
	zipf      = "Clauset, Shalizi and Newman, Power-law distributions in empirical data, SIAM Review (2009)"
	andreasen = "form: Andreasen, Life status changes and changes in consumer preferences, J. Consumer Research (1984)"
	exposure  = "form: Goodhardt, Ehrenberg and Collins, The Television Audience (1975)"
	ansari    = "form: Ansari, Mela and Neslin, Customer channel migration, J. Marketing Research (2008)"
	kleven    = "form: Kleven, Bunching, Annual Review of Economics (2016)"
	goal      = "form: Kivetz, Urminsky and Zheng, The goal-gradient hypothesis resurrected, J. Marketing Research (2006)"
	soman     = "form: Soman and Cheema, When goals are counterproductive, J. Consumer Research (2004)"
	neslin    = "form: Neslin, Henderson and Quelch, Consumer promotions and the acceleration of product purchases, Marketing Science (1985)"
	heerde    = "form: van Heerde, Leeflang and Wittink, The estimation of pre- and postpromotion dips, J. Marketing Research (2000)"
	futility  = "form: Ascarza, Retention futility, J. Marketing Research (2018): who can be kept is not who is at risk"
	perils    = "form: Ascarza, Iyengar and Schleicher, The perils of proactive churn prevention, J. Marketing Research (2016)"
	law       = "assumption; the Korean Network Act, art. 50(8), has senders confirm consents every two years, and silence keeps them"
)

// Table is every parameter, in the order of the struct.
var Table = []Parameter{
	// Purchases per customer are gamma-mixed Poisson. For a cohort that begins with its first purchase the shape is .24
	// to .55 (CDNOW, by BG/NBD and Pareto/NBD); a base of customers who have all stayed for a while is less dispersed.
	{"rate_shape", "", 0.85, 0.6, 1.2, ehrenberg},
	{"rate_mean", "purchases a month", 1.16, 0.8, 1.8, assumed},
	{"season_depth", "power of the months' factors", 1, 0.5, 2, assumed},
	// Exponential lifetimes with gamma rates; the scale makes about one in ten leave in a year. Some fade before they go.
	{"dropout_shape", "", 0.61, 0.45, 0.8, "Pareto/NBD on CDNOW: " + fader + "; " + schmitt},
	{"dropout_scale", "days", 1950, 1300, 2900, assumed},
	{"decline_share", "of leavers", 0.6, 0.4, 0.8, buckinx},
	{"decline_days", "days, median", 75, 45, 120, buckinx},

	// Spend per purchase is lognormal within and between customers, independent of the rate.
	{"spend_median", "won", 32_000, 20_000, 50_000, assumed},
	{"spend_between", "sigma", 0.65, 0.45, 0.85, "form: " + fader},
	{"spend_within", "sigma", 0.60, 0.45, 0.75, "form: " + fader},

	// Dirichlet categories and brands. An S of about one is ordinary for packaged goods, and loyalty is personal.
	{"category_concentration", "S", 3, 2, 5, "form: " + dirichlet},
	{"category_skew", "power of the market's shares", 1, 0.7, 1.3, assumed},
	{"brand_s", "S, median", 1.2, 0.7, 2, dirichlet},
	{"brand_s_spread", "sigma", 0.5, 0.3, 0.7, assumed},
	{"brand_zipf", "exponent", 1, 0.8, 1.2, zipf},
	{"life_event_per_year", "of each kind", 0.06, 0.03, 0.10, andreasen},
	{"life_event_shift", "share of purchases", 0.45, 0.25, 0.65, andreasen},
	{"life_event_ramp", "days", 90, 45, 150, andreasen},

	{"refund_share", "share of purchases", 0.011, 0.005, 0.03, assumed},
	{"cancellation_share", "share of purchases", 0.005, 0.002, 0.01, assumed},
	{"refund_days", "days, at most", 10, 7, 14, assumed},
	{"app_share", "share of customers", 0.40, 0.25, 0.6, assumed},
	{"app_mean", "sessions a month", 0.50, 0.3, 1, assumed},

	// Rhythms differ between groups of people and within them, and only a part of the response depends on the hour. Field
	// reports of that part go from a tenth to nine tenths, so it is drawn from all of that.
	{"hour_own", "of activity at one's very own hour", 0.35, 0.2, 0.5, assumed},
	{"hour_early", "share of people", 0.12, 0.06, 0.18, assumed},
	{"hour_lunch", "share of people", 0.24, 0.12, 0.36, assumed},
	{"hour_evening", "share of people", 0.28, 0.14, 0.42, assumed},
	{"hour_day", "share of people", 0.16, 0.08, 0.24, assumed},
	{"hour_night", "share of people", 0.10, 0.05, 0.15, assumed},
	{"hour_any", "share of people", 0.10, 0.05, 0.15, assumed},
	{"time_insensitive", "mean share of responses", 0.45, 0.10, 0.90, assumed},
	{"time_insensitive_spread", "sigma between people", 0.18, 0.10, 0.20, assumed},

	// Opening is a beta mixture over people, as exposure to media is; each recent message lowers it.
	{"open_shape_a", "", 1.6, 1.0, 2.2, exposure},
	{"open_shape_b", "", 5, 3.5, 8, exposure},
	{"open_sms", "times e-mail", 1.5, 1.1, 2, assumed},
	{"open_fatigue", "for each message of 30 days", 0.90, 0.84, 0.96, ansari},
	{"open_delay", "minutes, median", 40, 15, 90, assumed},
	{"open_delay_spread", "sigma", 0.55, 0.4, 0.9, assumed},
	{"click_given_open", "share", 0.22, 0.10, 0.35, assumed},
	{"visit_given_click", "share", 0.50, 0.3, 0.7, assumed},
	{"content_liked", "times", 1.30, 1.1, 1.5, assumed},
	{"content_other", "times", 0.88, 0.8, 0.95, assumed},
	{"contact_left", "times, once dropped out", 0.40, 0.2, 0.6, assumed},
	{"message_interest", "one more purchase for an opened message without offer", 0.012, 0.004, 0.025, assumed},
	{"bounce_share", "share of messages", 0.004, 0.002, 0.01, assumed},
	{"unsubscribe", "share of the opened", 0.002, 0.001, 0.004, assumed},

	// The notch: customers jump to the threshold T iff phi (T - S0) <= R, where phi is lognormal.
	{"effort_median", "won for each won not meant to be spent", 0.11, 0.06, 0.18, kleven},
	{"effort_spread", "sigma", 0.95, 0.7, 1.2, kleven},
	{"effort_tired", "more for each offer of 90 days", 0.12, 0.05, 0.25, ansari},
	{"effort_left", "times, once dropped out", 3, 2, 5, assumed},
	{"jump_overshot", "of the gap, mean", 0.04, 0.02, 0.08, goal},
	{"fail_try", "share of those for whom the goal is up to twice too far", 0.30, 0.15, 0.45, goal},
	{"fail_spent", "of the gap before they give up", 0.40, 0.2, 0.6, goal},
	{"fail_loss", "share of later purchases", 0.12, 0.05, 0.2, soman},
	{"fail_days", "days", 60, 30, 90, soman},
	{"pull_share", "of the extra spend is missing afterwards", 0.25, 0.1, 0.5, neslin},
	{"pull_days", "days", 60, 30, 90, heerde},
	{"regret_share", "of purchases made for a reward are given back", 0.05, 0.02, 0.1, assumed},
	{"regret_days", "days, at most", 20, 10, 30, assumed},

	// What contact does to staying: an offer read while they fade keeps some, and contact wakes others who then leave.
	{"keep_share", "share of people", 0.25, 0.1, 0.4, futility},
	{"keep_days", "days longer, mean", 300, 150, 450, futility},
	{"dog_share", "share of people", 0.03, 0.01, 0.06, perils},
	{"dog_loss", "share of later purchases", 0.30, 0.15, 0.45, perils},
	{"dog_days", "days", 60, 30, 90, perils},
	{"dog_leaves", "for each opened message", 0.10, 0.05, 0.2, perils},
	{"dog_unsubscribe", "share of the opened", 0.04, 0.02, 0.08, perils},

	{"has_email", "share", 0.97, 0.9, 0.99, assumed},
	{"has_sms", "share", 0.90, 0.8, 0.97, assumed},
	{"consent_email", "share", 0.78, 0.6, 0.9, assumed},
	{"consent_sms", "share", 0.46, 0.3, 0.6, assumed},
	{"consent_night", "share", 0.07, 0.03, 0.12, assumed},
	{"consent_renewed", "of consents, every two years", 0.93, 0.85, 0.98, law},
	{"consent_turnover", "withdrawn a year", 0.05, 0.02, 0.09, assumed},
	{"suppressed_share", "share", 0.005, 0.002, 0.01, assumed},
}

// fieldOf is the index of a parameter's field in Parameters.
var fieldOf = func() map[string]int {
	out := map[string]int{}
	for i := range reflect.TypeFor[Parameters]().NumField() {
		out[reflect.TypeFor[Parameters]().Field(i).Tag.Get("json")] = i
	}
	return out
}()

func (p *Parameters) field(name string) reflect.Value {
	return reflect.ValueOf(p).Elem().Field(fieldOf[name])
}

// Get is the value of the parameter of that name, as in Table; it panics if there is none.
func (p Parameters) Get(name string) float64 { return p.field(name).Float() }

// With is p with another value of one parameter; it panics if there is none of that name.
func (p Parameters) With(name string, value float64) Parameters {
	p.field(name).SetFloat(value)
	return p
}

// DefaultParameters are those of the world that people get who ask for none in particular.
func DefaultParameters() Parameters {
	var out Parameters
	for _, row := range Table {
		out.field(row.Name).SetFloat(row.Default)
	}
	return out
}

// Round keeps five digits of each: two fits of the same data in another order of sums are then the same world.
func (p *Parameters) Round() {
	for _, row := range Table {
		v := p.Get(row.Name)
		if v == 0 {
			continue
		}
		unit := math.Pow(10, math.Floor(math.Log10(math.Abs(v)))-4)
		p.field(row.Name).SetFloat(math.Round(v/unit) * unit)
	}
}

// DrawParameters draws each parameter uniformly from its range, independently, by the seed: a market at random.
func DrawParameters(seed uint64) Parameters {
	var out Parameters
	for i, row := range Table {
		s := newStream(seed, 0, forParameters, uint64(i))
		out.field(row.Name).SetFloat(row.Low + (row.High-row.Low)*s.unit())
	}
	return out
}

// check names every value that no population can have; those that are only unusual are let through, for real data are.
func (p Parameters) check() error {
	var faults []error
	for _, row := range Table {
		v := p.Get(row.Name)
		share := strings.HasPrefix(row.Unit, "share") || strings.HasPrefix(row.Unit, "of ")
		mayVanish := share || strings.HasPrefix(row.Unit, "power")
		switch {
		case math.IsNaN(v) || math.IsInf(v, 0) || v < 0 || v == 0 && !mayVanish:
			faults = append(faults, fmt.Errorf("parameter %s is %v; it is above 0, ordinarily %v to %v", row.Name, v, row.Low, row.High))
		case share && v > 1:
			faults = append(faults, fmt.Errorf("parameter %s is %v; it is a share, at most 1", row.Name, v))
		}
	}
	return errors.Join(faults...)
}

// note says in messages whether they are others than the defaults.
func (p Parameters) note() string {
	if p == DefaultParameters() {
		return ""
	}
	return ", with parameters of its own"
}
