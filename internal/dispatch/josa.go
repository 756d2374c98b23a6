package dispatch

import (
	"strings"
	"unicode"
)

// josa appends the Korean particle that fits the end of a text: {{ name | josa: "은/는" }}. The form after a final
// consonant stands first: 은/는, 이/가, 을/를, 과/와, 아/야, 이나/나, 으로/로.
func josa(text, pair string) string {
	closed, open, ok := strings.Cut(pair, "/")
	if !ok {
		return text + pair
	}
	final, isL := ending(text)
	if final && (!isL || !strings.HasPrefix(closed, "으로")) { // after ㄹ it is 로, as after a vowel
		return text + closed
	}
	return text + open
}

// ending says whether a text, as it is read aloud, ends in a consonant, and whether that is ㄹ. Brackets, quotes and
// signs at the end are not read.
func ending(text string) (consonant, isL bool) {
	runes := []rune(text)
	for i := len(runes) - 1; i >= 0; i-- {
		r := runes[i]
		switch {
		case r >= 0xAC00 && r <= 0xD7A3:
			tail := (r - 0xAC00) % 28
			return tail != 0, tail == 8
		case unicode.IsDigit(r):
			return digitEnding(runes[:i+1])
		case unicode.IsLetter(r):
			return letterEnding(unicode.ToLower(r))
		case r == '%': // 퍼센트
			return false, false
		case r == '₩': // 원
			return true, false
		}
	}
	return false, false
}

// digitEnding reads the last digit: 영 일 이 삼 사 오 육 칠 팔 구. A number that ends in zeros is read 십, 백, 천, 만, 억.
func digitEnding(runes []rune) (consonant, isL bool) {
	switch runes[len(runes)-1] {
	case '1', '7', '8':
		return true, true
	case '0', '3', '6':
		return true, false
	}
	return false, false
}

// letterEnding goes by the names of the letters: 엘, 엠, 엔, 알 end in a consonant.
func letterEnding(r rune) (consonant, isL bool) {
	switch r {
	case 'l', 'r':
		return true, true
	case 'm', 'n':
		return true, false
	}
	return false, false
}
