package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/compose/preview"
	"github.com/danbi-project/danbi/internal/dispatch"
)

func TestPlannedHoursAreShownWithTheirSources(t *testing.T) {
	t.Parallel()
	h := &preview.Hours{Sample: 2000, Blocked: map[string]uint64{dispatch.BlockedCapacity: 77}}
	h.At[10] = map[string]uint64{"learned": 1200, "fallback": 345, "moved": 6, "random": 21}
	h.At[19] = map[string]uint64{"learned": 42}
	for lang, words := range map[string][]string{
		"en": {"10:00", "1,572", "1,200", "345", "21", "19:00", "every hour full", "77", "own hour"},
		"ko": {"10:00", "1,572", "개인별", "세그먼트", "옮김", "탐색", "모든 시간대 정원 초과"},
	} {
		var out bytes.Buffer
		a := &App{Out: &out, Lang: lang}
		a.printHours(h)
		a.printHours(nil)
		for _, word := range words {
			require.Contains(t, out.String(), word)
		}
		require.NotContains(t, out.String(), "11:00")
	}
}
