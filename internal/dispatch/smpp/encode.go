package smpp

import (
	"errors"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/linxGnu/gosmpp/data"
	"github.com/rivo/uniseg"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/korean"
)

// The ways to write characters.
const (
	charsetGSM7   = "gsm7"   // GSM 03.38, a character a byte; nine characters need two
	charsetLatin1 = "latin1" // ISO 8859-1
	charsetCP949  = "cp949"  // what Korean operators take: 1 byte for ASCII, 2 for Hangul
	charsetUCS2   = "ucs2"   // UTF-16, big endian
)

// errUnwritable says that no encoding of the operator knows some character of a text.
var errUnwritable = errors.New("the operator's encodings don't know a character of the text")

// mostParts is what fits into the header's byte and into the patience of a recipient.
const mostParts = 20

// write turns a text into the parts that leave, by the first encoding that knows all of its characters. whole asks for
// one part whatever its length. A character of several code points, such as an emoji with a skin tone, is never cut.
func write(encodings []Encoding, text string, whole bool) (used Encoding, parts [][]byte, err error) {
	if !utf8.ValidString(text) || text == "" {
		return used, nil, fmt.Errorf("%w: it is empty or not UTF-8", errUnwritable)
	}
	var unknown string
	for _, e := range encodings {
		clusters, bad := clustersOf(e.Charset, text)
		if bad != "" {
			unknown = bad
			continue
		}
		parts = cut(clusters, e, whole)
		if len(parts) > mostParts {
			return e, nil, fmt.Errorf("%w: it needs %d parts, and %d are the most", errUnwritable, len(parts), mostParts)
		}
		return e, parts, nil
	}
	return used, nil, fmt.Errorf("%w: %q", errUnwritable, unknown)
}

// clustersOf is the bytes of each character, or the first one that the charset does not know.
func clustersOf(charset, text string) (clusters [][]byte, unknown string) {
	state := -1
	for len(text) > 0 {
		var one string
		one, text, _, state = uniseg.FirstGraphemeClusterInString(text, state)
		raw, ok := encodeWith(charset, one)
		if !ok {
			return nil, one
		}
		clusters = append(clusters, raw)
	}
	return clusters, ""
}

func encodeWith(charset, text string) ([]byte, bool) {
	var encoder *encoding.Encoder
	switch charset {
	case charsetGSM7:
		if len(data.ValidateGSM7String(text)) > 0 {
			return nil, false
		}
		raw, err := data.GSM7BIT.Encode(text)
		return raw, err == nil
	case charsetUCS2:
		units := utf16.Encode([]rune(text))
		raw := make([]byte, 0, 2*len(units))
		for _, u := range units {
			raw = append(raw, byte(u>>8), byte(u))
		}
		return raw, true
	case charsetCP949:
		encoder = korean.EUCKR.NewEncoder() // which is CP949
	default:
		encoder = charmap.ISO8859_1.NewEncoder()
	}
	raw, err := encoder.Bytes([]byte(text))
	return raw, err == nil
}

// cut joins characters to parts that fit.
func cut(clusters [][]byte, e Encoding, whole bool) (parts [][]byte) {
	total := 0
	for _, c := range clusters {
		total += len(c)
	}
	limit := e.Single
	if total > limit {
		limit = e.Part
	}
	if whole {
		limit = total
	}
	var part []byte
	for _, c := range clusters {
		if len(part)+len(c) > limit && len(part) > 0 {
			parts, part = append(parts, part), nil
		}
		for len(c) > limit { // one character longer than a part: it can't but be cut, between code units
			n := limit &^ 1
			parts, c = append(parts, c[:n:n]), c[n:]
		}
		part = append(part, c...)
	}
	return append(parts, part)
}

// coded is text that is encoded already, under an operator's data_coding.
type coded byte

func (c coded) DataCoding() byte { return byte(c) }

func (c coded) Encode(text string) ([]byte, error) { return []byte(text), nil }

func (c coded) Decode(raw []byte) (string, error) { return string(raw), nil }
