package smpp

import (
	"fmt"

	"github.com/linxGnu/gosmpp/data"

	"github.com/danbi-project/danbi/internal/dispatch"
)

// outcomeOf is what an answer's status means for the message. busy says that the message centre wants less of everything.
func outcomeOf(status data.CommandStatusType) (outcome dispatch.Outcome, busy bool) {
	switch status {
	case data.ESME_ROK:
		return dispatch.OutcomeSent, false
	case data.ESME_RTHROTTLED, data.ESME_RMSGQFUL:
		return dispatch.OutcomeTemporary, true
	case data.ESME_RSYSERR, data.ESME_RSUBMITFAIL, data.ESME_RX_T_APPN:
		return dispatch.OutcomeTemporary, false
	case data.ESME_RINVDSTADR, data.ESME_RINVDSTTON, data.ESME_RINVDSTNPI, data.ESME_RINVNUMDESTS:
		return dispatch.OutcomeBounced, false
	case data.ESME_RINVSRCADR, data.ESME_RINVSRCTON, data.ESME_RINVSRCNPI, data.ESME_RINVBNDSTS, data.ESME_RINVPASWD,
		data.ESME_RINVSYSID, data.ESME_RINVSYSTYP, data.ESME_RPROVNOTALLWD, data.ESME_RINVCMDID, data.ESME_RBINDFAIL:
		return dispatch.OutcomeDown, false // it concerns us and so every message
	}
	if status >= 0x400 { // the vendor's own; few tries are harmless, giving up for good may not be
		return dispatch.OutcomeTemporary, false
	}
	return dispatch.OutcomeRefused, false
}

func explain(status data.CommandStatusType) string {
	if status == data.ESME_ROK {
		return "ESME_ROK"
	}
	return fmt.Sprintf("%#08x %s", int32(status), status)
}
