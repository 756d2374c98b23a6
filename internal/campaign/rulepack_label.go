package campaign

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// LabelBreach says how a text fails to begin with exactly a label; nil when it does. What only looks like the label is a
// breach too, and is told as what it is: people who paste texts don't see a zero-width space.
func LabelBreach(text, label string) Text {
	if strings.HasPrefix(text, label) {
		rest := strings.TrimPrefix(text, label)
		if r, _ := utf8.DecodeRuneInString(rest); rest != "" && unicode.Is(unicode.Mn, r) {
			return sayf("a combining character (%U) changes %s", "결합 문자(%[1]U)가 %[2]s 표시를 바꿉니다", r, label)
		}
		return nil
	}
	head, at := looksLike(text, label)
	if head == "" {
		return sayf("does not start with %[1]s", "%[1]s 표시로 시작하지 않습니다", label)
	}
	switch why := lookAlike(head, label); {
	case why != nil:
		return sayf("does not start with %[1]s: %[2]q only looks like it, %[3]s", "%[1]s 표시로 시작하지 않습니다. %[2]q: %[3]s", label, head, why)
	case at > 0:
		return sayf("does not start with %[1]s: %[2]q stands before it", "%[1]s 표시로 시작하지 않습니다. 앞에 %[2]q가 있습니다", label, text[:at])
	}
	return sayf("does not start with %[1]s", "%[1]s 표시로 시작하지 않습니다", label)
}

// looksLike finds what a reader would take for the label at the beginning of a text, and what stands before it.
func looksLike(text, label string) (head string, at int) {
	const near = 40 // bytes: further in nobody takes it for the beginning
	inner := strings.Trim(label, "()")
	plain := func(s string) string {
		s = norm.NFKC.String(s)
		return strings.Map(func(r rune) rune {
			switch {
			case unicode.IsSpace(r), unicode.In(r, unicode.Cf, unicode.Mn, unicode.Po, unicode.Ps, unicode.Pe, unicode.Sm), r == '-', r == '_', r == 'ㅤ':
				return -1
			case r == '廣' || r == '広' || r == '广':
				return '광'
			case r == '告':
				return '고'
			}
			return r
		}, s)
	}
	for start := range text {
		if start > near {
			return "", 0
		}
		first, _ := utf8.DecodeRuneInString(text[start:])
		if unicode.IsSpace(first) || plain(string(first)) == "" && !unicode.In(first, unicode.Ps, unicode.Sm) && start > 0 {
			continue
		}
		for end := start + 1; end <= len(text) && end-start <= near; end++ {
			if end < len(text) && !utf8.RuneStart(text[end]) {
				continue
			}
			if plain(text[start:end]) == inner {
				for end < len(text) { // with its closing bracket
					r, size := utf8.DecodeRuneInString(text[end:])
					if plain(string(r)) != "" || unicode.IsSpace(r) {
						break
					}
					end += size
					if unicode.In(r, unicode.Pe) || r == ')' {
						break
					}
				}
				return text[start:end], start
			}
		}
	}
	return "", 0
}

// lookAlike says what makes a head another text than the label.
func lookAlike(head, label string) Text {
	if head == label {
		return nil
	}
	for _, r := range head {
		switch {
		case r == '（' || r == '）' || r == '﹙' || r == '﹚':
			return sayf("it has full-width parentheses (%U)", "전각 괄호(%U)입니다", r)
		case unicode.Is(unicode.Cf, r) || r == 'ㅤ':
			return sayf("it has a character that can't be seen (%U)", "보이지 않는 글자(%U)가 있습니다", r)
		case strings.ContainsRune("[]{}<>〔〕【】《》「」『』［］〈〉", r):
			return sayf("its brackets are %q instead of ( and )", "괄호가 ( )가 아니라 %q입니다", r)
		case unicode.Is(unicode.Mn, r):
			return sayf("it has a combining character (%U)", "결합 문자(%U)가 있습니다", r)
		case unicode.IsSpace(r):
			return say("it has a space in it", "안에 공백이 있습니다")
		case r == '廣' || r == '広' || r == '广' || r == '告':
			return say("it is written in Chinese characters", "한자입니다")
		}
	}
	if norm.NFC.String(head) == label {
		return say("its letters are decomposed: type it anew", "자모가 풀어져 있습니다. 다시 입력하세요")
	}
	return say("something is added or missing", "빠지거나 더해진 글자가 있습니다")
}
