package targeting

import (
	"errors"
	"fmt"

	"github.com/danbi-project/danbi/internal/campaign"
)

// ErrBadRule is what every fault of a rule is.
var ErrBadRule = errors.New("the rule cannot be understood")

// position is a place in a rule's text, both from 1.
type position struct{ line, column int }

// ruleFault is a campaign.Fault, which the reader of a spec can place, and ErrBadRule at once.
type ruleFault struct{ campaign.Fault }

func (f ruleFault) Unwrap() []error { return []error{f.Fault, ErrBadRule} }

func fault(at position, message, hint campaign.Text) error {
	if at.line > 0 {
		placed := campaign.Text{}
		for language, text := range message {
			placed[language] = fmt.Sprintf("%d:%d: %s", at.line, at.column, text)
		}
		message = placed
	}
	return ruleFault{campaign.Fault{Message: message, Hint: hint}}
}

func unknownField(at position, name string) error {
	hint := say("docs/spec.md lists the features", "docs/spec.md에 특성 목록이 있습니다")
	if known := campaign.Nearest(name, fieldNames()); known != "" {
		hint = say("did you mean "+known+"?", known+"을(를) 뜻했나요?")
	}
	return fault(at, say(fmt.Sprintf("there is no feature %q", name), fmt.Sprintf("%q: 없는 특성입니다", name)), hint)
}
