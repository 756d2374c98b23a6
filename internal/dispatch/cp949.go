package dispatch

import (
	"sync"
	"unicode/utf8"

	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/unicode/norm"
)

// CP949 counts the bytes that a text has on a Korean phone network (Microsoft's extension of EUC-KR, in which every
// Hangul syllable has two), and gives the characters that it can't carry, each once: emoji, combining marks that no
// composed character stands for, most letters with accents. Those count as nothing.
func CP949(text string) (bytes int, foreign []rune) {
	width := cp949Widths()
	for _, r := range text {
		switch {
		case r < utf8.RuneSelf:
			bytes++
		case r < rune(len(width)) && width[r]:
			bytes += 2
		default:
			foreign = add(foreign, r)
		}
	}
	return bytes, foreign
}

func add(runes []rune, r rune) []rune {
	for _, known := range runes {
		if known == r {
			return runes
		}
	}
	return append(runes, r)
}

// cp949Widths says of each character beyond ASCII whether it has two bytes. It is what the decoder makes of all pairs of
// bytes, so that it can't disagree with the encoder that a gateway's adapter uses.
var cp949Widths = sync.OnceValue(func() []bool {
	var known []bool
	decoder := korean.EUCKR.NewDecoder()
	for lead := 0x81; lead <= 0xFE; lead++ {
		for trail := 0x41; trail <= 0xFE; trail++ {
			text, err := decoder.Bytes([]byte{byte(lead), byte(trail)})
			r, size := utf8.DecodeRune(text)
			if err != nil || size != len(text) || r == utf8.RuneError || r < utf8.RuneSelf {
				continue
			}
			for int(r) >= len(known) {
				known = append(known, make([]bool, 1<<12)...)
			}
			known[r] = true
		}
	}
	return known
})

// composed is a text with combining characters put together where Unicode has them as one: Hangul that was typed on a
// Mac as single letters becomes the syllables that a phone can show.
func composed(text string) string { return norm.NFC.String(text) }
