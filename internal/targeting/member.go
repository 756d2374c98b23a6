package targeting

import (
	"encoding/binary"
	"hash"
	"hash/fnv"
	"math"
	"slices"
	"time"
)

// Arms of a run, as the audience's rows name them.
const (
	ArmLeftOut = "left_out"
	ArmTreated = "treated"
	ArmControl = "control"
	ArmHoldout = "holdout"
)

// Member is one customer's row of an audience; those who were left out have one too.
type Member struct {
	Customer   uint32
	Arm        string
	Reason     string
	Score      float32
	Propensity float32 // the chance of the arm, given that the customer was chosen; 1 where there was no draw
}

// Past is a campaign that is over.
type Past struct {
	Campaign        string
	Occurrence      uint32
	Launched, Ended time.Time
}

// Metrics say how good a model is.
type Metrics struct {
	Rows uint64  `json:"rows"`
	Area float64 `json:"area,omitempty"` // under the ROC curve, on customers that it was not fitted on
	Note string  `json:"note,omitempty"` // why a rule stands in: one of the notes
}

// Fitted is a model with its identity.
type Fitted struct {
	ID        string
	Model     Model
	Metrics   Metrics
	TrainedOn []string // campaigns
	Catalogue string   // of the features that it reads
	At        time.Time
}

// Judged is a customer of a shard after judging and scoring, small enough to keep a shard of.
type Judged struct {
	Customer uint32
	Reason   uint8 // in the order of Reasons
	Bin      int16
	Score    float32
	Stratum  string // see Terms.Stratum; one text for all who share it
}

var eligible = uint8(slices.Index(Reasons, ReasonEligible))

// JudgedAs keeps a reason in a byte.
func JudgedAs(reason string) uint8 { return uint8(slices.Index(Reasons, reason)) }

// Choose makes the shard's audience rows from its judged customers, in their order, under the cut.
func (t Terms) Choose(judged []Judged, cut Cut, shard int) []Member {
	luckiest := t.luckiest(judged, cut, shard)
	chosen := func(j Judged) bool {
		return j.Reason == eligible && (int(j.Bin) > cut.Bin || int(j.Bin) == cut.Bin && t.Luck(j.Customer) <= luckiest)
	}
	control := t.IsControl
	if t.ControlBy != "" {
		strata := map[string][]uint32{}
		for _, j := range judged {
			if chosen(j) {
				strata[j.Stratum] = append(strata[j.Stratum], j.Customer)
			}
		}
		drawn := t.controlsOf(strata, shard)
		control = func(customer uint32) bool { return drawn[customer] }
	}
	members := make([]Member, len(judged))
	for i, j := range judged {
		m := Member{Customer: j.Customer, Arm: ArmLeftOut, Reason: Reasons[j.Reason], Score: j.Score, Propensity: 1}
		switch {
		case j.Reason == JudgedAs(ReasonHoldout):
			m.Arm, m.Propensity = ArmHoldout, float32(t.Holdout)
		case j.Reason != eligible:
		case !chosen(j):
			m.Reason = ReasonNotSelected
		case control(j.Customer):
			m.Arm, m.Reason, m.Propensity = ArmControl, ReasonControl, float32(t.Control)
		default:
			m.Arm, m.Reason, m.Propensity = ArmTreated, ReasonTreated, float32(1-t.Control)
		}
		members[i] = m
	}
	return members
}

// luckiest is the luck up to which customers of the cut's own bin are chosen.
func (t Terms) luckiest(judged []Judged, cut Cut, shard int) uint64 {
	var lucks []uint64
	for _, j := range judged {
		if j.Reason == eligible && int(j.Bin) == cut.Bin {
			lucks = append(lucks, t.Luck(j.Customer))
		}
	}
	take := int(math.Round(cut.Share * float64(len(lucks))))
	if shard < len(cut.Take) {
		take = min(int(cut.Take[shard]), len(lucks))
	}
	if take == 0 {
		return 0 // a luck of zero has one chance in 2^64
	}
	slices.Sort(lucks)
	return lucks[take-1]
}

// Checksum is over rows in the order of their keys.
type Checksum struct{ sum hash.Hash64 }

// NewChecksum starts a checksum.
func NewChecksum() Checksum { return Checksum{fnv.New64a()} }

// Add adds the next row.
func (c Checksum) Add(m Member) {
	var b [64]byte
	line := binary.LittleEndian.AppendUint32(b[:0], m.Customer)
	line = append(append(line, m.Arm...), 0)
	line = append(append(line, m.Reason...), 0)
	line = binary.LittleEndian.AppendUint32(line, math.Float32bits(m.Score))
	line = binary.LittleEndian.AppendUint32(line, math.Float32bits(m.Propensity))
	_, _ = c.sum.Write(line) // a hash never fails
}

// Sum is the checksum so far.
func (c Checksum) Sum() uint64 { return c.sum.Sum64() }
