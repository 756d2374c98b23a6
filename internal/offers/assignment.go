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
	Propensity float32     // chance of offer and content together
	Explored   bool

	Beside string // why neighbours have a better offer, as Neighbours says it; no part of the checksum: it is known when all are decided

	ContentPropensity float32 // chance of the content, given the offer; 0 where there was none to choose
}

// Assign makes a customer's assignment at the prices of a decider.
func (l *Ladder) Assign(d *Decider, contents []campaign.Content, c Customer, into []Option) (Assignment, []Option) {
	forecast, options := l.Options(c, into)
	a := l.assignment(d, contents, c, forecast, options, d.Decide(c, options))
	return a, options
}

// Swap makes the assignment of a customer who gets another offer than the prices would give them.
func (l *Ladder) Swap(d *Decider, contents []campaign.Content, c Customer, offer int, into []Option) (Assignment, []Option) {
	forecast, options := l.Options(c, into)
	return l.assignment(d, contents, c, forecast, options, d.swapped(options, offer)), options
}

func (l *Ladder) assignment(d *Decider, contents []campaign.Content, c Customer, forecast Forecast, options []Option, decision Decision) Assignment {
	a := Assignment{
		Customer: c.Key, Offer: NoOffer, Forecast: money.Minor(math.Round(forecast.Mean)),
		Propensity: float32(decision.Propensity), Explored: decision.Explored,
	}
	if decision.Offer == None {
		return a
	}
	o := options[decision.Offer]
	a.Offer, a.Threshold, a.Reward = l.offers[decision.Offer].ID, o.Threshold, o.Reward
	a.Reach, a.Without, a.Value, a.Cost = o.Reach, o.Without, money.Minor(o.Value), money.Minor(o.Cost)
	if k, chance := l.contentFor(d.draws, c, forecast, len(contents)); k >= 0 {
		a.Content, a.ContentPropensity = contents[k].ID, float32(chance)
		a.Propensity *= a.ContentPropensity
	}
	return a
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
