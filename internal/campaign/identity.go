package campaign

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// ID is the key of one delivery or payout: the first 128 bits of SHA-256 over its business identity. The same
// identity always gives the same key, so that a restart, another plan or another worker cannot make a second one.
type ID [16]byte

// String is the key in 32 hexadecimal digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// MessageID is the key as the Message-ID of an e-mail: <hex@domain>. A provider can be asked for it after a crash.
func (id ID) MessageID(domain string) string { return "<" + id.String() + "@" + domain + ">" }

// MarshalText writes the key in hexadecimal.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (id *ID) UnmarshalText(text []byte) error {
	read, err := ParseID(string(text))
	*id = read
	return err
}

// ParseID reads the 32 hexadecimal digits of a key.
func ParseID(text string) (ID, error) {
	var id ID
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != len(id) {
		return ID{}, wrong(sayf("%q is not a key: it has 32 hexadecimal digits", "%q: 키가 아닙니다. 키는 16진수 32자리입니다", text), nil)
	}
	copy(id[:], raw)
	return id, nil
}

// DeliveryID is the key of one message to one customer. Plan, wave, slot and channel are no part of it: they may
// change without making a second message.
func (r Run) DeliveryID(touch string, customer uint32) ID {
	return identity("delivery", r, touch, customer, 0)
}

// PayoutID is the key of one payment to one customer, known to the provider: paying it twice is paying it once.
func (r Run) PayoutID(customer uint32, offer string, round uint16) ID {
	return identity("payout", r, offer, customer, uint32(round))
}

func identity(kind string, r Run, name string, customer, round uint32) ID {
	var buffer [256]byte
	encoded := appendText(buffer[:0], kind)
	encoded = appendText(encoded, r.Campaign)
	encoded = binary.BigEndian.AppendUint32(encoded, r.Occurrence)
	encoded = appendText(encoded, name)
	encoded = binary.BigEndian.AppendUint32(encoded, customer)
	encoded = binary.BigEndian.AppendUint32(encoded, round)
	sum := sha256.Sum256(encoded)
	return ID(sum[:16])
}

// appendText puts the length before the text: ("ab","c") and ("a","bc") must not become one identity.
func appendText(encoded []byte, text string) []byte {
	encoded = binary.BigEndian.AppendUint32(encoded, uint32(len(text)))
	return append(encoded, text...)
}
