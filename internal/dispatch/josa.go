package dispatch

import (
	"strings"
	"unicode"
)

// josa appends the Korean particle that fits the end of a text: {{ name | josa: "은/는" }}. The form after a final
// consonant stands first: 은/는, 이/가, 을/를, 과/와, 아/야, 이나/나, 으로/로; (으)로 and (이)나 say the same.
func josa(text, pair string) string {
	closed, open, ok := strings.Cut(pair, "/")
	if optional, rest, short := strings.Cut(strings.TrimPrefix(pair, "("), ")"); !ok && short && strings.HasPrefix(pair, "(") {
		closed, open, ok = optional+rest, rest, true
	}
	if !ok {
		return text + pair
	}
	final, isL := ending([]rune(text))
	if final && (!isL || !strings.HasPrefix(closed, "으로")) { // after ㄹ it is 로, as after a vowel
		return text + closed
	}
	return text + open
}

// ending says whether a text, as it is read aloud, ends in a consonant, and whether that is ㄹ. Quotes and signs at the end
// are not read, and what stands in brackets behind a word is not either: 카드(주)는, by 카드.
func ending(runes []rune) (consonant, isL bool) {
	for i := len(runes) - 1; i >= 0; i-- {
		r := runes[i]
		switch {
		case unicode.Is(unicode.Pe, r):
			if before := opening(runes[:i]); before >= 0 && readable(runes[:before]) {
				return ending(runes[:before])
			}
		case r >= 0xAC00 && r <= 0xD7A3:
			tail := (r - 0xAC00) % 28
			return tail != 0, tail == 8
		case unicode.IsDigit(r):
			return digitEnding(r)
		case unicode.Is(unicode.Latin, r):
			return latinEnding(runes[:i+1])
		case unicode.IsLetter(r):
			return false, false
		case r == '%': // 퍼센트
			return false, false
		case r == '₩': // 원
			return true, false
		}
	}
	return false, false
}

// opening is where the bracket that ends here began, or -1.
func opening(runes []rune) int {
	depth := 1
	for i := len(runes) - 1; i >= 0; i-- {
		switch {
		case unicode.Is(unicode.Pe, runes[i]):
			depth++
		case unicode.Is(unicode.Ps, runes[i]):
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

func readable(runes []rune) bool {
	for _, r := range runes {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return true
		}
	}
	return false
}

// digitEnding reads the last digit: 영 일 이 삼 사 오 육 칠 팔 구. A number that ends in zeros is read 십, 백, 천, 만, 억.
func digitEnding(r rune) (consonant, isL bool) {
	switch r {
	case '1', '7', '8':
		return true, true
	case '0', '3', '6':
		return true, false
	}
	return false, false
}

// latinEnding reads the last word: one in capitals, or a single letter, by the names of its letters (엘, 엠, 엔, 알), any other
// as Korean writes it down. That goes by spelling and is right for most brands, not for all.
func latinEnding(runes []rune) (consonant, isL bool) {
	start := len(runes)
	for start > 0 && unicode.Is(unicode.Latin, runes[start-1]) {
		start--
	}
	word := runes[start:]
	last := unicode.ToLower(word[len(word)-1])
	if strings.ToUpper(string(word)) == string(word) || len(word) == 1 {
		switch last {
		case 'l', 'r':
			return true, true
		case 'm', 'n':
			return true, false
		}
		return false, false
	}
	lower := strings.ToLower(string(word))
	before := unicode.ToLower(word[len(word)-2])
	vowel := strings.ContainsRune("aeiouy", before)
	switch last {
	case 'l': // 몰, 호텔
		return true, true
	case 'm', 'n': // 팜, 폰
		return true, false
	case 'g': // 킹; 백
		return before == 'n', false
	case 'c', 'p', 't', 'k': // 뮤직, 숍, 마켓, 북; but 뱅크, 베스트, 점프
		return vowel || before == 'c', false
	case 'e':
		if strings.HasSuffix(lower, "le") && !vowel && len(word) > 2 { // 애플, 구글
			return true, true
		}
		return strings.HasSuffix(lower, "me") || strings.HasSuffix(lower, "ne"), false // 타임, 라인
	}
	return false, false
}
