// Package forecast says what a campaign will bring, from outcomes of rehearsals: intervals that hold, what breached a limit,
// and where the plan is fragile. It knows numbers only.
package forecast

import (
	"math"
	"slices"
	"time"
)

// An Outcome is what one rehearsal came to, in the size of the real campaign. Amounts are minor units.
type Outcome struct {
	Seed        uint64      `json:"seed"`
	Failed      string      `json:"failed,omitempty"` // why it came to no end
	Treated     float64     `json:"treated"`
	Control     float64     `json:"control"`
	Responses   float64     `json:"responses"` // treated customers who bought in the window
	Redeemed    float64     `json:"redeemed"`  // who earned their reward
	Spend       float64     `json:"spend"`     // of the treated, in the window
	Incremental float64     `json:"incremental"`
	Cost        float64     `json:"cost"` // rewards and messages
	Expected    float64     `json:"expected"`
	Exposure    float64     `json:"exposure"`
	Out         float64     `json:"out"`                // sum of the rewards promised
	Messages    float64     `json:"messages"`           // that left
	Hours       [24]float64 `json:"hours"`              // planned, in the customers' own zones
	Smallest    float64     `json:"smallest,omitempty"` // relative lift that the control group can show
	Lift        float64     `json:"lift"`               // relative, as measured
	Breaches    []string    `json:"breaches,omitempty"`
	Seconds     float64     `json:"seconds"` // that it took
}

// An Interval contains the outcome of one more rehearsal, or of a campaign that goes as they do, with at least the
// chance Level.
type Interval struct {
	Low    float64 `json:"low"`
	Median float64 `json:"median"`
	High   float64 `json:"high"`
	Level  float64 `json:"level"`
}

// Contains tells whether a value lies within, the ends included.
func (i Interval) Contains(v float64) bool { return v >= i.Low && v <= i.High }

// Predict takes the narrowest interval between order statistics, cut alike on both sides, that contains one more value of
// the same kind with a chance of at least level: of n exchangeable values the next lies between the k-th least and the
// k-th greatest with chance 1 - 2k/(n+1), whatever their distribution (Vovk, Gammerman and Shafer, Algorithmic Learning in
// a Random World, 2005). Fewer than 2/(1-level) - 1 values can't promise level: they give all that they have, and say so.
func Predict(values []float64, level float64) Interval {
	n := len(values)
	if n == 0 {
		return Interval{Low: math.NaN(), Median: math.NaN(), High: math.NaN()}
	}
	sorted := slices.Sorted(slices.Values(values))
	k := max(1, int((1-level)*float64(n+1)/2+1e-9))
	median := (sorted[(n-1)/2] + sorted[n/2]) / 2
	return Interval{sorted[k-1], median, sorted[n-k], max(0, 1-2*float64(k)/float64(n+1))}
}

// A Forecast is what the rehearsals of a plan say together.
type Forecast struct {
	Campaign    string     `json:"campaign"`
	Currency    string     `json:"currency"`
	Population  uint64     `json:"population"`     // that the figures stand for
	Customers   uint64     `json:"customers"`      // of each rehearsal
	Opens       time.Time  `json:"opens,omitzero"` // when the window that was rehearsed starts
	Runs        int        `json:"runs"`           // that came to their end
	Failed      int        `json:"failed"`
	Responses   Interval   `json:"responses"`
	Redeemed    Interval   `json:"redeemed"`
	Spend       Interval   `json:"spend"`
	Incremental Interval   `json:"incremental"`
	Cost        Interval   `json:"cost"`
	Breaches    []Breach   `json:"breaches,omitempty"`
	Fragile     []Weakness `json:"fragile,omitempty"`
	Outcomes    []Outcome  `json:"outcomes"`
}

// A Breach is a limit that did not hold, and in how many rehearsals.
type Breach struct {
	What string `json:"what"`
	Runs int    `json:"runs"`
}

// A Weakness is where a plan has no slack. Share is of the rehearsals in which it showed; Value is its median size.
type Weakness struct {
	Where string  `json:"where"` // see the constants
	Share float64 `json:"share"`
	Value float64 `json:"value"`
}

// Where a plan may be fragile.
const (
	OverBudget  = "over_budget"  // rewards cost more than expected: value is cost over the expected budget
	IdleBudget  = "idle_budget"  // much of it stays unspent: value is cost over the expected budget
	Exposed     = "exposed"      // the hard cap leaves no room: value is promised rewards over the cap
	BusyHour    = "busy_hour"    // one hour carries much of a touch: value is its share of the messages
	TooFew      = "few_messages" // fewer than nine in ten of the treated are reached: value is messages over treated
	BlindToLift = "blind"        // the control group can't show the lift that came: value is the smallest that it can
)

// Level is what forecasts promise.
const Level = 0.80

// Of makes the forecast of outcomes.
func Of(outcomes []Outcome) Forecast {
	f := Forecast{Outcomes: outcomes}
	var ended []Outcome
	for _, o := range outcomes {
		if o.Failed == "" {
			ended = append(ended, o)
		}
	}
	f.Runs, f.Failed = len(ended), len(outcomes)-len(ended)
	of := func(get func(*Outcome) float64) Interval { return Predict(column(ended, get), Level) }
	f.Responses, f.Redeemed = of(func(o *Outcome) float64 { return o.Responses }), of(func(o *Outcome) float64 { return o.Redeemed })
	f.Spend, f.Cost = of(func(o *Outcome) float64 { return o.Spend }), of(func(o *Outcome) float64 { return o.Cost })
	f.Incremental = of(func(o *Outcome) float64 { return o.Incremental })
	f.Breaches, f.Fragile = breaches(outcomes), weaknesses(ended)
	return f
}

func column(outcomes []Outcome, get func(*Outcome) float64) []float64 {
	out := make([]float64, len(outcomes))
	for i := range outcomes {
		out[i] = get(&outcomes[i])
	}
	return out
}

func breaches(outcomes []Outcome) []Breach {
	var all []Breach
	note := func(what string) {
		if i := slices.IndexFunc(all, func(b Breach) bool { return b.What == what }); i >= 0 {
			all[i].Runs++
			return
		}
		all = append(all, Breach{what, 1})
	}
	for _, o := range outcomes {
		for _, what := range o.Breaches {
			note(what)
		}
		if o.Failed != "" {
			note("failed: " + o.Failed)
		}
	}
	return all
}

// How often something must show to be called fragile, and from what size on it counts.
const (
	oftenEnough = 0.2
	idleBelow   = 0.6
	capFrom     = 0.95
	busyFrom    = 0.25
	reachBelow  = 0.9
)

func weaknesses(ended []Outcome) []Weakness {
	var all []Weakness
	look := func(where string, size func(*Outcome) float64, weak func(size float64, o *Outcome) bool) {
		sizes, shows := column(ended, size), 0
		for i := range ended {
			if weak(sizes[i], &ended[i]) {
				shows++
			}
		}
		if share := float64(shows) / float64(max(len(ended), 1)); share >= oftenEnough {
			all = append(all, Weakness{where, share, Predict(sizes, Level).Median})
		}
	}
	over := func(a, b float64) float64 {
		if b == 0 {
			return 0
		}
		return a / b
	}
	spent := func(o *Outcome) float64 { return over(o.Cost, o.Expected) }
	look(OverBudget, spent, func(v float64, _ *Outcome) bool { return v > 1 })
	look(IdleBudget, spent, func(v float64, o *Outcome) bool { return o.Expected > 0 && v < idleBelow })
	look(Exposed, func(o *Outcome) float64 { return over(o.Out, o.Exposure) }, func(v float64, _ *Outcome) bool { return v > capFrom })
	look(BusyHour, func(o *Outcome) float64 {
		total := 0.0
		for _, n := range o.Hours {
			total += n
		}
		return over(slices.Max(o.Hours[:]), total)
	}, func(v float64, _ *Outcome) bool { return v > busyFrom })
	look(TooFew, func(o *Outcome) float64 { return over(o.Messages, o.Treated) }, func(v float64, o *Outcome) bool { return o.Treated > 0 && v < reachBelow })
	look(BlindToLift, func(o *Outcome) float64 { return o.Smallest }, func(v float64, o *Outcome) bool { return v > math.Abs(o.Lift) })
	return all
}
