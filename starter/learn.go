package main

import (
	"fmt"
	"math"
	"strings"

	"github.com/spf13/cobra"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/compose/learned"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/offers"
	"github.com/danbi-project/danbi/internal/warehouse"
)

func newLearnCommand(app *App) *cobra.Command {
	var policy, currency, zone, asOf string
	var margin float64
	command := &cobra.Command{
		Use:     "learn",
		GroupID: groupData,
		Short:   "Show what past campaigns taught about offers and how surely, and what other policies would have brought",
		Long: `Learn from the campaigns that are over how customers take offers: how many take notice, what
effort more spend is to them, how much is only pulled forward, by arm and segment. Plans start
from this; it is kept as a version, as a campaign keeps it.

With --policy, look at one past campaign that drew at least part of its choices by lot, and
estimate what other policies would have brought: no offer, each offer for all, all by lot, and
what earlier campaigns had taught. Two estimates, each with a 95% interval.`,
		Example: `  starter learn
  starter learn --policy past-spring-spend --margin 0.2
  starter learn --json | jq '.knowledge.attention'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			from := learned.From{Currency: currency, Zone: zone, Instant: clock.Live().At(clock.Wall())}
			home, err := campaign.LoadZone(zone)
			if err != nil {
				return withExit(ExitUsage, fmt.Errorf("--zone: %w", err))
			}
			if _, err := money.Exponent(currency); err != nil {
				return withExit(ExitUsage, fmt.Errorf("--currency: %w", err))
			}
			if asOf != "" {
				at, err := campaign.ParseMoment(asOf, home, false)
				if err != nil {
					return withExit(ExitUsage, fmt.Errorf("--as-of: %w", err))
				}
				from.Instant = at.Time
			}
			if !(margin > 0 && margin <= 1) {
				return withExit(ExitUsage, fmt.Errorf("--margin is %v; write what is earned of each unit of spend, as in 0.2", margin))
			}
			store, err := app.Warehouse(cmd.Context())
			if err != nil {
				return err
			}
			defer func() { _ = store.Close() }()
			if err := warehouse.Migrate(cmd.Context(), store); err != nil {
				return err
			}
			if policy != "" {
				found, err := learned.Evaluate(cmd.Context(), store, from, policy, margin)
				if err != nil {
					return err
				}
				if app.JSON {
					return app.PrintJSON(found)
				}
				app.printEvaluation(found, currency)
				return nil
			}
			found, err := learned.Now(cmd.Context(), store, from)
			if err != nil {
				return err
			}
			if app.JSON {
				return app.PrintJSON(found)
			}
			app.printLearned(found)
			return nil
		},
	}
	command.Flags().StringVar(&policy, "policy", "", "evaluate policies on this past campaign (ID, or ID/occurrence)")
	command.Flags().StringVar(&currency, "currency", "KRW", "campaigns in this currency")
	command.Flags().StringVar(&zone, "zone", "Asia/Seoul", "zone of customers without a valid one")
	command.Flags().StringVar(&asOf, "as-of", "", "date (2006-01-02): only campaigns that were over by then")
	command.Flags().Float64Var(&margin, "margin", 0.2, "what is earned of each unit of spend, for a campaign whose spec is not known")
	return command
}

// printLearned shows each number with its interval, and how far it has moved from what was believed before.
func (a *App) printLearned(l learned.Learned) {
	k, p := l.Knowledge, l.Prior
	if !k.Learned() {
		a.Sayf("%s", a.text("Nothing has been learned of offers yet: plans use a prior. It takes one campaign that is over, with customers who were promised a reward and customers who were not.",
			"아직 혜택에 대해 학습한 것이 없어 기본 가정을 씁니다. 혜택을 받은 고객과 받지 않은 고객이 있는 지난 캠페인이 하나 이상 필요합니다."))
	} else {
		a.Sayf(a.text("Learned from %s: %s customers with an offer, %s without (version %s).", "%s에서 학습: 혜택을 받은 고객 %s명, 받지 않은 고객 %s명 (버전 %s)."),
			strings.Join(k.Campaigns, ", "), groups(k.Offered), groups(k.Control), k.ID)
	}
	percent := func(x float64) string { return fmt.Sprintf("%.1f%%", 100*x) }
	factor := func(x float64) string { return fmt.Sprintf("×%.2f", x) }
	var rows [][]string
	add := func(english, korean string, now, before offers.Known, most float64, show func(float64) string) {
		rows = append(rows, []string{a.text(english, korean), show(now.Mean), show(now.Mean-1.96*now.Deviation) + " – " + show(now.Mean+1.96*now.Deviation), whisker(now, most), show(before.Mean)})
	}
	add("take notice of an offer", "혜택을 알아보는 고객", k.Attention, p.Attention, 1, percent)
	add("reward for half of them to stretch, of the stretch", "절반이 더 쓰게 하는 보상(추가 이용액 대비)", k.Effort, p.Effort, 0.5, percent)
	add("the same for who would not have bought, times as much", "구매하지 않을 고객은 그 몇 배", k.Idle, p.Idle, 5, factor)
	add("more spend than that explains", "추가 이용액(예상 대비)", k.Gain, p.Gain, 2, factor)
	add("of it only pulled forward", "앞당겨 쓴 비율", k.Pull, p.Pull, 1, percent)
	add("later spend lost by missing a goal", "목표 미달 후 줄어든 이용액", k.Failing, p.Failing, 0.5, percent)
	add("more spend after a message without an offer", "혜택 없는 메시지의 효과", k.Inform, p.Inform, 0.1, percent)
	add("spend, against the months before", "이용액(직전 추세 대비)", offers.Known{Mean: math.Exp(k.Level.Mean), Deviation: math.Exp(k.Level.Mean) * k.Level.Deviation}, offers.Known{Mean: 1}, 2, factor)
	a.PrintTable([]Column{{Title: a.text("What is known", "알려진 것")}, {Title: a.text("Estimate", "추정"), Right: true}, {Title: a.text("95% interval", "95% 구간"), Right: true}, {Title: ""}, {Title: a.text("Before", "기본 가정"), Right: true}}, rows)
	a.Sayf(a.text("Campaigns differ from each other by %s in response and %s in level; a choice by half of the data keeps %s of what it promises.", "캠페인 사이의 차이: 반응 %s, 이용액 수준 %s. 절반의 데이터로 한 선택은 약속한 가치의 %s를 지킵니다."),
		percent(k.Between), percent(k.Season), percent(k.Curse))
	a.printCells(l)
	a.printContents(l)
}

func (a *App) printCells(l learned.Learned) {
	k := l.Knowledge
	var rows [][]string
	most := 0.0
	for _, c := range k.Cells {
		if c.Customers > 0 {
			most = max(most, c.Response.Mean+1.96*c.Response.Deviation)
		}
	}
	for _, c := range k.Cells {
		if c.Customers == 0 {
			continue
		}
		upTo, seldom := a.text("above", "이상"), a.text("above", "이상")
		forecast, idle := k.Class(c)
		if forecast < len(k.Edges) {
			upTo = "< " + money.Format(money.Minor(k.Edges[forecast]), l.Currency, a.Lang)
		}
		if idle < len(k.Idles) {
			seldom = fmt.Sprintf("< %.0f%%", 100*k.Idles[idle])
		}
		rows = append(rows, []string{c.Arm, upTo, seldom, groups(c.Customers), fmt.Sprintf("%.1f%%", 100*c.Without), fmt.Sprintf("%.1f%%", 100*c.Reached),
			fmt.Sprintf("%+.1f ± %.1f", 100*c.Response.Mean, 196*c.Response.Deviation), whisker(c.Response, most)})
	}
	if len(rows) > 0 {
		a.PrintTable([]Column{{Title: a.text("Reward of stretch", "추가 이용액 대비 보상")}, {Title: a.text("Forecast", "예상 이용액"), Right: true}, {Title: a.text("Buys nothing", "미구매 확률"), Right: true}, {Title: a.text("Customers", "고객 수"), Right: true},
			{Title: a.text("Expected to reach", "혜택 없이 예상"), Right: true}, {Title: a.text("Reached", "달성"), Right: true}, {Title: a.text("Moved, points", "효과(%p)"), Right: true}, {Title: ""}}, rows)
	}
}

func (a *App) printContents(l learned.Learned) {
	k := l.Knowledge
	var rows [][]string
	for _, c := range k.Contents {
		seldom, own := a.text("above", "이상"), ""
		if c.Idle < len(k.Idles) {
			seldom = fmt.Sprintf("< %.0f%%", 100*k.Idles[c.Idle])
		}
		if c.Own {
			own = a.text("yes", "예")
		}
		rows = append(rows, []string{c.Content, seldom, own, groups(c.Customers), fmt.Sprintf("%.1f%%", 100*c.Reached), fmt.Sprintf("x %.2f ± %.2f", c.Factor.Mean, 1.96*c.Factor.Deviation), whisker(c.Factor, 2)})
	}
	if len(rows) > 0 {
		a.PrintTable([]Column{{Title: a.text("Content", "메시지 주제")}, {Title: a.text("Buys nothing", "미구매 확률"), Right: true}, {Title: a.text("Own category", "주 이용 업종")}, {Title: a.text("Customers", "고객 수"), Right: true},
			{Title: a.text("Reached", "달성"), Right: true}, {Title: a.text("Moves, against others", "다른 주제 대비 효과"), Right: true}, {Title: ""}}, rows)
	}
}

// whisker draws an estimate as a point within its interval, on a scale from 0.
func whisker(k offers.Known, most float64) string {
	const cells = 24
	if !(most > 0) || math.IsNaN(k.Mean) || math.IsNaN(k.Deviation) {
		return ""
	}
	place := func(x float64) int { return int(math.Round(min(max(x/most, 0), 1) * (cells - 1))) }
	line := []rune(strings.Repeat("·", cells))
	for i := place(k.Mean - 1.96*k.Deviation); i <= place(k.Mean+1.96*k.Deviation); i++ {
		line[i] = '─'
	}
	line[place(k.Mean)] = '●'
	return string(line)
}

func (a *App) printEvaluation(e learned.Evaluation, currency string) {
	amount := func(x float64) string { return money.Format(money.Minor(math.Round(x)), currency, a.Lang) }
	a.Sayf(a.text("%s, %s treated customers: what each policy would have brought a customer, in margin (%.0f%%) less rewards. Its own choices brought %s.",
		"%s, 발송 고객 %s명: 정책별 고객당 이익(마진 %.0f%%에서 보상을 뺀 금액). 실제 선택은 %s이었습니다."), e.Campaign, groups(uint64(e.Customers)), 100*e.Margin, amount(e.Logged))
	words := map[string]string{
		offers.PolicyNone: a.text("no offer", "혜택 없음"), offers.PolicyLot: a.text("all by lot", "모두 무작위"), offers.PolicyLearned: a.text("by what was learned before", "이전 학습에 따른 선택"),
	}
	var rows [][]string
	for _, p := range e.Policies {
		name, named := words[p.Policy]
		if !named {
			name = fmt.Sprintf(a.text("%s for all", "모두에게 %s"), p.Policy)
		}
		if p.Result == nil {
			rows = append(rows, []string{name, fmt.Sprintf("%.0f%%", 100*p.Chosen), a.text("never tried", "시도한 적 없음"), "", ""})
			continue
		}
		note := ""
		if !p.Result.Supported {
			note = a.text("partly untried", "일부 시도한 적 없음")
		}
		estimate := func(mean, low, high float64) string {
			return fmt.Sprintf("%s (%s – %s)", amount(mean), amount(low), amount(high))
		}
		rows = append(rows, []string{name, fmt.Sprintf("%.0f%%", 100*p.Chosen), estimate(p.Result.DR.Mean, p.Result.DR.Low, p.Result.DR.High),
			estimate(p.Result.SNIPS.Mean, p.Result.SNIPS.Low, p.Result.SNIPS.High), note})
	}
	a.PrintTable([]Column{{Title: a.text("Policy", "정책")}, {Title: a.text("Given", "제공"), Right: true}, {Title: a.text("Doubly robust", "이중 강건 추정"), Right: true}, {Title: "SNIPS", Right: true}, {Title: ""}}, rows)
}
