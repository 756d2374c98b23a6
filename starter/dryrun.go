package main

import (
	"fmt"
	"slices"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/dispatch"
	"github.com/danbi-project/danbi/internal/money"
)

// renderings says what all messages came to when every one of them was made and none was sent: by touch, channel and what the
// provider charges them as.
func (a *App) renderings(all []activities.Rendering, currency string) (lines []string) {
	for _, m := range all {
		form := m.Channel
		if m.Form != m.Channel {
			form += " (" + m.Form + ")"
		}
		unit := a.text("bytes", "바이트")
		if slices.Contains([]string{string(dispatch.FormTemplate), string(dispatch.FormBrand)}, m.Form) {
			unit = a.text("characters", "자")
		}
		line := fmt.Sprintf(a.text("%s by %s: %s, the longest %s %s (customer #%d)", "%s, %s: %s건, 가장 긴 것 %s%s (고객 #%d)"),
			m.Touch, form, groups(m.Messages), groups(uint64(max(m.Longest, 0))), unit, m.LongestCustomer)
		if m.Cost > 0 {
			line += fmt.Sprintf(a.text(", cost %s in all, %s the costliest (customer #%d)", ", 비용 합계 %s, 가장 비싼 것 %s (고객 #%d)"),
				a.thousandths(m.Cost, currency), a.thousandths(m.Costliest, currency), m.CostliestCustomer)
		}
		lines = append(lines, line)
	}
	return lines
}

// thousandths rounds an amount in thousandths of a minor unit: a text message may cost less than the smallest coin.
func (a *App) thousandths(amount int64, currency string) string {
	return money.Format(money.Minor((amount+500)/1000), currency, a.Lang)
}
