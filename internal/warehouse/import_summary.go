package warehouse

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/danbi-project/danbi/internal/importing"
)

// ImportSummary is what an import did, or would do. It holds nothing personal.
type ImportSummary struct {
	Import      string `json:"import"` // identifies files and mapping
	Mapping     string `json:"mapping"`
	Check       bool   `json:"check"`
	AlreadyDone bool   `json:"already_done"` // the same files by the same mapping: nothing to do

	Targets []ImportTarget `json:"targets"`
	Files   []ImportFile   `json:"files"`
	Rejects []ImportReject `json:"rejects,omitempty"` // by reason, the most frequent first

	Records         uint64  `json:"records"` // lines of all files
	NewCustomers    uint64  `json:"new_customers"`
	UnknownProducts uint64  `json:"unknown_products"` // lines of purchases whose product no file describes; they are kept
	UnknownZones    uint64  `json:"unknown_zones"`    // customers kept without a zone
	Rounded         uint64  `json:"rounded"`          // amounts that lost a part of a minor unit, as the mapping says
	Quarantined     uint64  `json:"quarantined"`      // rows in the quarantine: rejected, and put aside on purpose
	Seconds         float64 `json:"seconds"`
}

// ImportTarget is what became of the rows for one table.
type ImportTarget struct {
	Target   string `json:"target"`
	Read     uint64 `json:"read"`     // records that rules looked at
	Passed   uint64 `json:"passed"`   // passed over by where
	Aside    uint64 `json:"aside"`    // put into the quarantine on purpose
	Rejected uint64 `json:"rejected"` // could not be read, or of no known customer
	New      uint64 `json:"new"`      // rows written: new ones, and changed ones where the last row of a key counts
	Already  uint64 `json:"already"`  // said nothing new: there before, or said twice
	Unjoined uint64 `json:"unjoined"` // rows whose join found nothing; they are kept
}

// offered is how many rows were meant for the table.
func (t ImportTarget) offered() uint64 { return t.Read - t.Passed - t.Aside }

func (t ImportTarget) rejectedShare() float64 {
	if t.offered() == 0 {
		return 0
	}
	return float64(t.Rejected) / float64(t.offered())
}

// ImportFile is one file that was read.
type ImportFile struct {
	Source  string `json:"source"`
	File    string `json:"file"`
	Bytes   int64  `json:"bytes"`
	Records uint64 `json:"records"`
	Broken  uint64 `json:"broken"` // lines that could not be split into columns
}

// ImportReject is one reason for which rows are in the quarantine.
type ImportReject struct {
	Target  string   `json:"target"`
	Field   string   `json:"field"`
	Reason  string   `json:"reason"`
	Aside   bool     `json:"aside,omitempty"`
	Rows    uint64   `json:"rows"`
	Samples []string `json:"samples"` // file:line and the value, unless that is personal
}

// Target is what became of one table's rows.
func (s *ImportSummary) Target(name string) ImportTarget {
	for _, t := range s.Targets {
		if t.Target == name {
			return t
		}
	}
	return ImportTarget{Target: name}
}

func newImportSummary(m *importing.Mapping, check bool) *ImportSummary {
	s := &ImportSummary{Mapping: m.Name, Check: check}
	for _, t := range importing.Targets() {
		if slices.ContainsFunc(m.Rules, func(r importing.Rule) bool { return r.Target == t.Name }) {
			s.Targets = append(s.Targets, ImportTarget{Target: t.Name})
		}
	}
	return s
}

func (s *ImportSummary) count(counts map[string]*importing.Counts) {
	for i := range s.Targets {
		t := &s.Targets[i]
		c := counts[t.Target]
		if c == nil {
			continue
		}
		t.Read += c.Read
		t.Passed += c.Passed
		t.Aside += c.Aside
		t.Rejected += c.Rejected
		t.Unjoined += c.NotJoined
		s.Rounded += c.Rounded
		s.UnknownZones += c.UnknownZones
	}
}

// topReasons names the reasons for which most rows of a target were rejected.
func (s *ImportSummary) topReasons(target string) string {
	var all []string
	for _, r := range s.Rejects {
		if !r.Aside && (r.Target == target || r.Target == "") && len(all) < 3 {
			field := r.Field
			if field != "" {
				field += " "
			}
			all = append(all, fmt.Sprintf("%s%s (%d rows, as %s)", field, r.Reason, r.Rows, strings.Join(r.Samples[:min(2, len(r.Samples))], ", ")))
		}
	}
	return strings.Join(all, "; ")
}

// rejectTally counts rejects by reason and keeps a few samples of each.
type rejectTally struct {
	mu  sync.Mutex
	all map[[4]string]*ImportReject
}

const (
	rejectSamples = 3
	// Reasons are few; should a file bring its own words into them, the rest is
	// counted as one.
	rejectReasons = 1000
)

func (t *rejectTally) add(target, field, reason string, aside bool, rows uint64, samples ...string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.all == nil {
		t.all = map[[4]string]*ImportReject{}
	}
	key := [4]string{target, field, reason, fmt.Sprint(aside)}
	r := t.all[key]
	if r == nil {
		if len(t.all) >= rejectReasons {
			key, reason = [4]string{target, field}, "other reasons"
			r = t.all[key]
		}
		if r == nil {
			r = &ImportReject{Target: target, Field: field, Reason: reason, Aside: aside}
			t.all[key] = r
		}
	}
	r.Rows += rows
	for _, s := range samples {
		if len(r.Samples) < rejectSamples {
			r.Samples = append(r.Samples, s)
		}
	}
}

func (t *rejectTally) list() []ImportReject {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []ImportReject
	for _, r := range t.all {
		slices.Sort(r.Samples)
		all = append(all, *r)
	}
	slices.SortFunc(all, func(a, b ImportReject) int {
		if a.Rows != b.Rows {
			return int(int64(b.Rows) - int64(a.Rows))
		}
		return strings.Compare(a.Target+a.Field+a.Reason, b.Target+b.Field+b.Reason)
	})
	return all
}
