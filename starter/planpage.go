package main

import (
	_ "embed"
	"fmt"
	"html"
	"html/template"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/compose/preview"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/offers"
)

//go:embed planpage.html
var planPageText string

var planPageTemplate = template.Must(template.New("plan").Parse(planPageText))

// planPage is a plan before it is approved, as one page that needs nothing else: no script, no font, no picture from
// elsewhere.
type planPage struct {
	app  *App
	spec campaign.Spec
	p    preview.Preview
}

// named is a picture with its name.
type named struct {
	Name    string
	Picture template.HTML
}

func (a *App) writePlanPage(w io.Writer, spec campaign.Spec, p preview.Preview) error {
	return planPageTemplate.Execute(w, planPage{a, spec, p})
}

func (g planPage) T(en, ko string) string { return g.app.text(en, ko) }
func (g planPage) Lang() string           { return g.app.Lang }
func (g planPage) Title() string          { return g.spec.Title.In(g.app.Lang) }
func (g planPage) Problem() string        { return g.p.Problem }

func (g planPage) money(amount float64) string {
	return money.Format(money.Minor(math.Round(amount)), g.spec.Currency, g.app.Lang)
}

func (g planPage) Audience() string {
	return fmt.Sprintf(g.T("%s · %s customers are contacted, %s of them with an offer; %s are the control group", "%s · 발송 %s명, 그중 혜택 %s명, 대조군 %s명"),
		g.spec.Campaign, groups(g.p.Treated), groups(g.p.Treated-min(g.p.None, g.p.Treated)), groups(g.p.Control))
}

func (g planPage) Learned() string {
	if o := g.p.Outlook; o == nil || o.Learned {
		return ""
	}
	return g.T("How customers take offers has not been learned here yet, so the bars are wide.", "이곳의 고객이 혜택을 어떻게 받아들이는지 아직 학습하지 않아 막대가 깁니다.")
}

func (g planPage) One() string {
	o := g.p.Outlook
	if o == nil || o.One == nil {
		return ""
	}
	return fmt.Sprintf(g.T("One offer for all, %s, within the same budget: %s customers, %s after cost. This plan: %s.", "모두에게 같은 혜택(%s)이라면 같은 예산으로 고객 %s명, 비용을 뺀 이익 %s. 이 계획은 %s."),
		g.offer(o.One.Offer), groups(o.One.Customers), g.money(o.One.Value), g.money(float64(g.p.Budget.Value)))
}

func (g planPage) Besides() string {
	if g.p.Outlook == nil {
		return ""
	}
	return g.app.besides(g.p.Outlook.Beside)
}

func (g planPage) offer(id string) string {
	for _, o := range g.spec.Offers {
		if title := o.Title.In(g.app.Lang); o.ID == id && title != "" {
			return title
		}
	}
	return id
}

// Forecasts are the ranges, each on a scale from nothing.
func (g planPage) Forecasts() []named {
	o := g.p.Outlook
	if o == nil || o.Offered == 0 {
		return nil
	}
	count := func(v float64) string { return groups(uint64(math.Round(v))) }
	return []named{
		{g.T("Customers who reach their goal", "목표 달성 고객"), rangePicture(o.Responses, count)}, {g.T("Cost of rewards", "보상 비용"), rangePicture(o.Cost, g.money)},
		{g.T("Spend that the offers bring", "혜택으로 늘어나는 이용액"), rangePicture(o.Gain, g.money)}, {g.T("Spend of all who are contacted", "발송 대상 전체 이용액"), rangePicture(o.Spend, g.money)},
	}
}

const pageWidth, pageSide = 860.0, 110.0

func svg(height float64, label string, body *strings.Builder) template.HTML {
	return template.HTML(fmt.Sprintf(`<svg viewBox="0 0 %.0f %.0f" role="img" aria-label="%s">%s</svg>`, pageWidth, height, html.EscapeString(label), body.String())) //nolint:gosec // every text in it was escaped
}

func svgText(out *strings.Builder, x, y float64, anchor, class, text string) {
	fmt.Fprintf(out, `<text x="%.1f" y="%.1f" text-anchor="%s" class="%s">%s</text>`, x, y, anchor, class, html.EscapeString(text))
}

func rangePicture(r offers.Range, show func(float64) string) template.HTML {
	var out strings.Builder
	most := max(r.P90, 1e-9)
	at := func(v float64) float64 { return pageSide + (pageWidth-2*pageSide)*v/most }
	fmt.Fprintf(&out, `<line x1="%.1f" y1="26" x2="%.1f" y2="26" class="grid"/><rect x="%.1f" y="20" width="%.1f" height="12" rx="3" class="bar"/><circle cx="%.1f" cy="26" r="7" class="mark"/>`,
		at(0), at(most), at(r.P10), at(r.P90)-at(r.P10), at(r.P50))
	svgText(&out, at(r.P50), 14, "middle", "", show(r.P50))
	// The ends' figures stand below, away from each other where the bar is short.
	low, high := "middle", "middle"
	if at(r.P90)-at(r.P10) < 220 {
		low, high = "end", "start"
	}
	svgText(&out, at(r.P10), 50, low, "small", show(r.P10))
	svgText(&out, min(at(r.P90), pageWidth-pageSide), 50, high, "small", show(r.P90))
	return svg(58, show(r.P10)+" – "+show(r.P90), &out)
}

// Curve is what budgets up to twice this one would bring.
func (g planPage) Curve() template.HTML {
	points := g.p.Budget.Curve
	if len(points) < 2 {
		return ""
	}
	const left, right, top, bottom, height = 130.0, 40.0, 22.0, 44.0, 280.0
	var cost, value float64
	for _, p := range points {
		cost, value = max(cost, float64(p.Cost)), max(value, float64(p.Value))
	}
	cost, value = max(cost, float64(g.p.Budget.Expected), 1), max(value, 1)
	x := func(v float64) float64 { return left + v/cost*(pageWidth-left-right) }
	y := func(v float64) float64 { return height - bottom - max(v, 0)/value*(height-top-bottom) }
	var out, path strings.Builder
	fmt.Fprintf(&path, "M%.1f %.1f", x(0), y(0))
	for _, p := range points {
		fmt.Fprintf(&path, "L%.1f %.1f", x(float64(p.Cost)), y(float64(p.Value)))
	}
	for i := range 3 {
		v := value * float64(i) / 2
		fmt.Fprintf(&out, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" class="grid"/>`, left, y(v), pageWidth-right, y(v))
		svgText(&out, left-10, y(v)+4, "end", "small", g.money(v))
		c := cost * float64(i) / 2
		svgText(&out, x(c), height-bottom+18, [...]string{"start", "middle", "end"}[i], "small", g.money(c))
	}
	fmt.Fprintf(&out, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" class="axis"/>`, left, y(0), pageWidth-right, y(0))
	now := float64(g.p.Budget.Expected)
	fmt.Fprintf(&out, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" class="now"/>`, x(now), top-6, x(now), y(0))
	fmt.Fprintf(&out, `<path d="%s" class="curve"/><circle cx="%.1f" cy="%.1f" r="6" class="mark"/>`, path.String(), x(float64(g.p.Budget.Cost)), y(float64(g.p.Budget.Value)))
	anchor, shift := "start", 8.0
	if x(now) > pageWidth*0.7 {
		anchor, shift = "end", -8
	}
	svgText(&out, x(now)+shift, height-bottom-8, anchor, "small", g.T("this budget: ", "이 예산: ")+g.money(now))
	svgText(&out, (left+pageWidth-right)/2, height-6, "middle", "small", g.T("expected cost across, gain after cost upwards", "가로: 기대 비용, 세로: 비용을 뺀 이익"))
	return svg(height, g.T("value by budget", "예산별 이익"), &out)
}

func (g planPage) More() string {
	return fmt.Sprintf(g.T("5%% more budget would bring %s more. The other limits stay at their prices of now: far from this budget the curve flatters.", "예산을 5%% 늘리면 이익이 %s 늘어납니다. 다른 한도의 값은 그대로 두었으므로 지금 예산에서 멀수록 실제보다 좋게 보입니다."), g.money(float64(g.p.Budget.More)))
}

// Limits are a row each: what is used, allowed, and what a hundredth more would bring.
func (g planPage) Limits() (rows [][]string) {
	for _, l := range g.p.Budget.Limits {
		show := func(n int64) string {
			if strings.HasSuffix(l.Name, offers.LimitExpected) || strings.HasSuffix(l.Name, offers.LimitExposure) {
				return g.money(float64(n))
			}
			return groups(uint64(max(n, -n)))
		}
		used, most := show(l.Used), show(l.Most)
		if l.Most < 0 {
			most = g.T("at least ", "최소 ") + most
		}
		if strings.HasSuffix(l.Name, "return") {
			used, most = "", ""
		}
		price := "–"
		if l.Price > 0 {
			price = g.money(l.Price * math.Abs(float64(l.Most)) / 100)
			if l.Most < 0 {
				price = g.T("1% less: ", "1% 낮추면 ") + price
			}
		}
		name := l.Name
		switch name {
		case offers.LimitExpected:
			name = g.T("expected cost", "기대 비용")
		case offers.LimitExposure:
			name = g.T("exposure", "최대 노출액")
		}
		rows = append(rows, []string{name, used, most, price})
	}
	return rows
}

// Ladder is a row for each offer.
func (g planPage) Ladder() (rows [][]string) {
	percent := func(share float64) string { return fmt.Sprintf("%.0f%%", 100*share) }
	for _, r := range g.p.Offers {
		row := []string{g.offer(r.Offer), groups(r.Customers), "–", "–", "–", "–", g.money(float64(r.Value))}
		if r.Reward > 0 {
			row[2], row[3], row[4], row[5] = g.money(float64(r.Reward)), percent(r.Without), percent(r.Reach), g.money(float64(r.Cost))
		}
		rows = append(rows, row)
	}
	return rows
}

// Thresholds are, for each offer, how many customers have which goal.
func (g planPage) Thresholds() (all []named) {
	for _, r := range g.p.Offers {
		if len(r.Thresholds) < 2 {
			continue
		}
		most := slices.MaxFunc(r.Thresholds, func(a, b preview.Bar) int { return int(int64(a.Customers) - int64(b.Customers)) }).Customers
		const height = 110.0
		width := (pageWidth - 2*pageSide) / float64(len(r.Thresholds))
		var out strings.Builder
		for i, bar := range r.Thresholds {
			h := float64(bar.Customers) / float64(max(most, 1)) * (height - 46)
			x := pageSide + float64(i)*width
			fmt.Fprintf(&out, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="2" class="bar"><title>%s</title></rect>`, x+1, height-26-h, width-2, h,
				html.EscapeString(fmt.Sprintf("%s – %s: %s", g.money(float64(bar.From)), g.money(float64(bar.To)), groups(bar.Customers))))
			svgText(&out, x+width/2, height-30-h, "middle", "small", groups(bar.Customers))
			if i%max(1, len(r.Thresholds)/6) == 0 {
				svgText(&out, x+1, height-10, "start", "small", g.money(float64(bar.From)))
			}
		}
		fmt.Fprintf(&out, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" class="axis"/>`, pageSide, height-26, pageWidth-pageSide, height-26)
		all = append(all, named{fmt.Sprintf("%s (%s)", g.offer(r.Offer), groups(r.Customers)), svg(height, r.Offer, &out)})
	}
	return all
}
