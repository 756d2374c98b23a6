package registry

import "time"

// Promotion is somebody's decision that a model leads its kind.
type Promotion struct {
	Kind   string    `json:"kind"`
	Model  string    `json:"model"`
	Actor  string    `json:"actor"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}
