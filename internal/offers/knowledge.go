package offers

import (
	"fmt"
	"math"
	"sort"
	"time"
)

// Known is a number with how sure it is: its mean and standard deviation by what has been learned so far.
type Known struct {
	Mean      float64 `json:"mean"`
	Deviation float64 `json:"deviation"`
}

// Knowledge is what past campaigns have taught about how customers take offers: the posteriors from which a campaign
// starts, and which it adds to when it has been measured.
type Knowledge struct {
	ID        string    `json:"id"`
	At        time.Time `json:"at"`                  // campaigns that ended later are not in it
	Campaigns []string  `json:"campaigns,omitempty"` // what it was learned from, as id/occurrence
	Offered   uint64    `json:"offered"`             // customers who had been promised a reward
	Control   uint64    `json:"control"`             // customers with whom they are compared

	// What customers spend without an offer, against NewForecast.
	Level       Known   `json:"level"`        // more of the logarithm of spend, for who spends Centre
	Slope       Known   `json:"slope"`        // of it by the forecast's: below 1, who spent much falls back to what others spend
	Curve       Known   `json:"curve"`        // of it by the square of that
	Centre      float64 `json:"centre"`       // as a logarithm
	Spread      Known   `json:"spread"`       // factor on how far it scatters
	SpreadSlope Known   `json:"spread_slope"` // of its logarithm by the forecast's
	Zero        Known   `json:"zero"`         // more of the log-odds of spending nothing
	ZeroSlope   Known   `json:"zero_slope"`   // of those by the forecast's

	// How they take one: who takes notice of a message, and what more spend costs them in effort, per unit (lognormal).
	Attention    Known                           `json:"attention"`
	Effort       Known                           `json:"effort"` // median
	EffortSpread Known                           `json:"effort_spread"`
	Idle         Known                           `json:"idle"`             // times as much for who would not have bought at all
	Covariance   [paramCount][paramCount]float64 `json:"covariance"`       // of log-odds of attention, log effort, log spread, log idle
	Weight       float64                         `json:"weight,omitempty"` // as many messages as the mean counts for beside a customer's own; 0: all are alike
	Rate         float64                         `json:"rate,omitempty"`   // responses a message

	Gain     Known   `json:"gain"`     // more spend in the window, as a factor of what effort explains
	Pull     Known   `json:"pull"`     // share of it that is missing afterwards, because it was only pulled forward
	Failing  Known   `json:"failing"`  // share of later spend that is lost by those who tried for a goal and missed it
	Inform   Known   `json:"inform"`   // more spend after a message that promises nothing, as a share
	Response float64 `json:"response"` // deviation of the response in all, as a share of it, by what has been seen
	Between  float64 `json:"between"`  // deviation of a campaign's response from that of campaigns on average, as a factor
	Season   float64 `json:"season"`   // deviation of the level of a window from that of others
	Curse    float64 `json:"curse"`    // what choices by one half of the data are worth by the other, as a share of what they promised

	// Factor on the response of those who are chosen for looking good: where the ways above are wrong, the choice goes.
	Chosen Known `json:"chosen"`

	Edges []float64 `json:"edges,omitempty"` // of the forecast, between segments
	Idles []float64 `json:"idles,omitempty"` // of the chance to buy nothing, between parts of each segment
	Cells []Cell    `json:"cells,omitempty"` // by arm, then segment

	Contents []ContentCell `json:"contents,omitempty"` // by content and part
}

// Cell is what one arm did in one segment.
type Cell struct {
	Arm       string  `json:"arm"`     // kind and generosity: what a reward is of the stretch that it asks for
	Segment   int     `json:"segment"` // by forecast and the chance to buy nothing: see Class
	Customers uint64  `json:"customers"`
	Reached   float64 `json:"reached"`  // share who reached their goal
	Without   float64 `json:"without"`  // share expected to without the offer
	Response  Known   `json:"response"` // share whom the offer moved: shrunk
	Factor    Known   `json:"factor"`   // of that against what effort explains: shrunk towards 1
}

// Arms are the classes of offers by generosity: reward over stretch, up to each bound.
var generosity = []float64{0.04, 0.07, 0.12, math.Inf(1)}

var armNames = []string{"under 4%", "4-7%", "7-12%", "over 12%"}

// Arms are the names of the classes, the least generous first.
func Arms() []string { return append([]string(nil), armNames...) }

func armOf(reward, goal, forecast float64) int {
	share := reward / math.Max(goal-forecast, 1)
	return sort.SearchFloat64s(generosity, share)
}

// Prior is what stands in until something has been learned: everybody takes notice; the reward must be about an eighth of
// the stretch before half of the customers take it; a quarter of what it brings is pulled forward (within the range of
// van Heerde, Leeflang and Wittink, J. Marketing Research 2000); missing a goal that one tried for costs a tenth of later
// spend (in sign from Soman and Cheema, J. Consumer Research 2004).
func Prior() Knowledge {
	return Knowledge{
		Level: Known{0, 0.15}, Slope: Known{1, 0.2}, Curve: Known{0, 0.05}, Spread: Known{1, 0.1}, SpreadSlope: Known{0, 0.1}, Zero: Known{0, 0.3}, ZeroSlope: Known{1, 0.2},
		Attention: Known{1, 0}, Effort: Known{effortMedian, 0.7 * effortMedian}, EffortSpread: Known{effortSpread, 0.3},
		Idle: Known{effortIdle, 0.7 * effortIdle}, Covariance: [paramCount][paramCount]float64{1: {1: 0.49}, 2: {2: 0.09}, 3: {3: 0.49}},
		Gain: Known{1, 0.2}, Pull: Known{0.25, 0.10}, Failing: Known{0.10, 0.05}, Inform: Known{0.01, 0.01},
		Response: 0.5, Between: betweenPrior, Season: levelPrior, Curse: 1, Chosen: Known{1, chosenDiffers},
	}
}

// Learned tells whether anything has been learned.
func (k Knowledge) Learned() bool { return k.Offered > 0 }

// Until something has been learned of how campaigns differ from each other, they are believed to do so by as much.
const (
	betweenPrior = 0.20 // of a response, as a factor
	levelPrior   = 0.06 // of spend: season and trend that the last months do not show
)

// complete puts the prior in place of what was not learned yet when the knowledge was kept.
func (k Knowledge) complete() Knowledge {
	if k.Idle == (Known{}) {
		k.Idle = Prior().Idle
	}
	if k.Chosen == (Known{}) {
		k.Chosen = Prior().Chosen
	}
	return k
}

// Check says whether the knowledge can be used: a number that is none would spread to every value.
func (k Knowledge) Check() error {
	for name, known := range map[string]Known{
		"level": k.Level, "spread": k.Spread, "zero": k.Zero, "slope": k.Slope, "curve": k.Curve, "spread_slope": k.SpreadSlope, "zero_slope": k.ZeroSlope, "centre": {k.Centre, 0}, "attention": k.Attention, "idle": k.Idle, "chosen": k.Chosen, "effort": k.Effort, "effort_spread": k.EffortSpread,
		"gain": k.Gain, "pull": k.Pull, "failing": k.Failing, "inform": k.Inform, "between": {k.Between, k.Season}, "curse": {k.Curse, 0},
	} {
		if !finite(known.Mean) || !finite(known.Deviation) || known.Deviation < 0 {
			return fmt.Errorf("%w: what was learned of %s, %v ± %v, is no number: learn again", ErrNoKnowledge, name, known.Mean, known.Deviation)
		}
	}
	if k.Effort.Mean <= 0 || k.EffortSpread.Mean <= 0 || k.Spread.Mean <= 0 || k.Idle.Mean <= 0 || k.Chosen.Mean <= 0 || k.Attention.Mean < 0 || k.Attention.Mean > 1 {
		return fmt.Errorf("%w: effort %v, its spread %v, its factor %v, the forecast's spread %v and attention %v must be positive, the last at most 1: learn again",
			ErrNoKnowledge, k.Effort.Mean, k.EffortSpread.Mean, k.Idle.Mean, k.Spread.Mean, k.Attention.Mean)
	}
	if len(k.Cells) > 0 && len(k.Cells) != len(armNames)*k.segmentCount() {
		return fmt.Errorf("%w: %d cells for %d arms and %d segments: learn again", ErrNoKnowledge, len(k.Cells), len(armNames), k.segmentCount())
	}
	for _, c := range k.Cells {
		if !(c.Factor.Mean > 0) || !finite(c.Factor.Mean) || !(c.Factor.Deviation >= 0) {
			return fmt.Errorf("%w: arm %s, segment %d: the factor %v ± %v is no positive number: learn again", ErrNoKnowledge, c.Arm, c.Segment, c.Factor.Mean, c.Factor.Deviation)
		}
	}
	for _, c := range k.Contents {
		if !finite(c.Factor.Mean) || !(c.Factor.Deviation >= 0) || math.IsInf(c.Factor.Deviation, 0) {
			return fmt.Errorf("%w: content %s: the factor %v ± %v is no number: learn again", ErrNoKnowledge, c.Content, c.Factor.Mean, c.Factor.Deviation)
		}
	}
	return nil
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// attention is the chance that a customer takes notice, who had so many messages and responded so often.
func (k *Knowledge) attention(messages, responses uint16) float64 {
	a := k.Attention.Mean
	if k.Weight > 0 && k.Rate > 0 && messages > 0 {
		a *= (k.Weight + float64(min(responses, 2*messages))/k.Rate) / (k.Weight + float64(messages))
	}
	return min(a, mostAttention(k.Attention.Mean))
}

// Nobody is sure to read a message, however many they have read; but a mean that is believed stays.
func mostAttention(mean float64) float64 { return max(0.97, mean) }

// forecast corrects NewForecast by what the controls of past campaigns really spent.
func (k *Knowledge) forecast(f Forecast) Forecast {
	if f.Zero >= 1 || !k.Learned() {
		return f
	}
	odds := math.Log(max(f.Zero, 1e-9) / (1 - f.Zero))
	f.Zero = 1 / (1 + math.Exp(-k.Zero.Mean-k.ZeroSlope.Mean*odds))
	from := f.mu - k.Centre
	f.mu += k.Level.Mean + (k.Slope.Mean-1)*from + k.Curve.Mean*square(from)
	f.sigma = min(max(f.sigma*k.Spread.Mean*math.Exp(max(-1, min(1, k.SpreadSlope.Mean*from))), 0.05), 3)
	f.Mean = (1 - f.Zero) * math.Exp(f.mu+f.sigma*f.sigma/2)
	return f
}

// square is held where forecasts are rarer than what was learned reaches.
func square(from float64) float64 { return min(from*from, 4) }

func (k *Knowledge) segment(f Forecast) int {
	return sort.SearchFloat64s(k.Edges, f.Mean)*(len(k.Idles)+1) + sort.SearchFloat64s(k.Idles, f.Zero)
}

func (k *Knowledge) segmentCount() int { return (len(k.Edges) + 1) * (len(k.Idles) + 1) }

// Class is the place of a cell's segment by forecast and by the chance to buy nothing, both the lowest first.
func (k *Knowledge) Class(c Cell) (forecast, idle int) {
	return c.Segment / (len(k.Idles) + 1), c.Segment % (len(k.Idles) + 1)
}

// factor is how much more, or less, an arm moves a segment than effort explains.
func (k *Knowledge) factor(arm, segment int) Known {
	if len(k.Cells) == 0 {
		return Known{1, 0}
	}
	return k.Cells[arm*k.segmentCount()+segment].Factor
}
