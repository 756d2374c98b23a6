package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/danbi-project/danbi/internal/compose/preview"
	"github.com/danbi-project/danbi/internal/dispatch"
)

// printHours shows when messages would arrive, by the hour of each customer's own day, and where the hours come from.
func (a *App) printHours(h *preview.Hours) {
	if h == nil {
		return
	}
	sources := []dispatch.Source{dispatch.SourceLearned, dispatch.SourceFallback, dispatch.SourceMoved, dispatch.SourceRandom}
	total := func(counts map[string]uint64) (sum uint64) {
		for _, n := range counts {
			sum += n
		}
		return sum
	}
	var most uint64
	for _, counts := range h.At {
		most = max(most, total(counts))
	}
	var rows [][]string
	for hour, counts := range h.At {
		if total(counts) == 0 {
			continue
		}
		row := []string{fmt.Sprintf("%02d:00", hour), groups(total(counts)), bar(total(counts), most)}
		for _, source := range sources {
			row = append(row, groups(counts[string(source)]))
		}
		rows = append(rows, row)
	}
	for _, reason := range slices.Sorted(maps.Keys(h.Blocked)) {
		rows = append(rows, []string{a.blocked(reason), groups(h.Blocked[reason]), "", "", "", "", ""})
	}
	a.PrintTable([]Column{
		{Title: a.text("Arrives at", "도착 시각")}, {Title: a.text("Customers", "고객 수"), Right: true}, {Title: ""}, {Title: a.text("own hour", "개인별"), Right: true},
		{Title: a.text("segment's", "세그먼트"), Right: true}, {Title: a.text("moved", "옮김"), Right: true}, {Title: a.text("random", "탐색"), Right: true},
	}, rows)
	a.Sayf(a.text("Hours are the customer's own, estimated from %s of them. About %.0f%% of the response follows when somebody is active.",
		"시각은 고객 현지 시각이며 고객 %s명에서 추정했습니다. 반응의 약 %.0f%%가 활동 시간에 달려 있습니다."), groups(uint64(h.Sample)), 100*min(h.Learning.Depends, 1))
}

// blocked is why somebody would get no time.
func (a *App) blocked(reason string) string {
	words := map[string][2]string{
		dispatch.BlockedAddress: {"no address", "연락처 없음"}, dispatch.BlockedHours: {"no allowed hour", "허용된 시간 없음"}, dispatch.BlockedCapacity: {"every hour full", "모든 시간대 정원 초과"},
	}[reason]
	if words[0] == "" {
		return reason
	}
	return a.text(words[0], words[1])
}
