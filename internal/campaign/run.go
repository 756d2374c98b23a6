package campaign

import (
	"fmt"
	"time"
)

// Run names one plan of one occurrence of a campaign: the reference that histories carry instead of rows.
// Its fields are the first columns of every campaign table's key.
type Run struct {
	Campaign   string    `json:"campaign"`
	Occurrence uint32    `json:"occurrence"`
	Plan       uint16    `json:"plan"`
	Launch     time.Time `json:"launch"` // the window's start: fixes the month that the rows are kept in
}

// WorkflowID is campaign/<id>/<occurrence>.
func (r Run) WorkflowID() string { return r.child("campaign") }

// BooksID names the workflow that orders the run's ledger batches.
func (r Run) BooksID() string { return r.child("books") }

// DispatchID names the child that sends one touch.
func (r Run) DispatchID(touch string) string { return r.child("dispatch") + "/" + touch }

// SettlementID names the child that settles.
func (r Run) SettlementID() string { return r.child("settlement") }

func (r Run) child(kind string) string {
	return fmt.Sprintf("%s/%s/%d", kind, r.Campaign, r.Occurrence)
}

// SharedBudget names the books of a budget that several campaigns draw on. No campaign can be called so.
func SharedBudget(name string) Run { return standing("budget:" + name) }

// Receivables names the books in which what customers owe us is set against what we owe them: one for each currency.
func Receivables(currency string) Run { return standing("receivables:" + currency) }

// standing is of no campaign: its rows are kept in one month for good.
func standing(name string) Run {
	return Run{Campaign: name, Occurrence: 1, Plan: 1, Launch: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)}
}

// Shard is a range of customer keys, both ends included: the unit of work of one activity.
type Shard struct {
	Index int    `json:"index"` // from 0
	Of    int    `json:"of"`
	Low   uint32 `json:"low"`
	High  uint32 `json:"high"`
}

// String is what logs and summaries show: 3 of 16.
func (s Shard) String() string { return fmt.Sprintf("%d of %d", s.Index+1, s.Of) }

// Run names a plan of an occurrence that starts its window at occurrenceStart (see Times).
func (s Spec) Run(occurrence uint32, plan uint16, occurrenceStart time.Time) (Run, error) {
	times, err := s.Times(occurrenceStart)
	if err != nil {
		return Run{}, err
	}
	return Run{Campaign: s.Campaign, Occurrence: occurrence, Plan: plan, Launch: times.Opens}, nil
}
