package offers

import (
	"encoding/binary"
	"hash"
	"hash/fnv"
	"math"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
)

// NoOffer names the choice of no offer in assignments and counts.
const NoOffer = "none"

// Assignment is one treated customer's offer, with what was believed when it was made; those with no offer have one too.
type Assignment struct {
	Customer   uint32
	Offer      string // its id, or NoOffer
	Content    string // the variant of what the message says; empty without an offer or variants
	Threshold  money.Minor
	Reward     money.Minor
	Forecast   money.Minor // spend within the window without an offer
	Reach      float32
	Without    float32
	Value      money.Minor
	Cost       money.Minor // expected
	Propensity float32
	Explored   bool
}

// Assign makes a customer's assignment at given prices.
func (l *Ladder) Assign(p Prices, d Draws, rewards []float64, contents []campaign.Content, c Customer, into []Option) (Assignment, []Option) {
	forecast, options := l.Options(c, into)
	values, costs := make([]float32, len(options)), make([]float32, len(options))
	for k, o := range options {
		values[k], costs[k] = o.Value, o.Cost
		if !o.Feasible {
			costs[k] = -1
		}
	}
	decision := p.Decide(d, c.Key, values, costs, rewards)
	a := Assignment{
		Customer: c.Key, Offer: NoOffer, Forecast: money.Minor(math.Round(forecast.Mean)),
		Propensity: float32(decision.Propensity), Explored: decision.Explored,
	}
	if decision.Offer == None {
		return a, options
	}
	o := options[decision.Offer]
	a.Offer, a.Threshold, a.Reward = l.offers[decision.Offer].ID, o.Threshold, o.Reward
	a.Reach, a.Without, a.Value, a.Cost = o.Reach, o.Without, money.Minor(o.Value), money.Minor(o.Cost)
	if k := d.Content(c.Key, len(contents)); k >= 0 {
		a.Content = contents[k].ID
	}
	return a, options
}

// Rewards are the maximum rewards of the ladder's offers, as Decide wants them.
func (l *Ladder) Rewards() []float64 {
	out := make([]float64, len(l.offers))
	for k, o := range l.offers {
		out[k] = float64(o.Reward)
	}
	return out
}

// Checksum is over assignments in the order of their customers' keys.
type Checksum struct{ sum hash.Hash64 }

// NewChecksum starts a checksum.
func NewChecksum() Checksum { return Checksum{fnv.New64a()} }

// Add adds the next assignment.
func (c Checksum) Add(a Assignment) {
	var b [160]byte
	line := binary.LittleEndian.AppendUint32(b[:0], a.Customer)
	line = append(append(line, a.Offer...), 0)
	line = append(append(line, a.Content...), 0)
	for _, amount := range []money.Minor{a.Threshold, a.Reward, a.Forecast, a.Value, a.Cost} {
		line = binary.LittleEndian.AppendUint64(line, uint64(amount))
	}
	for _, p := range []float32{a.Reach, a.Without, a.Propensity} {
		line = binary.LittleEndian.AppendUint32(line, math.Float32bits(p))
	}
	if a.Explored {
		line = append(line, 1)
	}
	_, _ = c.sum.Write(line) // a hash never fails
}

// Sum is the checksum so far.
func (c Checksum) Sum() uint64 { return c.sum.Sum64() }
