package world

// The parameters of the population, each with its source, or the word that it is an assumption. They describe people in
// general and are never tuned to make a campaign look good. Where a source gives a form but no number that carries over
// to this market, the comment says "form from", and the number is a round assumption.
const (
	// Purchases per customer and month: gamma-mixed Poisson (Ehrenberg, "Repeat-Buying", 1988). For a cohort that begins
	// with its first purchase the shape is well below one: .24 by BG/NBD on CDNOW (Fader, Hardie and Lee, "Counting your
	// customers the easy way", Marketing Science 2005), .55 by Pareto/NBD (the same, "RFM and CLV", J. Marketing Research
	// 2005). A base of customers who have all stayed for a while is less dispersed.
	rateShape = 0.85
	rateMean  = 1.16

	// Dropout: exponential lifetimes with gamma rates (the Pareto/NBD of Schmittlein, Morrison and Colombo, Management
	// Science 1987; shape .61 on CDNOW in "RFM and CLV"). The scale makes about one in ten leave in a year.
	dropoutShape = 0.61
	dropoutScale = 1950.0 // days

	// Spend per purchase: lognormal within and between customers, independent of the rate (form from Fader, Hardie and
	// Lee, "RFM and CLV", who keep spend and frequency apart). Won.
	spendMedian  = 32_000.0
	spendBetween = 0.65 // sigma of customers' own medians
	spendWithin  = 0.60 // sigma of one customer's purchases

	// Categories: Dirichlet around the market's shares (Goodhardt, Ehrenberg and Chatfield, "The Dirichlet", J. Royal
	// Statistical Society A 1984), drawn by breaking sticks (Sethuraman, "A constructive definition of Dirichlet
	// priors", Statistica Sinica 1994).
	categoryConcentration = 3.0

	// Brands within a category: Dirichlet too, whose S of about one is ordinary for packaged goods (same source); it
	// differs between people, because loyalty is personal. Popularity is Zipf (Clauset, Shalizi and Newman, "Power-law
	// distributions in empirical data", SIAM Review 2009, on how such tails look).
	brandS       = 1.2
	brandSSpread = 0.5
	brandZipf    = 1.0

	// Life events shift what people buy, and not at once (form from Andreasen, "Life status changes and changes in
	// consumer preferences and satisfaction", J. Consumer Research 1984).
	lifeEventPerYear = 0.06 // of each kind
	lifeEventShift   = 0.45 // share of purchases that moves to the event's categories
	lifeEventRamp    = 90.0 // days until the shift is whole

	// Returns and cancellations: one to two purchases in a hundred, an assumption.
	refundShare       = 0.011
	cancellationShare = 0.005
	refundDays        = 10 // a refund comes within so many days

	// Use of the app, sessions per month of those who have it.
	appShare = 0.40
	appMean  = 0.50

	// Hours: rhythms differ between groups of people and within them, and only a part of the response to a message depends
	// on the hour at which it arrives. How large a part is an assumption: field reports go from a tenth to nine tenths.
	hourOwn        = 0.35 // of activity at one's very own hour
	hourDependence = 0.55 // mean share of the response that depends on the hour
	hourSpread     = 0.18

	// Opening a message: a beta mixture over people, as exposure to media is (Goodhardt, Ehrenberg and Collins, "The
	// Television Audience", 1975). Each recent message lowers it (form from Ansari, Mela and Neslin, "Customer channel
	// migration", J. Marketing Research 2008, where too many e-mails do harm). The levels are assumptions.
	openShapeA      = 1.6
	openShapeB      = 5.0 // mean .24
	openSMS         = 1.5
	openFatigue     = 0.90 // for each message of the last 30 days
	openDelay       = 40.0 // minutes, median
	openDelaySpread = 0.55
	clickGivenOpen  = 0.22
	contentLiked    = 1.30
	contentOther    = 0.88
	unsubscribe     = 0.002 // of those who open
	unsubscribeDog  = 0.040
	contactLeft     = 0.40 // open rate of those who dropped out, against their own before
	visitGivenClick = 0.50
	bounceShare     = 0.004
	messageInterest = 0.012 // who opens a message without an offer buys once more, with this chance

	// The notch of a threshold: extra spend is worth its effort up to R/phi, so customers jump to T iff phi(T-S0) <= R
	// (form from Kleven, "Bunching", Annual Review of Economics 2016; acceleration near a goal from Kivetz, Urminsky
	// and Zheng, "The goal-gradient hypothesis resurrected", J. Marketing Research 2006). phi is lognormal.
	effortMedian = 0.11 // of a won for each won of spend that was not meant
	effortSpread = 0.95
	effortTired  = 0.12 // added for each offer of the last 90 days
	effortLeft   = 3.0  // times as much for those who dropped out
	jumpOvershot = 0.04 // mean spend above the threshold, as a share of the gap

	// Failing a goal costs later purchases (form from Soman and Cheema, "When goals are counterproductive", J. Consumer
	// Research 2004).
	failTry   = 0.30 // of those for whom the goal is up to twice too far
	failSpent = 0.40 // of the gap before they give up
	failLoss  = 0.12 // of later purchases
	failDays  = 60

	// Purchases are partly pulled forward (form from Neslin, Henderson and Quelch, "Consumer promotions and the
	// acceleration of product purchases", Marketing Science 1985, and van Heerde, Leeflang and Wittink, "The estimation
	// of pre- and postpromotion dips", J. Marketing Research 2000).
	pullShare = 0.25 // of the extra spend is missing afterwards
	pullDays  = 60

	// Sleeping dogs: contact wakes some who then leave or buy less (form from Ascarza, Iyengar and Schleicher, "The
	// perils of proactive churn prevention using plan recommendations", J. Marketing Research 2016).
	dogShare = 0.03
	dogLoss  = 0.30
	dogDays  = 60

	// Purchases that were made for a reward are given back more often than others: an assumption.
	regretShare = 0.05
	regretDays  = 20

	// Who can be reached at all, and what they agreed to: assumptions.
	hasEmail        = 0.97
	hasSMS          = 0.90
	consentEmail    = 0.78
	consentSMS      = 0.46
	consentNight    = 0.07
	consentRenewed  = 0.80 // of consents older than two years that were reconfirmed since
	consentTurnover = 0.05 // per year, withdrawn without a message
	suppressedShare = 0.005
)

// Season by month, January first, an assumption: December and the autumn holiday are strong, February is weak.
var season = [12]float64{0.97, 0.93, 0.98, 0.99, 1.04, 0.97, 0.99, 0.98, 1.05, 0.99, 1.02, 1.09}

// Weekday factors, Sunday first, an assumption too: for people who shop at weekends, evenly, and on workdays.
var weekdays = [3][7]float64{
	{1.55, 0.72, 0.72, 0.76, 0.82, 1.05, 1.60},
	{1.02, 0.95, 0.96, 0.98, 1.00, 1.06, 1.08},
	{0.62, 1.14, 1.14, 1.14, 1.14, 1.12, 0.70},
}

// Hour archetypes, assumptions: relative activity from midnight on.
var archetypes = [6][24]float64{
	{1, 1, 0, 0, 1, 4, 10, 14, 12, 8, 6, 6, 7, 5, 4, 4, 4, 4, 4, 3, 2, 2, 1, 1},   // early
	{1, 0, 0, 0, 0, 1, 2, 6, 8, 4, 4, 9, 16, 12, 4, 4, 4, 5, 8, 7, 5, 4, 3, 2},    // office, lunch
	{2, 1, 0, 0, 0, 0, 1, 3, 4, 3, 3, 4, 5, 4, 3, 4, 4, 6, 11, 14, 13, 10, 6, 4},  // office, evening
	{1, 0, 0, 0, 0, 1, 2, 4, 6, 11, 13, 12, 9, 10, 11, 9, 7, 5, 4, 4, 4, 3, 2, 1}, // at home by day
	{10, 7, 4, 2, 1, 0, 0, 1, 2, 2, 3, 4, 5, 5, 5, 5, 5, 5, 6, 7, 8, 10, 13, 13},  // night
	{3, 2, 1, 1, 1, 1, 2, 4, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 5, 4, 4},      // at any time
}

var archetypeShares = []float64{0.12, 0.24, 0.28, 0.16, 0.10, 0.10}
