package campaign

import "errors"

// ErrUsed is returned when a campaign's id has sent already under another brief.
var ErrUsed = errors.New("this campaign id has sent already under another brief: choose a new id")

// ErrNoBrief says that a run is not registered.
var ErrNoBrief = errors.New("this run is not registered in the warehouse: start the campaign again")

// ErrPlanTaken says that a plan number was registered with another brief.
var ErrPlanTaken = errors.New("this plan is registered with another brief: start it with --replace, which makes the next plan")

// Brief is what a run is to do and within which limits. It is kept in the warehouse when a run is registered;
// activities read it by Run, so that histories carry it once.
type Brief struct {
	Spec   Spec   `json:"spec"`
	Policy Policy `json:"policy"`
}

// BriefHash is the SHA-256 of the brief, in hex: the part of a plan's hash that people wrote.
func BriefHash(b Brief) string {
	return PlanHash(Part{"spec", b.Spec.Hash()}, Part{"policy", b.Policy.Hash()})
}
