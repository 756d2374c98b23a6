package targeting

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Kinds of models.
const (
	KindResponse = "response" // the chance of a response to a message
	KindRank     = "rank"     // the order of a feature
)

// RankRecent orders by purchases of the last 90 days, and the more recent first among equals: what stands in where
// neither a model nor a feature is there to rank by.
const RankRecent = "recent_purchases"

// Signals are the features that models read: the numbers among Fields, in their order.
func Signals() []string {
	var names []string
	for _, f := range Fields {
		if f.kind == number && !f.later {
			names = append(names, f.Name)
		}
	}
	return names
}

// Model scores customers. Its fields are what the warehouse keeps of it.
type Model struct {
	Kind    string    `json:"kind"`
	Rank    string    `json:"rank,omitempty"`
	Signals []string  `json:"signals,omitempty"` // in the order of Weights; the last weight is of responses per message
	Mean    []float64 `json:"mean,omitempty"`    // of log(1+signal)
	Spread  []float64 `json:"spread,omitempty"`
	Weights []float64 `json:"weights,omitempty"`
	Bias    float64   `json:"bias,omitempty"`
}

// ErrNoModel says that a model is not in the warehouse.
var ErrNoModel = errors.New("the model is not in the warehouse: fit it again")

// ErrOtherSignals says that a model was fitted on other features than this program knows.
var ErrOtherSignals = errors.New("the model was fitted on other features: fit it again")

// Scorer is a model ready to score; Score is safe for many at once when each has its own.
type Scorer struct {
	model  Model
	rank   int
	buffer []float64
}

// Scorer prepares a model, or is ErrOtherSignals.
func (m Model) Scorer() (*Scorer, error) {
	s := &Scorer{model: m, rank: -1, buffer: make([]float64, width())}
	switch {
	case m.Kind == KindResponse:
		if !slices.Equal(m.Signals, Signals()) || len(m.Weights) != width() || len(m.Mean) != width() || len(m.Spread) != width() {
			return nil, ErrOtherSignals
		}
	case m.Kind == KindRank && m.Rank != RankRecent:
		if s.rank = slices.Index(Signals(), m.Rank); s.rank < 0 {
			return nil, fmt.Errorf("%q is not a number to rank by: %w", m.Rank, ErrOtherSignals)
		}
	case m.Kind != KindRank:
		return nil, fmt.Errorf("there is no kind of model %q: %w", m.Kind, ErrOtherSignals)
	}
	return s, nil
}

// Score is what the customer's row keeps: a probability, or the value ranked by. Bin is its place among Bins, finer
// where most customers are: by log-odds, or by octaves.
func (s *Scorer) Score(signals []float32) (score float32, bin int) {
	if s.model.Kind == KindResponse {
		logit := s.model.logit(transform(s.buffer, signals))
		return float32(1 / (1 + math.Exp(-logit))), clampBin((logit + 12) / 24)
	}
	var value float64
	if s.rank >= 0 {
		value = float64(signals[s.rank])
	} else {
		value = float64(signals[purchases90d]) + 1/(2+float64(signals[recency]))
	}
	return float32(value), clampBin(math.Log2(1+max(value, 0)) / 48)
}

func clampBin(share float64) int { return min(max(int(share*Bins), 0), Bins-1) }

var (
	recency      = slices.Index(Signals(), "recency_days")
	purchases90d = slices.Index(Signals(), "purchases_90d")
	messages     = slices.Index(Signals(), "messages_180d")
	responses    = slices.Index(Signals(), "responses_180d")
)

// width is the number of inputs: the signals, and responses per message.
func width() int { return len(Signals()) + 1 }

// transform makes long tails short: what matters is a factor, not a difference.
func transform(into []float64, signals []float32) []float64 {
	for i, v := range signals {
		into[i] = math.Log1p(max(float64(v), 0))
	}
	into[len(signals)] = float64(signals[responses]) / (1 + float64(signals[messages]))
	return into
}

func (m Model) logit(inputs []float64) float64 {
	logit := m.Bias
	for i, x := range inputs {
		logit += m.Weights[i] * (x - m.Mean[i]) / m.Spread[i]
	}
	return logit
}
