package dispatch

import (
	"strings"
	"unicode"
)

// The words with which people answer a text message that they want no more: the whole answer, or its first word, in what
// American operators have agreed on; anywhere, in Korean, where nobody says them by chance.
var (
	stopWords   = map[string]bool{"STOP": true, "STOPALL": true, "UNSUBSCRIBE": true, "CANCEL": true, "END": true, "QUIT": true, "REVOKE": true, "OPTOUT": true}
	stopPhrases = []string{"수신거부", "수신거절", "수신차단", "광고거부", "문자거부", "수신철회"}
)

// OptsOut says whether an answer to a message means that its sender wants no more of them. In doubt it does not: END in a
// sentence is no wish.
func OptsOut(answer string) bool {
	upper := strings.ToUpper(composed(answer))
	bare := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, upper)
	if stopWords[bare] || bare == "거부" || bare == "해지" {
		return true
	}
	for _, phrase := range stopPhrases {
		if strings.Contains(bare, phrase) {
			return true
		}
	}
	first, _, _ := strings.Cut(strings.TrimSpace(upper), " ")
	return strings.Trim(first, ".,!?:;\"'") == "STOP"
}
