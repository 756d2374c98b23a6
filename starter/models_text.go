package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/features"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/targeting"
	"github.com/danbi-project/danbi/internal/targeting/registry"
	"github.com/danbi-project/danbi/internal/targeting/uplift"
	"github.com/danbi-project/danbi/internal/warehouse"
)

// listedModel is a model as the list shows it.
type listedModel struct {
	Model    string        `json:"model"`
	Kind     string        `json:"kind"`
	Rows     uint64        `json:"rows"`
	At       time.Time     `json:"at"`
	Promoted bool          `json:"promoted"`
	Card     registry.Card `json:"card"`
	Note     string        `json:"note,omitempty"` // why a rule stood in
}

func (a *App) listModels(rows []registry.Row, promotions []registry.Promotion) error {
	champions := map[string]string{}
	for _, p := range promotions { // the latest first
		if _, known := champions[p.Kind]; !known {
			champions[p.Kind] = p.Model
		}
	}
	all := []listedModel{}
	for _, r := range rows {
		m := listedModel{Model: r.ID, Kind: r.Kind, Rows: r.Rows, At: r.At, Promoted: champions[r.Kind] == r.ID}
		if registry.Is(r.Kind) {
			_ = json.Unmarshal([]byte(r.Metrics), &m.Card) // one that is broken is listed all the same
		} else { // what stood in for a model has no card
			var metrics targeting.Metrics
			_ = json.Unmarshal([]byte(r.Metrics), &metrics)
			m.Card.Area, m.Note = metrics.Area, metrics.Note
		}
		all = append(all, m)
	}
	if a.JSON {
		return a.PrintJSON(all)
	}
	if len(all) == 0 {
		a.Sayf("%s", a.text("There is no model yet: a campaign fits one when it is planned.", "아직 모델이 없습니다. 캠페인을 계획할 때 학습합니다."))
		return nil
	}
	var lines [][]string
	for _, m := range all {
		lines = append(lines, []string{m.Model, a.modelKind(m.Kind), m.Card.Learner, groups(m.Rows), cmp.Or(a.modelNote(m.Note), quality(m.Card)), m.At.Format(time.DateOnly), map[bool]string{true: a.text("champion", "챔피언")}[m.Promoted]})
	}
	a.PrintTable([]Column{{Title: a.text("Model", "모델")}, {Title: a.text("Ranks by", "순위 기준")}, {Title: a.text("Learner", "학습법")}, {Title: a.text("Customers", "고객"), Right: true},
		{Title: a.text("Proved", "성적")}, {Title: a.text("As of", "기준일")}, {Title: ""}}, lines)
	return nil
}

// quality is what proved of a model, with its interval.
func quality(c registry.Card) string {
	switch {
	case c.Judged != nil:
		return "Qini " + interval(c.Judged.Qini)
	case c.Area > 0:
		return fmt.Sprintf("AUC %.3f", c.Area)
	}
	return ""
}

func interval(i uplift.Interval) string {
	return fmt.Sprintf("%.4g [%.4g, %.4g]", i.Mean, i.Low, i.High)
}

func (a *App) showModel(e registry.Entry, promotions []registry.Promotion) error {
	promotions = slices.DeleteFunc(promotions, func(p registry.Promotion) bool { return p.Model != e.ID })
	if a.JSON {
		return a.PrintJSON(map[string]any{"model": e.ID, "kind": e.Kind, "catalogue": e.Catalogue, "binning": e.Binning, "features": e.Features, "at": e.At, "card": e.Card, "promotions": promotions})
	}
	c := e.Card
	a.Sayf("%s · %s", e.ID, a.modelKind(e.Kind))
	a.PrintTable([]Column{{}, {}}, [][]string{
		{a.text("Learner", "학습법"), c.Learner}, {a.text("Outcome", "결과"), c.Outcome},
		{a.text("Learned from", "학습"), fmt.Sprintf(a.text("%s customers, judged by %s held back", "고객 %s명, 판정용 %s명"), groups(uint64(c.Rows)), groups(uint64(c.Held)))},
		{a.text("Campaigns", "캠페인"), strings.Join(c.TrainedOn, ", ")}, {a.text("Window", "기간"), window(c)},
		{a.text("Features", "특성"), fmt.Sprintf(a.text("%d of catalogue %s, bins %s", "%d개, 카탈로그 %s, 구간 %s"), len(e.Features), e.Catalogue, e.Binning)},
		{a.text("Proved", "성적"), quality(c)},
	})
	a.sayOurs(e)
	if c.Judged != nil {
		rows := [][]string{judgedRow(a.text("champion", "챔피언"), *c.Judged)}
		for _, j := range c.Challengers {
			rows = append(rows, judgedRow("", j))
		}
		a.PrintTable([]Column{{}, {Title: a.text("Learner", "학습법")}, {Title: "Qini"}, {Title: a.text("Best 30 %", "상위 30 %")}, {Title: a.text("Policy", "정책 가치")}}, rows)
	}
	for _, r := range c.Rivals {
		a.Sayf("  %s: %s", a.modelKind(r.Kind), interval(r.Value))
	}
	for _, p := range promotions {
		a.Sayf(a.text("Promoted on %s by %s: %s", "%s에 %s이(가) 승격: %s"), p.At.Format("2006-01-02 15:04"), p.Actor, p.Reason)
	}
	return nil
}

// sayOurs warns of a model that asks about what our own sending sets.
func (a *App) sayOurs(e registry.Entry) {
	if names := e.Ours(); len(names) > 0 {
		a.Sayf(a.text("It asks about %s, which our own sending sets for everybody at once: it may be wrong whenever we last wrote at another time. Models that are fitted now don't ask.",
			"%s을(를) 봅니다. 우리가 언제 보냈는지에 따라 모든 고객에게 한꺼번에 바뀌는 값이므로 다른 시점에는 틀릴 수 있습니다. 새로 학습하는 모델은 쓰지 않습니다."), strings.Join(names, ", "))
	}
}

func window(c registry.Card) string {
	if c.From.IsZero() {
		return ""
	}
	return c.From.Format(time.DateOnly) + " – " + c.Until.Format(time.DateOnly)
}

func judgedRow(head string, j uplift.Judged) []string {
	return []string{head, string(j.Learner), interval(j.Qini), interval(j.At30), interval(j.Policy)}
}

func (a *App) compareModels(both []registry.Entry) error {
	if a.JSON {
		cards := map[string]registry.Card{}
		for _, e := range both {
			cards[e.ID] = e.Card
		}
		return a.PrintJSON(cards)
	}
	row := func(head string, of func(registry.Entry) string) []string {
		return []string{head, of(both[0]), of(both[1])}
	}
	judged := func(of func(*uplift.Judged) uplift.Interval) func(registry.Entry) string {
		return func(e registry.Entry) string {
			if e.Card.Judged == nil {
				return ""
			}
			return interval(of(e.Card.Judged))
		}
	}
	a.PrintTable([]Column{{}, {Title: both[0].ID}, {Title: both[1].ID}}, [][]string{
		row(a.text("Ranks by", "순위 기준"), func(e registry.Entry) string { return a.modelKind(e.Kind) }),
		row(a.text("Outcome", "결과"), func(e registry.Entry) string { return e.Card.Outcome }),
		row(a.text("Learner", "학습법"), func(e registry.Entry) string { return e.Card.Learner }),
		row(a.text("Customers", "고객"), func(e registry.Entry) string { return groups(uint64(e.Card.Rows)) }),
		row(a.text("Campaigns", "캠페인"), func(e registry.Entry) string { return strings.Join(e.Card.TrainedOn, ", ") }),
		row(a.text("Catalogue", "카탈로그"), func(e registry.Entry) string { return e.Catalogue }),
		row("AUC", func(e registry.Entry) string {
			return map[bool]string{true: fmt.Sprintf("%.3f", e.Card.Area)}[e.Card.Area > 0]
		}),
		row("Qini", judged(func(j *uplift.Judged) uplift.Interval { return j.Qini })),
		row(a.text("Best 30 %", "상위 30 %"), judged(func(j *uplift.Judged) uplift.Interval { return j.At30 })),
		row(a.text("Policy", "정책 가치"), judged(func(j *uplift.Judged) uplift.Interval { return j.Policy })),
	})
	if both[0].Card.Outcome != both[1].Card.Outcome {
		a.Sayf("%s", a.text("They were judged by different outcomes: their figures do not compare.", "서로 다른 결과로 판정했으므로 수치를 견줄 수 없습니다."))
	}
	return nil
}

// reasonsOf says as sentences what moved a score, by features that are known. A sensitive one, by the catalogue or by the
// policy, chooses customers and is named to nobody; nor is one that nobody defines any more.
func (a *App) reasonsOf(spec campaign.Spec, known []features.Feature, sensitive []string, s *warehouse.WhyScored) []string {
	if s == nil {
		return nil
	}
	var out []string
	for i, name := range s.Features {
		meaning, kind, hidden := "", "", true
		if at := slices.IndexFunc(known, func(f features.Feature) bool { return f.Name == name }); at >= 0 {
			f := known[at]
			meaning, kind, hidden = cmp.Or(f.Meaning.In(a.Lang), name), f.Type, f.Sensitive || slices.Contains(sensitive, name)
		}
		if hidden {
			meaning = a.text("a sensitive feature", "민감 특성")
		}
		meaning, _, _ = strings.Cut(meaning, ";")
		raised := s.Effects[i] > 0
		value := a.valueOf(spec, kind, s.Low[i], s.High[i])
		if hidden {
			value = "…"
		}
		if a.Lang == "ko" {
			out = append(out, fmt.Sprintf("%s: %s. 점수를 %s니다.", meaning, value, map[bool]string{true: "높였습", false: "낮췄습"}[raised]))
			continue
		}
		out = append(out, fmt.Sprintf("%s: %s, which %s the score.", meaning, value, map[bool]string{true: "raised", false: "lowered"}[raised]))
	}
	return out
}

// valueOf says where a value lies, as far as its bin tells.
func (a *App) valueOf(spec campaign.Spec, kind string, low, high float64) string {
	show := func(v float64) string {
		if kind == features.TypeAmount {
			return money.Format(money.Minor(v), spec.Currency, a.Lang)
		}
		return fmt.Sprintf("%.4g", v)
	}
	switch {
	case math.IsNaN(low):
		return a.text("unknown", "알 수 없음")
	case math.IsInf(low, -1) && math.IsInf(high, 1):
		return a.text("as everybody's", "모두 같음")
	case math.IsInf(low, -1):
		return fmt.Sprintf(a.text("below %s", "%s 미만"), show(high))
	case math.IsInf(high, 1):
		return fmt.Sprintf(a.text("%s or more", "%s 이상"), show(low))
	case high-low == 1 && low == math.Trunc(low):
		return show(low)
	}
	return fmt.Sprintf(a.text("%s to %s", "%s~%s"), show(low), show(high))
}
