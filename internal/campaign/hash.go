package campaign

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// ExperimentHoldout names the draw of the stable control group across all campaigns: no campaign is in the name.
const ExperimentHoldout = "holdout"

// Experiment names one draw of a run: control, explore, hour. Draws of different names are independent of each other,
// so that the control group of one campaign is spread evenly over the arms of the next.
func (r Run) Experiment(kind string) string {
	return fmt.Sprintf("%s/%s/%d", kind, r.Campaign, r.Occurrence)
}

// Hash64 is the number that assigns a customer in an experiment: the first 64 bits of SHA-256 over salt and experiment,
// each after its length, and the customer key. The salt is the policy's. Nothing is drawn, so nothing can be drawn twice.
func Hash64(salt, experiment string, customer uint32) uint64 {
	var buffer [192]byte
	encoded := appendText(buffer[:0], salt)
	encoded = appendText(encoded, experiment)
	encoded = binary.BigEndian.AppendUint32(encoded, customer)
	sum := sha256.Sum256(encoded)
	return binary.BigEndian.Uint64(sum[:8])
}

// Uniform is Hash64 as a number of [0, 1): a customer with less than 0.1 is in a group of 10%. Raising a share keeps
// everybody who was in the group.
func Uniform(salt, experiment string, customer uint32) float64 {
	return float64(Hash64(salt, experiment, customer)>>11) / (1 << 53)
}
