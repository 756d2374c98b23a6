package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/measurement/forecast"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/warehouse"
)

// keepForecast keeps it where the report of the real campaign will look for it.
func (a *App) keepForecast(ctx context.Context, store *warehouse.Warehouse, f forecast.Forecast) error {
	if err := warehouse.Migrate(ctx, store); err != nil {
		return err
	}
	text, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("write the forecast: %w", err)
	}
	return store.SaveForecast(ctx, f.Campaign, string(text), time.Now())
}

func (a *App) printForecast(f forecast.Forecast, brief campaign.Brief, took time.Duration) {
	a.Sayf(a.text("%s, rehearsed %d times on %s simulated customers each, in %s; figures for %s customers.", "%s: 가상 고객 %[3]s명으로 %[2]d번 리허설했습니다 (%[4]s). 수치는 고객 %[5]s명 기준입니다."),
		brief.Spec.Title.In(a.Lang), f.Runs, groups(f.Customers), took.Round(time.Second), groups(f.Population))
	if zone, err := campaign.LoadZone(brief.Spec.Zone); err == nil && !f.Opens.IsZero() {
		a.Sayf(a.text("The window that was rehearsed opens on %s (%s).", "리허설한 기간은 %s에 시작합니다(%s)."), f.Opens.In(zone).Format(minutes), brief.Spec.Zone)
	}
	count := func(v float64) string { return groups(uint64(math.Max(math.Round(v), 0))) }
	amount := func(v float64) string { return money.Format(money.Minor(math.Round(v)), f.Currency, a.Lang) }
	var rows [][]string
	add := func(name string, i forecast.Interval, show func(float64) string) {
		rows = append(rows, []string{name, show(i.Low), show(i.Median), show(i.High)})
	}
	add(a.text("Respond (buy in the window)", "반응 (기간 중 구매)"), f.Responses, count)
	add(a.text("Earn their reward", "혜택 달성"), f.Redeemed, count)
	add(a.text("Spend of the treated", "대상 고객의 이용액"), f.Spend, amount)
	add(a.text("Spend that the campaign adds, as measured", "캠페인이 늘린 이용액 (측정값)"), f.Incremental, amount)
	add(a.text("Cost", "비용"), f.Cost, amount)
	a.PrintTable([]Column{
		{Title: a.text("Forecast", "예측")}, {Title: a.text("low", "하한"), Right: true},
		{Title: a.text("middle", "중간"), Right: true}, {Title: a.text("high", "상한"), Right: true},
	}, rows)
	a.Sayf(a.text("Low to high contains one more such run with a chance of at least %.0f %%.", "하한과 상한 사이에 다음 실행의 결과가 %.0f%% 이상의 확률로 들어옵니다."), 100*f.Cost.Level)
	if f.Cost.Level < forecast.Level {
		a.Sayf("%s", a.text("For 80 % it takes 9 runs.", "80%에는 9번 이상의 실행이 필요합니다."))
	}
	if hour, share := busiest(f.Outcomes); share > 0 {
		a.Sayf(a.text("The busiest hour is %02d:00, with %.0f %% of the messages.", "가장 붐비는 시간은 %02d시로 메시지의 %.0f%%입니다."), hour, 100*share)
	}
	for _, b := range f.Breaches {
		a.Sayf("! %s: "+a.text("in %d of %d runs", "%[3]d번 가운데 %[2]d번"), a.breach(b.What), b.Runs, f.Runs+f.Failed)
	}
	if len(f.Breaches) == 0 {
		a.Sayf("%s", a.text("No limit was breached in any run.", "어느 실행에서도 한도를 어기지 않았습니다."))
	}
	for _, w := range f.Fragile {
		a.Sayf("~ %s", a.weakness(w))
	}
	if len(f.Fragile) == 0 {
		a.Sayf("%s", a.text("Nothing in the plan looked fragile.", "계획에서 취약한 곳은 보이지 않았습니다."))
	}
}

func (a *App) breach(what string) string {
	words := map[string][2]string{
		"exposure":           {"more rewards were promised than the hard cap allows", "약속한 혜택이 최대 노출액을 넘었습니다"},
		"books":              {"the books did not balance", "장부가 맞지 않았습니다"},
		"reconciliation":     {"the provider's payouts differ from ours", "지급사의 내역과 다릅니다"},
		"sample_ratio":       {"treated and control are not as they were drawn", "대상과 대조군의 비율이 추첨과 다릅니다"},
		"deliveries_unknown": {"messages whose fate is unknown", "결과를 알 수 없는 메시지가 있습니다"},
		"deliveries_expired": {"messages whose hour passed before they left", "시간 안에 나가지 못한 메시지가 있습니다"},
		"deliveries_failed":  {"messages that could not be delivered", "전달하지 못한 메시지가 있습니다"},
	}
	if w, known := words[what]; known {
		return a.text(w[0], w[1])
	}
	return what
}

func (a *App) weakness(w forecast.Weakness) string {
	words := map[string][2]string{
		forecast.OverBudget: {"Budget: the cost goes beyond what is expected (middle: %.0f %% of it)", "예산: 비용이 기대 비용을 넘습니다 (중간값 %.0f%%)"},
		forecast.IdleBudget: {"Budget: much of it stays unspent (middle: %.0f %% is spent)", "예산: 많이 남습니다 (중간값 %.0f%% 사용)"},
		forecast.Exposed:    {"Budget: the hard cap leaves no room (middle: %.0f %% of it is promised)", "예산: 최대 노출액에 여유가 없습니다 (중간값 %.0f%% 약속)"},
		forecast.BusyHour:   {"Capacity: one hour of the day carries %.0f %% of all messages", "처리량: 한 시간대에 메시지의 %.0f%%가 몰립니다"},
		forecast.TooFew:     {"Reach: of the treated only %.0f %% get a message", "도달: 대상의 %.0f%%만 메시지를 받습니다"},
		forecast.BlindToLift: {"Control: it is too small to show the lift that came; the smallest it can show is %.0f %%",
			"대조군: 너무 작아 실제 효과를 보여 주지 못합니다. 볼 수 있는 최소 효과는 %.0f%%입니다"},
	}
	text := fmt.Sprintf(a.text(words[w.Where][0], words[w.Where][1]), 100*w.Value)
	return text + fmt.Sprintf(a.text(", in %.0f %% of the runs.", " (실행의 %.0f%%)."), 100*w.Share)
}

// busiest is the hour that most messages are planned for, and its share of them.
func busiest(outcomes []forecast.Outcome) (hour int, share float64) {
	var hours [24]float64
	total := 0.0
	for _, o := range outcomes {
		for h, n := range o.Hours {
			hours[h] += n
			total += n
		}
	}
	if total == 0 {
		return 0, 0
	}
	most := slices.Max(hours[:])
	return slices.Index(hours[:], most), most / total
}
