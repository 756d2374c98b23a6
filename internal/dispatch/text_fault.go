package dispatch

import (
	"errors"
	"fmt"

	"github.com/danbi-project/danbi/internal/campaign"
)

// textFault is what is wrong with a rendered text, for people who read either language.
type textFault struct {
	says campaign.Text
	kind error // ErrTooLong, ErrForeign, ErrBreach or nil
}

func (f *textFault) Error() string { return ErrTemplate.Error() + ": " + f.says["en"] }

func (f *textFault) Unwrap() []error {
	if f.kind == nil {
		return []error{ErrTemplate}
	}
	return []error{ErrTemplate, f.kind}
}

// FaultReason is the reason under which a message that can't be made is counted, before the launch and when it would leave.
func FaultReason(fault error) string {
	if errors.Is(fault, ErrForeign) {
		return ReasonForeign
	}
	return ReasonUnreadable
}

func faulty(kind error, en, ko string, values ...any) error {
	say := func(language, format string) string {
		said := make([]any, len(values))
		for i, value := range values {
			if text, is := value.(campaign.Text); is {
				value = text.In(language)
			}
			said[i] = value
		}
		return fmt.Sprintf(format, said...)
	}
	return &textFault{says: campaign.Text{"en": say("en", en), "ko": say("ko", ko)}, kind: kind}
}
