package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/measurement"
	"github.com/danbi-project/danbi/internal/money"
)

// reader writes numbers, amounts and times as one person reads them.
type reader struct {
	lang     string
	currency string
	zone     *time.Location
}

func (d *Document) reader(lang string) reader {
	zone, err := campaign.LoadZone(d.Zone)
	if err != nil {
		zone = time.UTC
	}
	return reader{lang: lang, currency: d.Currency, zone: zone}
}

func (r reader) word(key string) string { return In(r.lang, key) }

func (r reader) wordf(key string, args ...any) string { return fmt.Sprintf(r.word(key), args...) }

func (r reader) money(m money.Minor) string { return money.Format(m, r.currency, r.lang) }

// digits is an amount where its currency is clear from what stands beside it.
func (r reader) digits(m money.Minor) string {
	return strings.Map(func(c rune) rune {
		if strings.ContainsRune("0123456789.,-", c) {
			return c
		}
		return -1
	}, r.money(m))
}

// amount is a mean, of money or of purchases: money in whole minor units, a signed one with its sign.
func (r reader) amount(e *Effect, value float64, signed bool) string {
	plus := ""
	if signed && value > 0 {
		plus = "+"
	}
	if e.Money {
		return plus + r.money(money.Minor(math.Round(value)))
	}
	return plus + strconv.FormatFloat(value, 'f', 3, 64)
}

func (r reader) count(n uint64) string {
	digits := strconv.FormatUint(n, 10)
	var out strings.Builder
	for i, digit := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			out.WriteByte(',')
		}
		out.WriteRune(digit)
	}
	return out.String()
}

func (r reader) percent(share float64) string {
	switch {
	case math.IsNaN(share) || math.IsInf(share, 0):
		return "–"
	case share != 0 && math.Abs(share) < .1:
		return strconv.FormatFloat(share*100, 'f', 2, 64) + "%"
	}
	return strconv.FormatFloat(share*100, 'f', 1, 64) + "%"
}

func (r reader) signedPercent(share float64) string {
	if share > 0 {
		return "+" + r.percent(share)
	}
	return r.percent(share)
}

func (r reader) level(confidence float64) string {
	return strconv.FormatFloat(confidence*100, 'g', 4, 64) + "%"
}

func (r reader) date(at time.Time) string {
	if at.IsZero() {
		return "–"
	}
	return at.In(r.zone).Format("2006-01-02 15:04")
}

func (r reader) days(from, until time.Time) string {
	if from.IsZero() {
		return "–"
	}
	last := until.In(r.zone).Add(-time.Second)
	return from.In(r.zone).Format("2006-01-02") + " – " + last.Format("2006-01-02")
}

// Verdict is what may be said of the effect, in one or two sentences. It never calls a difference an effect that may
// not be called one.
func (d *Document) Verdict(lang string) string {
	r, e := d.reader(lang), d.Effect
	if e == nil {
		return r.choose("The effect has not been measured yet.", "효과는 아직 측정하지 않았습니다.")
	}
	low, high := r.amount(e, e.Low, true), r.amount(e, e.High, true)
	difference, level := r.amount(e, e.Difference, true), r.level(e.Confidence)
	switch measurement.Claim(e.Claim) {
	case measurement.NeverDelivered:
		return r.choose(
			fmt.Sprintf("No effect is claimed: nobody saw these messages, which were replayed over history. The difference between the groups (%s) only checks that they were alike: its %s interval runs from %s to %s.", difference, level, low, high),
			fmt.Sprintf("효과라고 말하지 않습니다. 지난 기록 위에서 되풀이한 캠페인이라 이 메시지를 본 고객이 없습니다. 두 군의 차이(%s)는 두 군이 원래 비슷했는지 점검하는 값일 뿐이며, %s 신뢰구간은 %s에서 %s까지입니다.", difference, level, low, high))
	case measurement.NoControl:
		return r.choose("No effect is claimed: there is no control group to compare with.", "효과를 말할 수 없습니다. 비교할 대조군이 없습니다.")
	case measurement.Mismatch:
		return r.choose(
			fmt.Sprintf("No effect is claimed: the groups are not of the sizes that were drawn (p = %.2g), so something lost customers on one side. Find out what before you trust any number here.", e.Mismatch),
			fmt.Sprintf("효과를 말할 수 없습니다. 두 군의 크기가 추첨한 비율과 다릅니다(p = %.2g). 한쪽에서 고객이 빠진 것이니, 원인을 찾기 전에는 아래 숫자를 믿지 마십시오.", e.Mismatch))
	case measurement.Inconclusive:
		return r.choose(
			fmt.Sprintf("Inconclusive: the difference per customer is %s, and its %s interval, from %s to %s, contains zero.", difference, level, low, high),
			fmt.Sprintf("결론을 내릴 수 없습니다. 고객당 차이는 %s이고, %s 신뢰구간(%s에서 %s)이 0을 포함합니다.", difference, level, low, high))
	case measurement.Proven:
		return r.choose(
			fmt.Sprintf("The campaign changed %s by %s per customer (%s of control; %s interval from %s to %s).", r.word("metric_"+e.Metric), difference, r.signedPercent(e.Relative), level, low, high),
			fmt.Sprintf("캠페인의 효과는 고객당 %s 기준 %s입니다(대조군 대비 %s, %s 신뢰구간 %s에서 %s).", r.word("metric_"+e.Metric), difference, r.signedPercent(e.Relative), level, low, high))
	}
	return e.Claim
}

func (r reader) choose(english, korean string) string {
	if r.lang == "ko" {
		return korean
	}
	return english
}

// step is one level of the funnel.
type step struct {
	Key       string
	Customers uint64
}

// funnel is how many customers are left at each level.
func (d *Document) funnel() []step {
	var all, chosen, treated, offered uint64
	for _, a := range d.Arms {
		all += a.Customers
		switch a.Arm {
		case "treated":
			treated += a.Customers
			chosen += a.Customers
		case "control":
			chosen += a.Customers
		}
	}
	for _, o := range d.Offers {
		if o.Exposure > 0 {
			offered += o.Customers
		}
	}
	s := d.Settlement
	return []step{{"all", all}, {"chosen", chosen}, {"treated", treated}, {"offered", offered}, {"reached", s.Reached}, {"redeemed", s.Qualified}, {"paid", s.Paid}}
}

// leftOut are the reasons for which customers were left out, the most frequent first, the rare ones together.
func (d *Document) leftOut() []step {
	var out []step
	var rest uint64
	byCount := slices.SortedFunc(slices.Values(d.Arms), func(a, b Arm) int { return cmp.Compare(b.Customers, a.Customers) })
	for _, a := range byCount {
		switch {
		case a.Arm == "treated" || a.Arm == "control":
		case len(out) < 8:
			key := a.Reason
			if key == "" {
				key = a.Arm
			}
			out = append(out, step{key, a.Customers})
		default:
			rest += a.Customers
		}
	}
	if rest > 0 {
		out = append(out, step{"others", rest})
	}
	return out
}

func (d *Document) arm(name string) (n uint64) {
	for _, a := range d.Arms {
		if a.Arm == name {
			n += a.Customers
		}
	}
	return n
}

func share(part, of uint64) float64 {
	if of == 0 {
		return 0
	}
	return float64(part) / float64(of)
}
