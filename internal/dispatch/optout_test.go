package dispatch_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/dispatch"
)

func TestWhoWantsNoMore(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{"STOP", " stop.", "Stop all", "unsubscribe", "STOP sending me this", "수신거부", "수신 거부 합니다", "무료수신거부요", "거부!", "해지", "광고 거부", "\u1109\u116e\u1109\u1175\u11ab\u1100\u1165\u1107\u116e"} {
		require.True(t, dispatch.OptsOut(answer), "%q", answer)
	}
	for _, answer := range []string{"", "  ", "thanks", "when does it end?", "don't stop", "the end of the month?", "네 감사합니다", "거부감이 없어요", "해지하지 마세요", "1"} {
		require.False(t, dispatch.OptsOut(answer), "%q", answer)
	}
}
