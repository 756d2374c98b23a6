package xgboost

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/danbi-project/danbi/internal/targeting/forest"
)

// Objective is what is minimised, and so what a score means.
type Objective string

const (
	// Logistic learns P(label = 1); labels are 0 or 1 and scores are logits.
	Logistic Objective = "binary:logistic"
	// Squared learns the mean of any number; scores are means.
	Squared Objective = "reg:squarederror"
	// Tweedie learns the mean of amounts that are often 0 and sometimes large; scores are logarithms of means.
	Tweedie Objective = "reg:tweedie"
	// Poisson learns the mean of counts; scores are logarithms of means.
	Poisson Objective = "count:poisson"
)

func (o Objective) link() (forest.Link, bool) {
	switch o {
	case Logistic:
		return forest.Logit, true
	case Squared:
		return forest.Identity, true
	case Tweedie, Poisson:
		return forest.Log, true
	default:
		return 0, false
	}
}

// Params say how to train. Begin with Defaults.
type Params struct {
	Objective      Objective
	Rounds         int     // trees, 1 to 5000
	Depth          int     // questions on the way to a leaf, 1 to forest.MaxDepth: what the scoring kernel is made for
	Eta            float64 // learning rate, above 0 to 1
	Lambda         float64 // L2 penalty of leaves, 0 or more
	Gamma          float64 // least gain of a split, 0 or more
	MinChildWeight float64 // least summed hessian of a leaf, 0 or more
	Subsample      float64 // share of rows that a tree sees, above 0 to 1
	ColSample      float64 // share of features that a tree sees, above 0 to 1
	TweediePower   float64 // of Tweedie, above 1 and below 2: nearer to 2 for heavier tails
	Seed           uint32  // the same rows, params, threads and release of the library give the same forest
	Threads        int     // 0: all cores
}

// Defaults are moderate trees that the scoring kernel is quickest with.
func Defaults(objective Objective) Params {
	return Params{
		Objective: objective, Rounds: 100, Depth: forest.MaxDepth, Eta: 0.1, Lambda: 1, MinChildWeight: 1,
		Subsample: 1, ColSample: 1, TweediePower: 1.5,
	}
}

// ErrParams means that the training was asked for what can't be.
var ErrParams = errors.New("training parameter")

func (p Params) validate() error {
	var faults []error
	fault := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf("%w: "+format, append([]any{ErrParams}, args...)...))
		}
	}
	share := func(v float64) bool { return v > 0 && v <= 1 }
	_, known := p.Objective.link()
	fault(known, "the objective %q is unknown", p.Objective)
	fault(p.Rounds >= 1 && p.Rounds <= 5000, "rounds is %d, must be 1 to 5000", p.Rounds)
	fault(p.Depth >= 1 && p.Depth <= forest.MaxDepth, "depth is %d, must be 1 to %d", p.Depth, forest.MaxDepth)
	fault(share(p.Eta), "eta is %v, must be above 0 and at most 1", p.Eta)
	fault(p.Lambda >= 0, "lambda is %v, must be 0 or more", p.Lambda)
	fault(p.Gamma >= 0, "gamma is %v, must be 0 or more", p.Gamma)
	fault(p.MinChildWeight >= 0, "min child weight is %v, must be 0 or more", p.MinChildWeight)
	fault(share(p.Subsample), "subsample is %v, must be above 0 and at most 1", p.Subsample)
	fault(share(p.ColSample), "column sample is %v, must be above 0 and at most 1", p.ColSample)
	fault(p.Objective != Tweedie || p.TweediePower > 1 && p.TweediePower < 2, "Tweedie power is %v, must lie between 1 and 2", p.TweediePower)
	fault(p.Threads >= 0, "threads is %d, must be 0 or more", p.Threads)
	return errors.Join(faults...)
}

// settings are the library's own parameters. The base score is given, because releases guess it differently.
func (p Params) settings(base float32, threads int) [][2]string {
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	set := [][2]string{
		{"verbosity", "0"},
		{"validate_parameters", "0"},
		{"booster", "gbtree"},
		{"tree_method", "hist"},
		{"max_bin", "256"}, // a bin of ours is a bin of theirs
		{"objective", string(p.Objective)},
		{"base_score", strconv.FormatFloat(float64(base), 'g', -1, 32)},
		{"max_depth", strconv.Itoa(p.Depth)},
		{"eta", number(p.Eta)},
		{"lambda", number(p.Lambda)},
		{"gamma", number(p.Gamma)},
		{"min_child_weight", number(p.MinChildWeight)},
		{"subsample", number(p.Subsample)},
		{"colsample_bytree", number(p.ColSample)},
		{"seed", strconv.FormatUint(uint64(p.Seed), 10)},
		{"nthread", strconv.Itoa(threads)},
	}
	if p.Objective == Tweedie {
		set = append(set, [2]string{"tweedie_variance_power", number(p.TweediePower)})
	}
	return set
}
