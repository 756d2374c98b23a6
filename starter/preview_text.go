package main

import (
	"cmp"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/compose/preview"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/offers"
	"github.com/danbi-project/danbi/internal/targeting"
	"github.com/danbi-project/danbi/internal/targeting/registry"
)

// printPreview shows funnel, offers and budget as tables that fit a terminal.
func (a *App) printPreview(spec campaign.Spec, p preview.Preview) {
	a.Sayf("%s (%s)", spec.Title.In(a.Lang), p.Campaign)
	zone, err := campaign.LoadZone(spec.Zone)
	if err != nil {
		zone = time.UTC
	}
	a.Sayf(a.text("Features of %s customers as of %s (snapshot %s)", "고객 %s명, 기준 시점 %s (스냅샷 %s)"), groups(p.Customers), p.Instant.In(zone).Format("2006-01-02 15:04 MST"), p.Snapshot)
	if p.Sample > 0 {
		a.Sayf(a.text("Estimated from a sample of %s customers, with intervals of 95 %% (--exact looks at everybody)", "고객 %s명의 표본에서 추정했습니다. 괄호는 95%% 구간입니다 (--exact는 전체를 봅니다)"), groups(p.Sample))
	}
	if p.Matches != nil {
		a.Sayf(a.text("The rule holds for exactly %s customers", "규칙에 맞는 고객은 정확히 %s명입니다"), groups(*p.Matches))
	}
	a.Sayf("%s", a.modelSentence(spec, p))
	a.printFunnel(p)
	if p.Problem != "" {
		a.Sayf(a.text("It cannot be started like this: %s", "이대로는 시작할 수 없습니다: %s"), p.Problem)
		return
	}
	a.printLadder(spec, p)
	a.printThresholds(spec, p)
	a.printHours(p.Hours)
	a.printBudget(spec, p)
	a.printOutlook(spec, p)
}

func (a *App) modelSentence(spec campaign.Spec, p preview.Preview) string {
	m := p.Model
	note := a.modelNote(m.Note)
	switch m.Kind {
	case targeting.KindResponse:
		said := fmt.Sprintf(a.text("Ranked by the chance of a response: fitted on %s customers of past campaigns, AUC %.3f", "반응 확률 순: 지난 캠페인 고객 %s명으로 학습, AUC %.3f"), groups(m.Rows), m.AUC)
		if note != "" {
			said += " (" + note + ")"
		}
		return said
	case targeting.KindRank:
		by := cmp.Or(spec.Audience.Rank, a.text("purchases of the last 90 days, the more recent first", "최근 90일 구매 횟수(같으면 최근 구매 순)"))
		return fmt.Sprintf(a.text("Ranked by %s, without a model: %s", "%s 순, 모델 없음: %s"), by, note)
	}
	return fmt.Sprintf(a.text("Ranked by %s (model %s, fitted on %s customers)", "%s 순 (모델 %s, 고객 %s명으로 학습)"), a.modelKind(m.Kind), m.ID, groups(m.Rows))
}

// modelNote says why there is no better model.
func (a *App) modelNote(note string) string {
	return map[string]string{
		targeting.NoteNone:       a.text("the spec asks for no model", "명세가 모델을 쓰지 않습니다"),
		targeting.NoteNoCampaign: a.text("there is no past campaign to learn from", "학습할 지난 캠페인이 없습니다"),
		targeting.NoteTooFew:     a.text("past campaigns hold too few customers or responses", "지난 캠페인의 고객이나 반응이 너무 적습니다"),
		targeting.NoteOneClass:   a.text("everybody responded to past campaigns, or nobody", "지난 캠페인에 모두 반응했거나 아무도 반응하지 않았습니다"),
		targeting.NoteUnfit:      a.text("no model was better than chance", "우연보다 나은 모델이 없습니다"),
		targeting.NoteNoTrial:    a.text("no past campaign had a control group, so what a contact changes can't be learned", "대조군을 둔 지난 캠페인이 없어 연락의 효과를 학습할 수 없습니다"),
		targeting.NoteNoTrainer:  a.text("XGBoost is missing, which trains the models: `starter install`", "모델을 학습하는 XGBoost가 없습니다: `starter install`"),
		targeting.NoteQuick:      a.text("the registry has no model of this kind yet and a preview fits none; the campaign will when it is planned", "등록된 모델이 아직 없고 미리보기에서는 학습하지 않습니다. 캠페인을 계획할 때 학습합니다"),
	}[note]
}

// modelKind says by what a model ranks.
func (a *App) modelKind(kind string) string {
	return map[string]string{
		targeting.KindResponse: a.text("the chance of a response", "반응 확률"),
		targeting.KindRank:     a.text("a feature", "특성"),
		registry.Response:      a.text("the chance of a response", "반응 확률"),
		registry.Uplift:        a.text("what a contact adds", "연락의 효과"),
		registry.Churn:         a.text("the chance to drop below one's own forecast", "자기 예측보다 줄어들 확률"),
		registry.ChurnUplift:   a.text("what a contact adds to the chance to stay", "연락이 이탈을 막는 효과"),
		registry.Worth:         a.text("what a contact earns in money", "연락으로 버는 금액"),
		registry.Interest:      a.text("likeness to those who have it already", "이미 관심을 보인 고객과의 유사도"),
	}[kind]
}

func (a *App) printFunnel(p preview.Preview) {
	rows := [][]string{{a.text("all customers", "전체 고객"), groups(p.Customers), bar(p.Customers, p.Customers), ""}}
	for _, step := range p.Funnel {
		var some []string
		for _, customer := range step.Examples[:min(3, len(step.Examples))] {
			some = append(some, fmt.Sprint(customer))
		}
		rows = append(rows, []string{a.reason(step.Reason), estimate(step), bar(step.Customers, p.Customers), strings.Join(some, " ")})
	}
	a.PrintTable([]Column{{Title: a.text("Who", "구분")}, {Title: a.text("Customers", "고객 수"), Right: true}, {Title: ""}, {Title: a.text("For example", "예 (고객 키)")}}, rows)
}

// estimate is a count, with its interval where it comes from a sample.
func estimate(s preview.Step) string {
	if s.Low == s.High {
		return groups(s.Customers)
	}
	return fmt.Sprintf("%s (%s–%s)", groups(s.Customers), groups(s.Low), groups(s.High))
}

// reason is why somebody is where they are, in a manager's words.
func (a *App) reason(reason string) string {
	words := map[string][2]string{
		targeting.ReasonHoldout:          {"holdout of all campaigns", "전체 캠페인 공통 대조군"},
		targeting.ReasonRule:             {"does not fit the rule", "규칙에 맞지 않음"},
		targeting.ReasonExcludedSegment:  {"excluded segment", "제외 세그먼트"},
		targeting.ReasonExcludedCampaign: {"in an excluded campaign", "제외 캠페인의 대상"},
		targeting.ReasonNoAddress:        {"no address", "연락처 없음"},
		targeting.ReasonNoConsent:        {"no consent", "수신 동의 없음"},
		targeting.ReasonConsentExpired:   {"consent too old", "수신 동의 만료"},
		targeting.ReasonObjected:         {"objected to profiling", "프로파일링 거부"},
		targeting.ReasonSuppressed:       {"must not be contacted", "연락 금지"},
		targeting.ReasonContacted:        {"contacted recently", "최근에 연락함"},
		targeting.ReasonCap:              {"frequency cap reached", "연락 횟수 한도"},
		targeting.ReasonEligible:         {"could be chosen", "선정 가능"},
		targeting.ReasonNotSelected:      {"below the cut", "선정 순위 밖"},
		targeting.ReasonControl:          {"control: chosen, gets nothing", "대조군: 선정, 발송 안 함"},
		targeting.ReasonTreated:          {"treated", "발송 대상"},
	}[reason]
	if words[0] == "" {
		return reason
	}
	return a.text(words[0], words[1])
}

func (a *App) printLadder(spec campaign.Spec, p preview.Preview) {
	amount := func(value money.Minor) string { return money.Format(value, spec.Currency, a.Lang) }
	share := func(x float64) string { return fmt.Sprintf("%.0f%%", 100*x) }
	var rows [][]string
	for _, r := range p.Offers {
		row := []string{r.Offer, amount(r.Reward), groups(r.Customers), "", "", "", ""}
		if r.Customers > 0 {
			row[3], row[4], row[5], row[6] = share(r.Without), share(r.Reach), amount(r.Cost), amount(r.Value)
		}
		rows = append(rows, row)
	}
	rows = append(rows, []string{a.text("no offer", "혜택 없음"), "", groups(p.None), "", "", "", ""})
	a.PrintTable([]Column{
		{Title: a.text("Offer", "혜택")}, {Title: a.text("Reward", "보상"), Right: true}, {Title: a.text("Customers", "고객 수"), Right: true},
		{Title: a.text("Reach anyway", "혜택 없이 달성"), Right: true}, {Title: a.text("with it", "혜택으로 달성"), Right: true},
		{Title: a.text("Expected cost", "기대 비용"), Right: true}, {Title: a.text("Worth", "기대 가치"), Right: true},
	}, rows)
}

func (a *App) printThresholds(spec campaign.Spec, p preview.Preview) {
	var rows [][]string
	for _, r := range p.Offers {
		var most uint64
		for _, b := range r.Thresholds {
			most = max(most, b.Customers)
		}
		for i, b := range r.Thresholds {
			name := ""
			if i == 0 {
				name = r.Offer
			}
			rows = append(rows, []string{name, money.Format(b.From, spec.Currency, a.Lang), groups(b.Customers), bar(b.Customers, most)})
		}
	}
	if len(rows) > 0 {
		a.PrintTable([]Column{{Title: a.text("Offer", "혜택")}, {Title: a.text("Threshold from", "기준 금액(이상)"), Right: true}, {Title: a.text("Customers", "고객 수"), Right: true}, {Title: ""}}, rows)
	}
}

func (a *App) printBudget(spec campaign.Spec, p preview.Preview) {
	amount := func(value money.Minor) string { return money.Format(value, spec.Currency, a.Lang) }
	row := func(name string, used, limit money.Minor) []string {
		return []string{name, amount(used), amount(limit), bar(uint64(max(used, 0)), uint64(max(limit, 1)))}
	}
	a.PrintTable([]Column{{Title: a.text("Budget", "예산")}, {Title: a.text("Planned", "계획"), Right: true}, {Title: a.text("Limit", "한도"), Right: true}, {Title: ""}}, [][]string{
		row(a.text("expected cost", "기대 비용"), p.Budget.Cost, p.Budget.Expected),
		row(a.text("exposure", "최대 노출액"), p.Budget.Out, p.Budget.Exposure),
	})
	a.Sayf(a.text("Expected to earn %s more than it costs; no plan within this budget earns more than %s.", "비용을 뺀 기대 이익은 %s이며, 이 예산으로는 어떤 계획도 %s을 넘을 수 없습니다."), amount(p.Budget.Value), amount(money.Minor(p.Budget.Bound)))
	if p.Budget.More > 0 {
		a.Sayf(a.text("5 %% more budget would bring about %s more.", "예산을 5%% 늘리면 이익이 약 %s 늘어납니다."), amount(p.Budget.More))
	}
	for _, l := range p.Budget.Limits {
		if l.Price > 0 {
			a.Sayf("  %s", a.limitSentence(l.Name, l.Price, l.Most, amount))
		}
	}
}

// limitSentence says what a limit that binds costs: the value that a hundredth more of it would bring.
func (a *App) limitSentence(name string, price float64, most int64, amount func(money.Minor) string) string {
	hundredth := amount(money.Minor(price * math.Abs(float64(most)) / 100))
	if most < 0 {
		return fmt.Sprintf(a.text("%s: asks for what does not pay by itself; a hundredth less of it would bring about %s.", "%s: 이 조건이 이익을 줄입니다. 1%% 낮추면 약 %s 늘어납니다."), name, hundredth)
	}
	if most == 0 {
		return fmt.Sprintf(a.text("%s: binds.", "%s: 한도에 닿았습니다."), name)
	}
	return fmt.Sprintf(a.text("%s: used up; a hundredth more of it would bring about %s.", "%s: 한도를 다 썼습니다. 1%% 늘리면 약 %s 늘어납니다."), name, hundredth)
}

// printOutlook shows what the plan is believed to come to, and one offer for all beside it.
func (a *App) printOutlook(spec campaign.Spec, p preview.Preview) {
	o := p.Outlook
	if o == nil {
		return
	}
	amount := func(value float64) string { return money.Format(money.Minor(value), spec.Currency, a.Lang) }
	count := func(value float64) string { return groups(uint64(value)) }
	row := func(name string, r offers.Range, show func(float64) string) []string {
		return []string{name, show(r.P10), show(r.P50), show(r.P90)}
	}
	a.PrintTable([]Column{{Title: a.text("Forecast", "예측")}, {Title: a.text("low (10%)", "낮음(10%)"), Right: true}, {Title: a.text("middle", "중간"), Right: true}, {Title: a.text("high (90%)", "높음(90%)"), Right: true}}, [][]string{
		row(a.text("customers who reach their goal", "목표 달성 고객"), o.Responses, count), row(a.text("cost of rewards", "보상 비용"), o.Cost, amount),
		row(a.text("spend that the offers bring", "혜택으로 늘어나는 이용액"), o.Gain, amount), row(a.text("spend of all treated", "발송 대상 전체 이용액"), o.Spend, amount),
	})
	if o.One != nil {
		a.Sayf(a.text("One offer for all, %s, would be given to %s customers within this budget and earn %s.", "모두에게 하나(%s)라면 이 예산으로 고객 %s명에게 주고, 비용을 뺀 이익은 %s입니다."),
			o.One.Offer, groups(o.One.Customers), amount(o.One.Value))
	}
	if text := a.besides(o.Beside); text != "" {
		a.Sayf("%s", text)
	}
	if !o.Learned {
		a.Sayf("%s", a.text("How customers take offers has not been learned here yet: the forecast is a prior's, and wide.", "이곳의 고객이 혜택을 어떻게 받아들이는지 아직 학습하지 않아, 기본 가정으로 넓게 예측했습니다."))
	}
}

// besides says how many have a worse offer than neighbours, and why.
func (a *App) besides(by map[string]uint64) string {
	var all uint64
	var parts []string
	for _, why := range offers.BesideReasons {
		if n := by[why]; n > 0 {
			all += n
			parts = append(parts, fmt.Sprintf("%s: %s", a.text(besides[why][0], besides[why][1]), groups(n)))
		}
	}
	if all == 0 {
		return ""
	}
	return fmt.Sprintf(a.text("%s customers get less than others of their segment who spend as much. Of the better offer: %s.", "같은 세그먼트에서 비슷하게 이용하는 고객보다 혜택이 작은 고객 %s명. 더 큰 혜택은 %s."), groups(all), strings.Join(parts, "; "))
}

// bar draws a part of a whole with eighths of a cell; anything above nothing is seen.
func bar(part, whole uint64) string {
	const cells = 20
	if whole == 0 || part == 0 {
		return ""
	}
	eighths := max(1, min(part, whole)*cells*8/whole)
	out := strings.Repeat("█", int(eighths/8))
	if rest := eighths % 8; rest > 0 {
		out += string([]rune("▏▎▍▌▋▊▉")[rest-1])
	}
	return out
}
