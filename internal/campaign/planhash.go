package campaign

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"slices"
)

// Part is one thing that a plan rests on, by name: spec, policy, snapshot, audience, assignments, templates, rules, run.
type Part struct{ Name, Value string }

// PlanHash is the SHA-256, in hexadecimal, over all parts whatever their order: whoever approves it approves exactly
// these. Any change of a part gives another hash.
func PlanHash(parts ...Part) string {
	sorted := slices.Clone(parts)
	slices.SortFunc(sorted, func(a, b Part) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Value, b.Value)) })
	encoded := binary.BigEndian.AppendUint32(nil, uint32(len(sorted)))
	for _, part := range sorted {
		encoded = appendText(appendText(encoded, part.Name), part.Value)
	}
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:])
}

// Hash identifies the spec's content: comments and the order of keys do not count, defaults do.
func (s Spec) Hash() string { return contentHash(s) }

// Hash identifies the policy's content.
func (p Policy) Hash() string { return contentHash(p) }

func contentHash(value any) string {
	encoded, err := json.Marshal(value) // keys of maps are sorted, so equal values have equal bytes
	if err != nil {
		panic(err) // only a NaN could do this, which no file can hold
	}
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:])
}
