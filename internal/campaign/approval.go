package campaign

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Approval is a person's word that a plan may be carried out, signed with their Ed25519 key.
type Approval struct {
	PlanHash  string    `json:"plan_hash"`
	Approver  string    `json:"approver"`
	At        time.Time `json:"at"`
	Expires   time.Time `json:"expires"`
	Signature []byte    `json:"signature"`
}

// Why an approval is refused. Each is a sentence of its own, because each asks for something else.
var (
	ErrUnknownApprover = errors.New("the policy knows no approver of this name: ask its owner to add your public key")
	ErrSignature       = errors.New("the signature does not fit the approver's public key in the policy: sign with the key that belongs to it")
	ErrOtherPlan       = errors.New("the approval is for another plan: look at the present plan and approve that")
	ErrExpired         = errors.New("the approval has expired: approve again")
	ErrNotYet          = errors.New("the approval is dated in the future: set the clock of the machine that signed it")
	ErrTooLong         = errors.New("the approval is valid for longer than the policy's approval_age: sign one that expires earlier")
	ErrOwnPlan         = errors.New("the author of a campaign cannot approve it: ask another approver")
)

// clockSkew is how far the signing machine's clock may be ahead of ours.
const clockSkew = 5 * time.Minute

// signed is what the signature covers: everything but itself, to the second.
func (a Approval) signed() []byte {
	encoded := appendText(nil, "danbi approval 1")
	encoded = appendText(encoded, a.PlanHash)
	encoded = appendText(encoded, a.Approver)
	encoded = binary.BigEndian.AppendUint64(encoded, uint64(a.At.Unix()))
	return binary.BigEndian.AppendUint64(encoded, uint64(a.Expires.Unix()))
}

// Sign is the approval with its signature; times are cut to the second and to UTC.
func Sign(private ed25519.PrivateKey, a Approval) (Approval, error) {
	if len(private) != ed25519.PrivateKeySize {
		return Approval{}, errors.New("this is not an Ed25519 private key: make one with starter keys new NAME")
	}
	a.At, a.Expires = a.At.UTC().Truncate(time.Second), a.Expires.UTC().Truncate(time.Second)
	a.Signature = ed25519.Sign(private, a.signed())
	return a, nil
}

// Verify says whether an approval lets a plan of an author go ahead at an instant, or which of the errors above forbids it.
// An author whom the spec does not name is nobody, so that any approver may approve.
func (p Policy) Verify(a Approval, planHash, author string, now time.Time) error {
	index := slices.IndexFunc(p.Approvers, func(known Approver) bool { return known.Name == a.Approver })
	if index < 0 {
		return fmt.Errorf("approval by %q: %w", a.Approver, ErrUnknownApprover)
	}
	public, err := p.Approvers[index].public()
	if err != nil {
		return fmt.Errorf("approval by %s: %w", a.Approver, err)
	}
	var refuse error
	switch { // the signature first: the other fields are only worth a word when the approver wrote them
	case !ed25519.Verify(public, a.signed(), a.Signature):
		refuse = ErrSignature
	case a.PlanHash != planHash:
		refuse = ErrOtherPlan
	case strings.EqualFold(a.Approver, strings.TrimSpace(author)):
		refuse = ErrOwnPlan
	case a.At.After(now.Add(clockSkew)):
		refuse = ErrNotYet
	case !now.Before(a.Expires):
		refuse = ErrExpired
	case a.Expires.Sub(a.At) > p.ApprovalAge.Std():
		refuse = ErrTooLong
	default:
		return nil
	}
	return fmt.Errorf("approval by %s: %w", a.Approver, refuse)
}

// PublicKey writes a public key as the policy holds it.
func PublicKey(public ed25519.PublicKey) string { return base64.StdEncoding.EncodeToString(public) }
