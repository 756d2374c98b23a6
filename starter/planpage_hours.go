package main

import (
	"fmt"
	"html"
	"html/template"
	"maps"
	"slices"
	"strings"

	"github.com/danbi-project/danbi/internal/dispatch"
)

// hourSources are where planned hours come from, in the order in which a column is built up, with its colours.
var hourSources = []struct {
	source        dispatch.Source
	class, colour string
	english, ko   string
}{
	{dispatch.SourceLearned, "mark", "rain", "own hour", "개인별 시간"}, {dispatch.SourceFallback, "bar", "pale", "segment's hour", "세그먼트 시간"},
	{dispatch.SourceMoved, "warns", "warn", "moved from a full hour", "정원 초과로 옮김"}, {dispatch.SourceRandom, "soft", "soft", "random hour", "탐색 시간"},
}

// Hours is when messages would arrive, a column an hour, of parts by where the hours come from.
func (g planPage) Hours() template.HTML {
	if g.p.Hours == nil {
		return ""
	}
	const height, foot = 190.0, 26.0
	var most uint64
	for _, counts := range g.p.Hours.At {
		var n uint64
		for _, part := range counts {
			n += part
		}
		most = max(most, n)
	}
	width := (pageWidth - 2*pageSide) / 24.
	var out strings.Builder
	for hour, counts := range g.p.Hours.At {
		x, y := pageSide+float64(hour)*width, height-foot
		var n uint64
		for _, s := range hourSources {
			part := counts[string(s.source)]
			h := float64(part) / float64(max(most, 1)) * (height - foot - 24)
			if part == 0 {
				continue
			}
			y -= h
			n += part
			fmt.Fprintf(&out, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" class="%s"><title>%s</title></rect>`, x+1, y, width-2, h, s.class,
				html.EscapeString(fmt.Sprintf("%02d:00 – %s: %s", hour, g.T(s.english, s.ko), groups(part))))
		}
		if n > 0 && hour%2 == 0 { // numbers of neighbours would touch
			svgText(&out, x+width/2, y-4, "middle", "small", groups(n))
		}
		if hour%2 == 0 {
			svgText(&out, x+width/2, height-10, "middle", "small", fmt.Sprintf("%02d", hour))
		}
	}
	fmt.Fprintf(&out, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" class="axis"/>`, pageSide, height-foot, pageWidth-pageSide, height-foot)
	return svg(height, g.T("planned hours", "예정 시간"), &out)
}

// HoursKey says what the parts are, with their sums, and who would get no hour.
func (g planPage) HoursKey() template.HTML {
	var parts []string
	for _, s := range hourSources {
		var n uint64
		for _, counts := range g.p.Hours.At {
			n += counts[string(s.source)]
		}
		parts = append(parts, fmt.Sprintf(`<span style="color:var(--%s)">■</span> %s`, s.colour, html.EscapeString(g.T(s.english, s.ko)+" "+groups(n))))
	}
	for _, reason := range slices.Sorted(maps.Keys(g.p.Hours.Blocked)) {
		parts = append(parts, html.EscapeString(g.app.blocked(reason)+" "+groups(g.p.Hours.Blocked[reason])))
	}
	return template.HTML(strings.Join(parts, " · ")) //nolint:gosec // every text in it was escaped
}
