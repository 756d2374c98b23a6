package ledger

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Finding is one thing that is wrong with a ledger. Batch 0 is the ledger as a whole.
type Finding struct {
	Batch   uint32 `json:"batch"`
	Kind    Kind   `json:"kind,omitempty"`
	Message string `json:"message"`
}

// Audit checks a chain link by link: give it what was found of each batch, then ask for its findings.
type Audit struct {
	batches []Batch
	found   map[uint32]uint64
	filed   map[uint32][]string
	launch  string
	hashed  map[uint32]*Hasher
	kept    map[uint32]string
}

// NewAudit starts with the recorded links, in order of their numbers.
func NewAudit(batches []Batch) *Audit {
	return &Audit{batches: batches, found: map[uint32]uint64{}, filed: map[uint32][]string{}, hashed: map[uint32]*Hasher{}}
}

// Found says how many postings carry a batch's number, recorded or not.
func (a *Audit) Found(number uint32, postings uint64) { a.found[number] = postings }

// Filed says under which launches a batch's postings are filed: rows that differ in that alone are one posting, and one
// filed elsewhere would be kept or deleted with another run's.
func (a *Audit) Filed(number uint32, launches []string) { a.filed[number] = launches }

// Launch says under which launch the run's postings have to be filed; without it, all as the first ones are.
func (a *Audit) Launch(launch string) { a.launch = launch }

// Hashed gives the hash over a recorded batch's postings.
func (a *Audit) Hashed(number uint32, h *Hasher) { a.hashed[number] = h }

// Kept gives the heads, by number of batch, that were kept where nobody can write who can write to the ledger. Whoever
// changes postings and then makes the whole chain anew is found by these alone.
func (a *Audit) Kept(heads map[uint32]string) { a.kept = heads }

// Findings is empty when every row is what was booked. A hash tells which batch a changed row is in, not which row.
func (a *Audit) Findings(head string) []Finding {
	var out []Finding
	say := func(number uint32, kind Kind, format string, args ...any) {
		out = append(out, Finding{number, kind, fmt.Sprintf(format, args...)})
	}
	previous, recorded, launch := "", map[uint32]bool{}, a.launch
	for i, b := range a.batches {
		if recorded[b.Number] {
			say(b.Number, b.Kind, "it is recorded twice, with different contents")
			continue
		}
		recorded[b.Number] = true
		if i > 0 && !recorded[b.Number-1] || i == 0 && b.Number > 1 {
			say(b.Number, b.Kind, "the batch before it is missing")
		}
		if b.Previous != previous {
			say(b.Number, b.Kind, "it does not follow the batch before it: the chain is broken here")
		}
		h := a.hashed[b.Number]
		switch {
		case h == nil:
			say(b.Number, b.Kind, "its postings were not read")
		case h.Postings < b.Postings:
			say(b.Number, b.Kind, "%d of its %d postings are missing", b.Postings-h.Postings, b.Postings)
		case h.Postings > b.Postings:
			say(b.Number, b.Kind, "%d postings were added to its %d", h.Postings-b.Postings, b.Postings)
		case h.Head(b) != b.Head:
			say(b.Number, b.Kind, "a posting or the batch's own record was changed: they no longer hash to what was booked")
		}
		if h != nil && h.Sum != 0 {
			say(b.Number, b.Kind, "its postings sum to %d, not to zero", h.Sum)
		}
		if h != nil && h.Postings > 0 && (!h.since.Equal(b.At) || !h.until.Equal(b.At)) {
			say(b.Number, b.Kind, "it is recorded for %s, its postings are of %s to %s", b.At.UTC().Format(time.DateTime), h.since.UTC().Format(time.DateTime), h.until.UTC().Format(time.DateTime))
		}
		if h != nil && h.Postings > 0 && !h.kinds[b.Kind] {
			say(b.Number, b.Kind, "it is recorded as %s, and none of its postings is of that kind", b.Kind)
		}
		for _, filed := range a.filed[b.Number] {
			if launch == "" {
				launch = filed
			} else if filed != launch {
				say(b.Number, b.Kind, "postings are filed under the launch of %s, and those of this run under %s: rows were moved or copied", filed, launch)
			}
		}
		if head, known := a.kept[b.Number]; known && head != b.Head {
			say(b.Number, b.Kind, "its head is not the one that was kept in the history: the batch, or one before it, was made anew")
		} else if len(a.kept) > 0 && !known {
			say(b.Number, b.Kind, "the history knows of no such batch: it was added")
		}
		previous = b.Head
	}
	for _, number := range slices.Sorted(maps.Keys(a.kept)) {
		if !recorded[number] {
			say(number, "", "the history has this batch, and the ledger does not: it was removed")
		}
	}
	for _, number := range slices.Sorted(maps.Keys(a.found)) {
		if !recorded[number] {
			say(number, "", "%d postings of a batch that was never recorded", a.found[number])
		}
	}
	if head != "" && head != previous {
		say(0, "", "the chain ends in another head than the one that was kept elsewhere: batches were replaced, removed or added")
	}
	return out
}
