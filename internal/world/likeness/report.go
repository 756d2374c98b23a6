package likeness

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"strings"

	"github.com/danbi-project/danbi/internal/world"
)

// A Report is how like some files a world is: what was fitted, what could not be, and both sides of each marginal.
type Report struct {
	Source     string     `json:"source"`
	Customers  int        `json:"customers"`
	Purchases  int        `json:"purchases"`
	Categories int        `json:"categories"`
	Rejected   uint64     `json:"rejected"`
	Days       float64    `json:"days"`
	Simulated  int        `json:"simulated"`
	Currency   string     `json:"currency"`
	Scale      float64    `json:"won_per_minor_unit"`
	Fitted     []Fitted   `json:"fitted"`
	NotFitted  []string   `json:"not_fitted"`
	Marginals  []Marginal `json:"marginals"`
}

// words are what the report says, in English and Korean.
var words = map[string][2]string{
	"title": {"How like your customers are the simulated ones?", "가상 고객이 실제 고객과 얼마나 비슷한가"}, "files": {"files", "실제"}, "world": {"world", "가상"},
	"count": {"Purchases per customer", "고객당 구매 횟수"}, "gap": {"Days between two purchases", "구매 간격 (일)"}, "month": {"Who buys in each month since the beginning", "시작 이후 달마다 구매한 고객"},
	"amount": {"Amount of a purchase (%s)", "구매 금액 (%s)"}, "mean": {"A customer's mean purchase (%s)", "고객별 평균 구매 금액 (%s)"},
	"category": {"Purchases by the category's rank (files: %d categories, world: %d)", "카테고리 순위별 구매 (실제 %d개, 가상 %d개)"}, "own_category": {"A customer's own categories, their largest first", "고객 자신의 카테고리 (큰 순서)"},
	"own_brand": {"A customer's own brands within a category, their largest first", "카테고리 안에서 고객 자신의 브랜드 (큰 순서)"}, "hour": {"Hour of the purchase", "구매 시각"},
	"distance": {"%.0f %% apart", "%.0f%% 차이"}, "fitted": {"Fitted to the files", "파일에 맞춘 것"}, "not_fitted": {"Not in files of purchases; left as they are", "구매 기록으로는 알 수 없어 그대로 둔 것"},
	"parameter": {"Parameter", "매개변수"}, "value": {"here", "값"}, "usual": {"usual", "기본값"}, "method": {"How", "방법"},
	"facts": {"%s: %d customers who bought %d times in %.0f days. The world beside them: %d customers. Both show only who bought at least once.", "%s: %.0[4]f일 동안 고객 %[2]d명이 %[3]d번 구매했습니다. 비교한 가상 고객은 %[5]d명입니다. 양쪽 모두 한 번이라도 구매한 고객만 봅니다."},
	"apart": {"“Apart” is the share of one side that would have to move to make both alike.", "차이는 한쪽을 다른 쪽과 같게 만들려면 옮겨야 하는 비율입니다."},
	"Pareto/NBD by maximum likelihood, given at least one purchase":                        {"Pareto/NBD by maximum likelihood, given at least one purchase", "Pareto/NBD 최대우도 (한 번 이상 구매한 조건)"},
	"how often two purchases of a customer are of one category":                            {"how often two purchases of a customer are of one category", "한 고객의 두 구매가 같은 카테고리일 확률"},
	"concentration of the market's shares (Herfindahl)":                                    {"concentration of the market's shares (Herfindahl)", "시장 점유율의 집중도 (허핀달)"},
	"how often two purchases of a customer in a category are of one brand":                 {"how often two purchases of a customer in a category are of one brand", "카테고리 안에서 한 고객의 두 구매가 같은 브랜드일 확률"},
	"mean concentration of brands within categories (Herfindahl)":                          {"mean concentration of brands within categories (Herfindahl)", "카테고리 안 브랜드의 평균 집중도 (허핀달)"},
	"lognormal, one-way variance components":                                               {"lognormal, one-way variance components", "로그정규분포, 고객 안팎의 분산 성분"},
	"mixture of the archetypes (EM), and how much of a customer's purchases share an hour": {"mixture of the archetypes (EM), and how much of a customer's purchases share an hour", "생활 시간대 유형의 혼합 (EM), 한 고객의 구매가 같은 시각일 확률"},
	"refunds and cancellations for each purchase":                                          {"refunds and cancellations for each purchase", "구매당 환불과 취소"},
	"method_note": {"A world's parameters are fitted to how people buy, never to how a campaign went. Season, weekdays, the number of categories and brands, and prices by category stay as they are.",
		"세계의 매개변수는 사람들이 어떻게 구매하는지에만 맞추며 캠페인 성과에는 절대 맞추지 않습니다. 계절, 요일, 카테고리와 브랜드의 수, 카테고리별 가격은 그대로 둡니다."},
}

func word(lang, key string) string {
	pair, known := words[key]
	if !known {
		return key
	}
	if lang == "ko" {
		return pair[1]
	}
	return pair[0]
}

func longest(texts []string) float64 {
	out := 0
	for _, t := range texts {
		out = max(out, len([]rune(t)))
	}
	return float64(out)
}

// How is the method of a fit in a person's language.
func (f Fitted) How(lang string) string { return word(lang, f.Method) }

// Title is what a marginal is called.
func (r *Report) Title(m Marginal, lang string) string {
	title := word(lang, m.Key)
	if m.Key == "category" {
		return fmt.Sprintf(title, r.Categories, len(world.Categories()))
	}
	if strings.Contains(title, "%s") {
		return fmt.Sprintf(title, r.Currency)
	}
	return title
}

// Facts say in a sentence what was compared.
func (r *Report) Facts(lang string) string {
	return fmt.Sprintf(word(lang, "facts"), r.Source, r.Customers, r.Purchases, r.Days, r.Simulated)
}

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// HTML writes one page that needs nothing from elsewhere. lang is ko or en.
func (r *Report) HTML(w io.Writer, lang string) error { return pageTemplate.Execute(w, page{r, lang}) }

// Number writes a parameter with what matters of it.
func Number(v float64) string {
	switch {
	case v < 0.0005:
		return "0"
	case v < 1000:
		return fmt.Sprintf("%.3g", v)
	default:
		return fmt.Sprintf("%.0f", v)
	}
}

// page answers what the template asks.
type page struct {
	*Report
	Lang string
}

func (p page) Word(key string) string  { return word(p.Lang, key) }
func (p page) Sentence() string        { return p.Facts(p.Lang) }
func (p page) Name(m Marginal) string  { return p.Title(m, p.Lang) }
func (p page) Apart(m Marginal) string { return fmt.Sprintf(word(p.Lang, "distance"), 100*m.Distance) }
func (p page) Number(v float64) string { return Number(v) }
func (p page) Left() string            { return strings.Join(p.NotFitted, ", ") }
func (p page) Close(m Marginal) bool   { return m.Distance < 0.10 }
func (p page) Draw(m Marginal) template.HTML {
	const width, height, top, bottom, left = 430.0, 190.0, 14.0, 26.0, 34.0
	most := 0.0
	for i := range m.Files {
		most = math.Max(most, math.Max(m.Files[i], m.World[i]))
	}
	var out strings.Builder
	step := (width - left) / float64(len(m.Bins))
	y := func(v float64) float64 { return top + (height-top-bottom)*(1-v/math.Max(most, 1e-9)) }
	fmt.Fprintf(&out, `<svg viewBox="0 0 %.0f %.0f" role="img" aria-label="%s">`, width, height, template.HTMLEscapeString(p.Name(m)))
	for _, v := range []float64{0, most / 2, most} {
		fmt.Fprintf(&out, `<line x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f" class="grid"/><text x="%.1f" y="%.1f" text-anchor="end">%.0f%%</text>`, left, width, y(v), y(v), left-5, y(v)+4, 100*v)
	}
	every := 1
	for step*float64(every) < 7*longest(m.Bins)+4 {
		every++
	}
	for i, name := range m.Bins {
		x := left + float64(i)*step
		for side, v := range []float64{m.Files[i], m.World[i]} {
			class, of := [...]string{"files", "world"}[side], v
			fmt.Fprintf(&out, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" class="%s"><title>%s: %.1f%%</title></rect>`,
				x+step*(0.08+0.42*float64(side)), y(of), step*0.40, math.Max(height-bottom-y(of), 0), class, template.HTMLEscapeString(name), 100*of)
		}
		if i%every == 0 {
			fmt.Fprintf(&out, `<text x="%.1f" y="%.1f" text-anchor="middle">%s</text>`, x+step/2, height-8, template.HTMLEscapeString(name))
		}
	}
	out.WriteString(`</svg>`)
	return template.HTML(out.String()) //nolint:gosec // every text in it was escaped
}
