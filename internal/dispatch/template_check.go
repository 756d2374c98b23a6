package dispatch

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/danbi-project/danbi/internal/campaign"
)

// Fields are what a message may name. There are no others: a feature that only targets can't be named by accident.
var Fields = []string{
	"name", "threshold", "reward", "percent", "deadline", "offer", "content", "terms", "brand",
	"sender.name", "sender.contact", "sender.email", "sender.opt_out", "sender.postal", "unsubscribe_url",
}

// The tags and filters that a message may use. Loops, assignments and includes are left out, and so are filters that
// multiply their input: with these, the time and size of a message are bounded by those of its template.
var (
	allowedTags = []string{
		"if", "elsif", "else", "endif", "unless", "endunless", "case", "when", "endcase", "comment", "endcomment", "raw", "endraw",
	}
	allowedFilters = []string{
		"josa", "upcase", "downcase", "capitalize", "strip", "escape", "truncate", "default", "url_encode", "append", "prepend", "size",
	}
	words = []string{"and", "or", "not", "contains", "true", "false", "nil", "null", "blank", "empty"}
)

const mostTemplate = 64 << 10 // bytes of one text of a template

var (
	liquidTag  = regexp.MustCompile(`(?s)\{\{-?(.*?)-?\}\}|\{%-?(.*?)-?%\}`)
	expression = regexp.MustCompile(`"[^"]*"|'[^']*'|[A-Za-z_][\w-]*(?:\s*\.\s*[\w-]+|\[[^\]]*\])*\??|\d+(?:\.\d+)?|[|:]`)
)

// CheckTemplate finds what is wrong with a template before anything is sent with it: fields that do not exist (with the
// nearest that does), tags and filters that are not allowed, faults of form.
func CheckTemplate(channel, _ string, t campaign.Template) error {
	var faults []error
	for i, text := range partsOf(t) {
		name := partNames[i]
		if len(text) > mostTemplate {
			faults = append(faults, faultOf(name, fmt.Sprintf("is longer than %d kB", mostTemplate>>10), fmt.Sprintf("%d kB보다 깁니다", mostTemplate>>10), "", ""))
			continue
		}
		named := checkNames(name, text)
		faults = append(faults, named...)
		if _, err := compile(text); err != nil && len(named) == 0 {
			faults = append(faults, faultOf(name, "is not a template: "+err.Error(), "템플릿이 아닙니다: "+err.Error(), "", ""))
		}
	}
	if t.HTML != "" && channel != campaign.ChannelEmail {
		faults = append(faults, faultOf("html", "only e-mail has HTML", "HTML은 이메일에만 쓸 수 있습니다", "", ""))
	}
	return errors.Join(faults...)
}

func checkNames(part, text string) (faults []error) {
	unknown := func(line int, kind, kindKo, name string, known []string, shown []string) {
		hint, hintKo := "known are "+strings.Join(shown, ", "), "쓸 수 있는 것: "+strings.Join(shown, ", ")
		if near := nearest(name, known); near != "" {
			hint, hintKo = fmt.Sprintf("did you mean %s? %s", near, hint), fmt.Sprintf("%s을(를) 쓰려고 했나요? %s", near, hintKo)
		}
		faults = append(faults, faultOf(part, fmt.Sprintf("names the unknown %s %s (line %d of the text)", kind, name, line),
			fmt.Sprintf("모르는 %s: %s (글의 %d번째 줄)", kindKo, name, line), hint, hintKo))
	}
	verbatim := ""
	for _, at := range liquidTag.FindAllStringSubmatchIndex(text, -1) {
		line := 1 + strings.Count(text[:at[0]], "\n")
		isTag := at[4] >= 0
		var source string
		if isTag {
			source = strings.TrimSpace(text[at[4]:at[5]])
		} else {
			source = text[at[2]:at[3]]
		}
		if isTag {
			name, rest, _ := strings.Cut(source, " ")
			if verbatim != "" {
				if name == "end"+verbatim {
					verbatim = ""
				}
				continue
			}
			if !slices.Contains(allowedTags, name) {
				unknown(line, "tag", "태그", name, allowedTags, []string{"if", "unless", "case", "comment", "raw"})
				continue
			}
			if name == "raw" || name == "comment" {
				verbatim = name
			}
			source = rest
		}
		if verbatim != "" {
			continue
		}
		filterNext := false
		for _, token := range expression.FindAllString(source, -1) {
			switch {
			case token == "|":
				filterNext = true
			case token == ":" || token[0] == '"' || token[0] == '\'' || token[0] >= '0' && token[0] <= '9':
			case filterNext:
				filterNext = false
				if !slices.Contains(allowedFilters, token) {
					unknown(line, "filter", "필터", token, allowedFilters, allowedFilters)
				}
			case slices.Contains(words, token):
			default:
				if field := strings.Join(strings.Fields(strings.ReplaceAll(token, ".", " ")), "."); !slices.Contains(Fields, field) {
					unknown(line, "field", "항목", field, Fields, Fields)
				}
			}
		}
	}
	return faults
}

func faultOf(field, en, ko, hint, hintKo string) campaign.Fault {
	f := campaign.Fault{Message: campaign.Text{"en": field + " " + en, "ko": field + ": " + ko}}
	if hint != "" {
		f.Hint = campaign.Text{"en": hint, "ko": hintKo}
	}
	return f
}

// nearest is the known word that a wrong one was probably meant to be, or "".
func nearest(word string, known []string) string {
	best, least := "", 2+len(word)/3
	for _, candidate := range known {
		if d := distance(word, candidate); d < least {
			best, least = candidate, d
		}
	}
	return best
}

func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := diagonal
			if a[i-1] != b[j-1] {
				change++
			}
			diagonal = row[j]
			row[j] = min(change, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
