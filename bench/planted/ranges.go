package planted

// A span is a range from which a seed draws one value, uniformly.
type span struct{ low, high float64 }

// The ranges of everything that a seed draws. They were fixed, with their sources, before any learner was judged by
// them; figures that come out badly are no reason to change them.
//
// Sources, by name:
//
//	Hillstrom   K. Hillstrom, The MineThatData E-Mail Analytics and Data Mining Challenge, 2008: three randomised arms of
//	            64,000; visits .106 without mail, .151 and .183 with it; spend 0.65 against 1.08 and 1.42
//	Criteo      Diemert, Betlei, Renaudin, Amini: A Large Scale Benchmark for Uplift Modeling, AdKDD 2018: 85 % treated
//	X5          RetailHero uplift contest, 2019-20: uplift@30 % of .05 to .06 where the mean effect is about .03
//	Ascarza     Retention Futility, Journal of Marketing Research 55(1), 2018: risk and the effect of a contact are all but
//	            unrelated, and a contact harms some
//	Radcliffe   Radcliffe and Surry: Real-World Uplift Modelling with Significance-Based Uplift Trees, 2011: effects are
//	            carried by few variables, and "sleeping dogs" exist
//	Sahni       Sahni, Zou, Chintagunta: Do Targeted Discount Offers Serve as Advertising? Evidence from 70 Field
//	            Experiments, Management Science 63(8), 2017: offers raised spend by more than a third on average
//	Fader       Fader, Hardie, Lee: RFM and CLV, Journal of Marketing Research 42(4), 2005: about half of a cohort is inactive
//	            in a period, and spend per transaction is skewed to the right
//	Lewis       Lewis and Rao: The Unfavorable Economics of Measuring the Returns to Advertising, Quarterly Journal of
//	            Economics 130(4), 2015: the spread of individual sales is several times their mean
var ranges = struct {
	base, lift, effectSpread, alignment, baseSpread            span // of a binary outcome
	active, logSpread, spendLift, spendEffectSpread, levelSpan span // of spend
	loading                                                    span // of a feature on the customer's common factors
}{
	// Share of customers who respond without a contact. Hillstrom .106; food retail is higher (X5 .6).
	base: span{.10, .25},
	// Mean effect, as a multiple of the base. Hillstrom: .045/.106 = .43 and .077/.106 = .72.
	lift: span{.3, .7},
	// Standard deviation of the effect among customers, as a multiple of its mean. X5: those who were ranked best had twice
	// the mean effect, by models that find a part of it only; Radcliffe and Ascarza: some effects are negative, which needs
	// about 1.
	effectSpread: span{.7, 1.1},
	// Correlation of the effect with the baseline. Ascarza: about none.
	alignment: span{-.2, .2},
	// Standard deviation of the baseline's log-odds among customers. The area under the ROC curve of response models in
	// marketing is commonly .70 to .80, which takes .75 to 1.2.
	baseSpread: span{.75, 1.2},

	// Share of customers who spend anything in the window without an offer. Fader: about half.
	active: span{.35, .65},
	// Standard deviation of log spend given any, within customers who look alike. Fader, Lewis: with the zeros and the
	// differences between customers, the coefficient of variation of spend is about 2 to 3.5.
	logSpread: span{.75, 1.05},
	// Mean effect of an offer on spend, as a share of the mean spend. Sahni: .37 with large differences between offers.
	spendLift: span{.15, .40},
	// Standard deviation of that effect as a multiple of its mean: as for responses.
	spendEffectSpread: span{.7, 1.1},
	// Standard deviation of log spend between customers who look different. Fader.
	levelSpan: span{.4, .7},

	// Behavioural features share causes: recency, frequency and spend of one customer go together (Fader).
	loading: span{.2, .7},
}

// What does not vary by seed.
const (
	Features        = 40
	factors         = 4 // common causes of the features
	baselineDrivers = 12
	effectDrivers   = 8 // Radcliffe: few
	sharedDrivers   = 3 // of the effect's, also the baseline's
	interactions    = 2 // products of two drivers, in either
)
