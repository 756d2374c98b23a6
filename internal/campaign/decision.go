package campaign

import "time"

// Decision is one line of the audit trail: something that somebody, or the policy, decided about a run.
type Decision struct {
	Key       string    `json:"key"` // makes it one line of its run however often it is written
	Action    string    `json:"action"`
	Actor     string    `json:"actor"`
	Subject   string    `json:"subject,omitempty"` // a hash
	Detail    string    `json:"detail,omitempty"`
	Signature string    `json:"signature,omitempty"`
	At        time.Time `json:"at"` // campaign time
}
