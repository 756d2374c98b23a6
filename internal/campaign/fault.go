package campaign

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/danbi-project/danbi/internal/money"
)

// Fault is one thing that is wrong with a spec or a policy, said in English and Korean, with what would put it right.
type Fault struct {
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"` // from 1; 0 where no file was read
	Column  int    `json:"column,omitempty"`
	Field   string `json:"field,omitempty"` // as in offers[2].reward
	Message Text   `json:"message"`
	Hint    Text   `json:"hint,omitempty"`
}

// Error is the fault in English.
func (f Fault) Error() string { return f.In("en") }

// In is the fault in a language: file:line:column: field: message. hint.
func (f Fault) In(language string) string {
	var out strings.Builder
	if f.File != "" {
		out.WriteString(f.File)
		if f.Line > 0 {
			fmt.Fprintf(&out, ":%d:%d", f.Line, f.Column)
		}
		out.WriteString(": ")
	}
	if f.Field != "" {
		out.WriteString(f.Field + ": ")
	}
	out.WriteString(f.Message.In(language))
	if hint := f.Hint.In(language); hint != "" {
		out.WriteString(" → " + hint)
	}
	return out.String()
}

// In is the text in a language, or in English, or in any language there is, in this order.
func (t Text) In(language string) string {
	for _, wanted := range []string{language, "en", "ko"} {
		if text, there := t[wanted]; there {
			return text
		}
	}
	languages := sortedKeys(t)
	if len(languages) == 0 {
		return ""
	}
	return t[languages[0]]
}

// say is a text in English and Korean.
func say(en, ko string) Text { return Text{"en": en, "ko": ko} }

// sayf is say with values put into both texts; %[1]v takes them by number where the order differs. A value that is a
// Text itself is put in in each language.
func sayf(en, ko string, values ...any) Text {
	return Text{"en": fmt.Sprintf(en, spoken("en", values)...), "ko": fmt.Sprintf(ko, spoken("ko", values)...)}
}

func spoken(language string, values []any) []any {
	said := slices.Clone(values)
	for i, value := range said {
		if text, is := value.(Text); is {
			said[i] = text.In(language)
		}
	}
	return said
}

// amountText is an amount as each language writes it.
func amountText(amount money.Minor, currency string) Text {
	return say(money.Format(amount, currency, "en"), money.Format(amount, currency, "ko"))
}

// wrong is a fault without a place yet, as an error: whoever reads the file adds where.
func wrong(message, hint Text) error { return Fault{Message: message, Hint: hint} }

// faults gathers what is wrong, so that a manager sees all of it at once.
type faults []Fault

func (all *faults) add(field string, message, hint Text) {
	*all = append(*all, Fault{Field: field, Message: message, Hint: hint})
}

// mostFaults is how many anybody would read.
const mostFaults = 200

// err joins the faults in the order of the file, or is nil.
func (all faults) err() error {
	if len(all) == 0 {
		return nil
	}
	slices.SortStableFunc(all, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	if more := len(all) - mostFaults; more > 0 {
		all = append(slices.Clip(all[:mostFaults]), Fault{File: all[0].File, Line: all[mostFaults].Line, Column: all[mostFaults].Column,
			Message: sayf("%d more faults are not shown", "오류 %d개를 더 표시하지 않았습니다", more)})
	}
	joined := make([]error, len(all))
	for i, fault := range all {
		joined[i] = fault
	}
	return errors.Join(joined...)
}

// Faults are the faults within an error, in order; an error that is none gives nil.
func Faults(err error) []Fault {
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		var all []Fault
		for _, part := range joined.Unwrap() {
			all = append(all, Faults(part)...)
		}
		return all
	}
	var fault Fault
	if errors.As(err, &fault) {
		return []Fault{fault}
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
