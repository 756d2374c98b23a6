package workflows

import (
	"fmt"
	"math"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
)

// markdown is the story that the Temporal UI shows: stage, reason, next action, then the figures.
func (s *Status) markdown() string {
	var b strings.Builder
	b.WriteString(headline(s.Stage, s.Paused))
	if why := s.why(); why != "" {
		b.WriteString("**Why:** " + why + "\n\n")
	}
	b.WriteString("**Next:** " + s.action() + "\n\n")
	for _, line := range s.figures() {
		b.WriteString("- " + line + "\n")
	}
	return b.String()
}

// headline is the stage, by its name in the search attributes and as a manager calls it.
func headline(stage campaign.Stage, paused bool) string {
	mark, en, ko := "", stage.Describe("en"), stage.Describe("ko") //workflowcheck:ignore
	if paused {
		mark, en, ko = ", PAUSED", "Nothing is sent or paid until it is resumed; what has left stays sent", "일시 중지: 재개할 때까지 발송도 지급도 하지 않습니다"
	}
	return fmt.Sprintf("### Stage: %s%s\n\n%s. %s.\n\n", stage, mark, en, ko)
}

// why is what the run waits for, or what stopped it.
func (s *Status) why() string {
	switch {
	case s.Failure != "":
		return s.Failure
	case s.Paused:
		why := fmt.Sprintf("%s paused it", orElse(s.PausedBy.Actor, "somebody"))
		if s.PausedBy.Why != "" {
			why += ": " + s.PausedBy.Why
		}
		return sentence(why)
	case s.Stage.Final():
		return ""
	case s.Stage == campaign.StageDispatching && s.Dispatch.Waves > 0:
		return fmt.Sprintf("it sends wave %d of %d of touch `%s`, or waits for the wave's hour.", s.Dispatch.Wave, s.Dispatch.Waves, s.Dispatch.Touch)
	}
	return sentence("it waits for " + s.Waits)
}

// action is what a person can do now; it is a command wherever there is one.
func (s *Status) action() string {
	switch {
	case s.Paused && s.Failure != "":
		return fmt.Sprintf("mend the cause, then `starter resume %s`. It goes on where it stopped; `docs/runbook.md` says what to check.", s.Run.Campaign)
	case s.Paused:
		return fmt.Sprintf("`starter resume %s`, or stop for good: `starter cancel %[1]s`", s.Run.Campaign)
	case s.Stage == campaign.StageFailed:
		return "mend the cause and start it again; `docs/runbook.md` has a line for each error type"
	case s.Stage == campaign.StageClosed, s.Stage == campaign.StageCancelled:
		return fmt.Sprintf("nothing. Read the report: `starter report %s`", s.Run.Campaign)
	case s.Stage == campaign.StageAwaiting && !s.Plan.Blocks:
		return fmt.Sprintf("somebody whom the policy names as approver, and who is not the author runs `starter approve %s --hash %s --key FILE --name NAME`. Or stop it: `starter cancel %[1]s`", s.Run.Campaign, s.Plan.Hash)
	case s.Next != "":
		return s.Next
	}
	return fmt.Sprintf("nothing to press. What keeps retrying shows its reason under *Pending Activities* of `%s`; `docs/runbook.md` has a line for each error type.", s.worker())
}

// worker is the workflow whose activities do the work of the stage.
func (s *Status) worker() string {
	switch {
	case s.Stage == campaign.StageSettling:
		return s.Run.SettlementID()
	case s.Stage == campaign.StageDispatching && s.Dispatch.Touch != "":
		return s.Run.DispatchID(s.Dispatch.Touch)
	}
	return s.Run.WorkflowID()
}

// figures are the counts and amounts that are known so far.
func (s *Status) figures() []string {
	var lines []string
	line := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	amount := func(m money.Minor) string { return money.Format(m, s.Currency, "en") }
	if d := s.Dispatch; d.Waves > 0 {
		if s.Stage == campaign.StageDispatching {
			line("Touch `%s`: wave %d of %d; %d of %d messages sent in the waves before%s", d.Touch, d.Wave, d.Waves, d.Sent, d.Planned, suppressed(d))
		} else {
			line("Touch `%s`: %d of %d messages sent%s", d.Touch, d.Sent, d.Planned, suppressed(d))
		}
		if d.Unknown > 0 {
			line("**%d deliveries are unknown**: the provider can't say whether it has them; see `docs/runbook.md`", d.Unknown)
		}
	}
	if q := s.Settlement.Qualified; q.Reached > 0 {
		line("Settlement: %d reached, %d met the terms, %s due; %d paid, %s", q.Reached, q.Qualified, amount(q.Due), s.Settlement.Paid.Paid, amount(s.Settlement.Paid.Amount))
	}
	if s.Effect != nil {
		of := func(x float64) string { return fmt.Sprintf("%.2f", x) }
		if s.Effect.Metric != campaign.MetricPurchases {
			of = func(x float64) string { return amount(money.Minor(math.Round(x))) }
		}
		line("Effect on %s per customer: %s, between %s and %s; %s", s.Effect.Metric, of(s.Effect.Difference), of(s.Effect.Low), of(s.Effect.High), strings.ReplaceAll(s.Effect.Claim, "_", " "))
	}
	if s.Treated+s.Control > 0 {
		line("Audience: %d treated, %d control, %d holdout", s.Treated, s.Control, s.Holdout)
	}
	if s.Prices.Out > 0 {
		line("Offers: expected cost %s, at most %s%s", amount(s.Prices.Cost), amount(s.Prices.Out), without(s.Prices.Offers["none"]))
	}
	for _, f := range s.Plan.Findings {
		line("%s%s", map[bool]string{true: "**blocks:** "}[f.Blocks], f.Message)
	}
	if s.Plan.Hash != "" {
		line("Plan %d: `%s`", s.Run.Plan, s.Plan.Hash)
	}
	line("Campaign time: %s%s", s.local(s.Now), map[bool]string{true: " (rehearsal: it moves only while the workflow waits)"}[s.Rehearsal])
	return lines
}

// without says why fewer messages are planned than customers are treated.
func without(none uint64) string {
	if none == 0 {
		return ""
	}
	return fmt.Sprintf("; for %d customers none pays, they get no message", none)
}

func suppressed(d DispatchProgress) string {
	var n uint64
	for _, reason := range workflow.DeterministicKeys(d.Suppressed) {
		n += d.Suppressed[reason]
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", %d left out", n)
}

// shown is how instants stand in what people read; they are UTC in the history, and the format says so.
const shown = "2006-01-02 15:04 MST"

// local is an instant as the campaign's own people read it.
func (s *Status) local(at time.Time) string {
	zone, err := campaign.LoadZone(s.Zone) //workflowcheck:ignore
	if err == nil {                        // it is only shown: a worker that knows no zones shows UTC, and decides the same
		at = at.In(zone)
	}
	return at.Format(shown)
}

// sentence ends what it is given with one full stop.
func sentence(text string) string { return strings.TrimRight(text, ". ") + "." }

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// oneLine is text for a list: without the marks of Markdown, and not longer than n bytes.
func oneLine(text string, n int) string {
	text = strings.NewReplacer("`", "", "*", "").Replace(text)
	if len(text) > n {
		return strings.ToValidUTF8(text[:n-len("…")], "") + "…"
	}
	return text
}

func reasons(plan activities.PreflightOutput) string {
	var all []string
	for _, f := range plan.Findings {
		if f.Blocks {
			all = append(all, f.Message)
		}
	}
	if len(all) == 0 {
		all = plan.Reasons
	}
	return strings.Join(all, "; ")
}
