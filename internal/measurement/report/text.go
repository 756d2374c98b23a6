package report

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/rivo/uniseg"

	"github.com/danbi-project/danbi/internal/money"
)

const textWidth = 100

// Text writes the report for a terminal, in at most 100 columns. lang is ko or en.
func (d *Document) Text(w io.Writer, lang string) error {
	t := &text{reader: d.reader(lang)}
	t.head(d)
	t.section("effect")
	t.effect(d)
	t.section("funnel")
	t.funnel(d)
	t.section("offers")
	t.offers(d)
	t.section("hours")
	t.hours(d)
	t.section("deliveries")
	t.deliveries(d)
	t.section("settlement")
	t.settlement(d)
	t.section("budget")
	t.budget(d)
	t.rehearsed(d)
	t.section("ledger")
	t.ledger(d)
	_, err := io.WriteString(w, t.out.String())
	return err
}

type text struct {
	reader
	out strings.Builder
}

func (t *text) line(format string, args ...any) {
	t.out.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " ") + "\n")
}

func (t *text) section(key string) {
	title := t.word(key)
	t.line("\n── %s %s", title, strings.Repeat("─", max(textWidth-4-uniseg.StringWidth(title), 0)))
}

// pad fills text with blanks up to a width in terminal cells: a Hangul syllable takes two.
func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(width-uniseg.StringWidth(text), 0))
}

func padLeft(text string, width int) string {
	return strings.Repeat(" ", max(width-uniseg.StringWidth(text), 0)) + text
}

// bar is share of width cells, in eighths.
func bar(share float64, width int) string {
	eighths := int(math.Round(math.Min(math.Max(share, 0), 1) * float64(width) * 8))
	if share > 0 {
		eighths = max(eighths, 1)
	}
	out := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		out += string([]rune("▏▎▍▌▋▊▉")[rest-1])
	}
	return out
}

// wrap breaks a sentence into lines at blanks.
func (t *text) wrap(sentence, indent string) {
	line := indent
	for word := range strings.FieldsSeq(sentence) {
		if line != indent && uniseg.StringWidth(line)+1+uniseg.StringWidth(word) > textWidth {
			t.line("%s", line)
			line = indent
		}
		if line != indent {
			line += " "
		}
		line += word
	}
	t.line("%s", line)
}

func (t *text) head(d *Document) {
	title := d.Title.In(t.lang)
	t.line("%s", title)
	state := fmt.Sprintf("%s/%d · %s %d · %s", d.Campaign, d.Occurrence, t.word("plan"), d.Plan, d.Stage.Describe(t.lang))
	if d.Rehearsal {
		state += " · " + t.word("rehearsal")
	}
	t.wrap(state, "")
	t.line("%s %s  %s %s  %s %s", t.word("window"), t.days(d.Times.Opens, d.Times.Closes), t.word("snapshot"), t.date(d.Snapshot.Instant), t.word("known"), t.date(d.Times.Settles))
	t.line("")
	t.wrap(d.Verdict(t.lang), "  ")
	for _, w := range d.disturbed(t.reader) {
		if w.Bad {
			t.wrap("! "+w.Text, "  ")
		}
	}
}

func (t *text) effect(d *Document) {
	e := d.Effect
	if e == nil {
		t.line("  %s", t.word("not_yet"))
		return
	}
	t.line("  %s", t.word(e.Metric))
	most := math.Max(e.Treated.Mean, e.Control.Mean)
	for _, side := range []struct {
		key string
		of  Side
	}{{"treated", e.Treated}, {"control", e.Control}} {
		t.line("  %s %s %s  %s", pad(t.word(side.key), 12), padLeft(t.amount(e, side.of.Mean, false), 16), pad(bar(side.of.Mean/math.Max(most, 1e-9), 40), 40), t.count(side.of.Customers)+" "+t.word("customers"))
	}
	t.line("  %s %s %s", pad(t.word("difference"), 12), padLeft(t.amount(e, e.Difference, true), 16), interval(e, 40))
	t.line("  %s %s – %s   %s %s (%s – %s)", t.wordf("interval", t.level(e.Confidence)), t.amount(e, e.Low, true), t.amount(e, e.High, true),
		t.word("relative"), t.signedPercent(e.Relative), t.signedPercent(e.RelativeLow), t.signedPercent(e.RelativeHigh))
	if e.Incremental != 0 {
		t.line("  %s %s", t.word("incremental"), t.amount(e, e.Incremental, true))
		if e.UnitCost > 0 {
			line := fmt.Sprintf("  %s %s", t.word("unit_cost_"+e.Metric), t.unitCost(e, e.UnitCost))
			if between := t.unitRange(e); between != "" {
				line += " (" + between + ")"
			}
			t.line("%s", line)
		}
	}
	t.wrap(strings.Join(t.notes(e), " "), "  ")
	for _, w := range d.disturbed(t.reader) {
		if !w.Bad {
			t.wrap(w.Text, "  ")
		}
	}
	t.besides(e)
	t.factorial(e)
	t.attributed(d)
}

// unitCost is the cost of one more unit of the metric: of one won more, a plain number; of one purchase more, money.
func (r reader) unitCost(e *Effect, cost float64) string {
	if e.Money {
		return fmt.Sprintf("%.3f", cost)
	}
	return r.money(money.Minor(math.Round(cost)))
}

// unitRange is its interval; without an upper end where what was added may be nothing.
func (r reader) unitRange(e *Effect) string {
	switch {
	case e.UnitLow <= 0:
		return ""
	case e.UnitHigh <= 0:
		return r.unitCost(e, e.UnitLow) + " – ∞"
	}
	return r.unitCost(e, e.UnitLow) + " – " + r.unitCost(e, e.UnitHigh)
}

func (r reader) notes(e *Effect) []string {
	var notes []string
	if e.Mismatch < .001 {
		notes = append(notes, r.wordf("ratio_off", e.Mismatch))
	} else {
		notes = append(notes, r.wordf("ratio", e.Mismatch))
	}
	if e.Adjusted {
		notes = append(notes, r.wordf("adjusted", r.percent(e.Reduction), r.amount(e, e.Treated.Mean-e.Control.Mean, true)))
	}
	if e.Cap > 0 {
		notes = append(notes, r.wordf("capped", r.money(money.Minor(math.Round(e.Cap)))))
	}
	if e.Smallest > 0 {
		notes = append(notes, r.wordf("smallest", r.percent(e.Smallest)))
	}
	return append(notes, r.word("itt"))
}

// interval draws the interval on a line on which zero is marked.
func interval(e *Effect, width int) string {
	low, high := math.Min(e.Low, 0), math.Max(e.High, 0)
	if high <= low {
		return ""
	}
	return between(e.Low, e.Difference, e.High, low, high, width) + "  ┊ 0"
}

func (t *text) funnel(d *Document) {
	steps := d.funnel()
	var most uint64 = 1
	for _, s := range steps {
		most = max(most, s.Customers)
	}
	for _, s := range steps {
		t.line("  %s %s  %s", pad(t.word(s.Key), 30), padLeft(t.count(s.Customers), 12), bar(share(s.Customers, most), 50))
	}
	t.line("  %s %s", pad(t.word("control"), 30), padLeft(t.count(d.arm("control")), 12))
	if out := d.leftOut(); len(out) > 0 {
		var parts []string
		for _, s := range out {
			parts = append(parts, t.word(s.Key)+" "+t.count(s.Customers))
		}
		t.wrap(t.word("left_out_why")+": "+strings.Join(parts, " · "), "  ")
	}
}

func (t *text) offers(d *Document) {
	t.line("  %s %s %s %s %s", pad(t.word("offer"), 26), padLeft(t.word("customers"), 10), pad("  "+t.word("goal_range"), 36), padLeft(t.word("rate"), 8), padLeft(t.word("due"), 13))
	for _, o := range d.Offers {
		name := o.Title.In(t.lang)
		if name == "" {
			name = t.word(o.ID)
		}
		if o.Exposure == 0 {
			t.line("  %s %s", pad(clip(name, 26), 26), padLeft(t.count(o.Customers), 10))
			continue
		}
		goals := t.digits(o.Least) + " – " + t.digits(o.Median) + " – " + t.digits(o.Greatest)
		t.line("  %s %s   %s %s %s", pad(clip(name, 26), 26), padLeft(t.count(o.Customers), 10), pad(clip(goals, 34), 34), padLeft(t.percent(share(o.Redeemed, o.Customers)), 8), padLeft(t.money(o.Due), 13))
	}
	if len(d.Thresholds) == 0 {
		return
	}
	t.line("\n  %s", t.word("thresholds"))
	var most uint64 = 1
	for _, b := range d.Thresholds {
		most = max(most, b.Customers)
	}
	for _, b := range d.Thresholds {
		t.line("  %s %s  %s", padLeft(t.money(b.Low), 16), padLeft(t.count(b.Customers), 10), pad(bar(share(b.Customers, most), 40), 41)+" "+t.word("met")+" "+t.percent(share(b.Redeemed, b.Customers)))
	}
}

func clip(text string, width int) string {
	if uniseg.StringWidth(text) <= width {
		return text
	}
	out := ""
	for _, r := range text {
		if uniseg.StringWidth(out+string(r)) > width-1 {
			break
		}
		out += string(r)
	}
	return out + "…"
}

func (t *text) hours(d *Document) {
	most := slices.Max(d.Hours[:])
	if most == 0 {
		t.line("  %s", t.word("not_yet"))
		return
	}
	const height = 4
	for row := height; row > 0; row-- {
		line := "  "
		for _, n := range d.Hours {
			eighths := int(math.Ceil(float64(n) / float64(most) * height * 8))
			cell := min(max(eighths-(row-1)*8, 0), 8)
			line += " " + strings.Repeat(string([]rune(" ▁▂▃▄▅▆▇█")[cell]), 2)
		}
		if row == height {
			line += "  " + t.count(most)
		}
		t.line("%s", strings.TrimRight(line, " "))
	}
	line := "  "
	for hour := range d.Hours {
		line += fmt.Sprintf(" %02d", hour)
	}
	t.line("%s", line)
	if gone := slices.Max(d.Left[:]); gone > 0 {
		line = "  "
		for _, n := range d.Left {
			cell := 0
			if n > 0 {
				cell = max(1, int(math.Round(float64(n)/float64(gone)*8)))
			}
			line += " " + strings.Repeat(string([]rune(" ▁▂▃▄▅▆▇█")[cell]), 2)
		}
		t.line("%s  %s", line, t.word("left_hour"))
	}
	if sources := t.hourSources(d); sources != "" {
		t.line("  %s", sources)
	}
}

func (t *text) deliveries(d *Document) {
	for _, touch := range d.Deliveries {
		var parts []string
		var total uint64
		for _, state := range states {
			if n := touch.States[state]; n > 0 {
				parts = append(parts, t.word(state)+" "+t.count(n))
				total += n
			}
		}
		t.wrap(fmt.Sprintf("%s: %s %s (%s)", t.word(touch.Touch), t.count(total), t.word("messages"), strings.Join(parts, " · ")), "  ")
		if by := touch.byChannel(t.count); by != "" {
			t.line("    %s", by)
		}
	}
	if len(d.Deliveries) == 0 {
		t.line("  %s", t.word("not_yet"))
	}
}

var states = []string{"delivered", "sent", "bundled", "bounced", "unknown", "attempting", "suppressed", "expired", "failed", "planned"}

func (t *text) settlement(d *Document) {
	s := d.Settlement
	row := func(key string, n uint64, amount money.Minor) {
		t.line("  %s %s %s", pad(t.word(key), 30), padLeft(t.count(n), 12), padLeft(t.money(amount), 20))
	}
	row("owed", s.Qualified, s.Due)
	row("ours", s.Paid, s.PaidAmount)
	row("theirs", s.Theirs, s.TheirsAmount)
	if s.Refused > 0 {
		t.line("  %s %s", pad(t.word("refused"), 30), padLeft(t.count(s.Refused), 12))
	}
	if s.Unknown > 0 {
		t.line("  %s %s", pad(t.word("unsettled"), 30), padLeft(t.count(s.Unknown), 12))
	}
	if s.Clawed > 0 {
		row("clawed", s.Clawed, s.ClawedAmount)
	}
	for _, line := range t.agreement(s) {
		t.wrap(line, "  ")
	}
}

// agreement says how our record and the provider's compare.
func (r reader) agreement(s Settlement) []string {
	if len(s.Differences) == 0 {
		return []string{r.word("agree")}
	}
	lines := []string{r.word("disagree")}
	for _, f := range s.Differences {
		lines = append(lines, fmt.Sprintf("%s %s: %s, %s #%d", r.count(f.Payouts), r.word("payouts"), r.word(f.Kind), r.word("example"), f.Customer))
	}
	return lines
}

func (t *text) budget(d *Document) {
	b := d.Budget
	most := float64(max(b.Expected, b.Exposure, b.Out, b.Total, 1))
	for _, row := range []struct {
		key string
		of  money.Minor
	}{{"limit_exposure", b.Exposure}, {"out", b.Out}, {"limit_expected", b.Expected}, {"spent", b.Total}} {
		t.line("  %s %s  %s", pad(t.word(row.key), 20), padLeft(t.money(row.of), 20), bar(float64(row.of)/most, 50))
	}
	t.line("  %s: %s %s · %s %s (%s %s)", t.word("spent"), t.word("rewards"), t.money(b.Rewards), t.word("contact"), t.money(b.Contact), t.count(b.Messages), t.word("messages"))
	f := d.Forecast
	t.line("  %s: %s %s → %s · %s %s → %s", t.word("forecast"), t.word("forecast_redeemed"), t.count(uint64(math.Round(f.Redeemed))), t.count(f.RedeemedOut), t.word("forecast_cost"), t.money(f.Cost), t.money(f.CostOut))
	for _, line := range t.limits(b) {
		t.wrap(line, "  ")
	}
}

// limits says which limits bound the offers, and what more budget was believed to bring.
func (r reader) limits(b Budget) (lines []string) {
	if b.More > 0 {
		lines = append(lines, r.wordf("more_budget", r.money(b.More)))
	}
	var names []string
	for _, l := range b.Limits {
		if l.Price > 0 {
			names = append(names, l.Name)
		}
	}
	if len(names) > 0 {
		lines = append(lines, r.wordf("binding_limits", strings.Join(names, ", ")))
	}
	return lines
}

func (t *text) ledger(d *Document) {
	l := d.Ledger
	if len(l.Accounts) == 0 {
		t.line("  %s", t.word("no_ledger"))
		return
	}
	t.line("  %s %s %s", pad(t.word("account"), 46), padLeft(t.word("debit"), 20), padLeft(t.word("credit"), 20))
	for _, account := range accounts {
		balance, used := l.Accounts[account]
		if !used {
			continue
		}
		debit, credit := t.sides(balance)
		t.line("  %s %s %s", pad(pad(account, 22)+t.word(account), 46), padLeft(debit, 20), padLeft(credit, 20))
	}
	for _, line := range t.books(l) {
		t.wrap(line, "  ")
	}
}

// accounts is the chart of accounts in the order of the ledger's own list.
var accounts = []string{
	"budget:granted", "budget:approved", "budget:reserved", "budget:released",
	"expense:rewards", "customer:payable", "payout:clearing", "payout:paid", "clawback:receivable", "netting:clearing",
}

func (r reader) sides(balance money.Minor) (debit, credit string) {
	if balance < 0 {
		return "", r.money(-balance)
	}
	return r.money(balance), ""
}

// books says whether the ledger balances and is as it was booked.
func (r reader) books(l Ledger) []string {
	lines := []string{r.word("balanced")}
	if l.Sum != 0 {
		lines[0] = r.wordf("unbalanced", r.money(l.Sum))
	}
	if l.Intact {
		head := l.Head
		if len(head) > 16 {
			head = head[:16] + "…"
		}
		return append(lines, r.wordf("intact", l.Batches, head))
	}
	return append(append(lines, r.word("broken")), l.Findings...)
}
