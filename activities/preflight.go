package activities

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/dispatch"
	"github.com/danbi-project/danbi/internal/features"
	"github.com/danbi-project/danbi/internal/measurement"
	"github.com/danbi-project/danbi/internal/money"
)

// findings is the checklist of a plan: what must be mended before it can be approved, and what a reader should know.
func findings(in PreflightInput, brief campaign.Brief) []Fault {
	var found []Fault
	add := func(blocks bool, kind string, customers uint64, format string, args ...any) {
		found = append(found, Fault{Kind: kind, Message: fmt.Sprintf(format, args...), Customers: customers, Blocks: blocks})
	}
	var planned uint64
	for _, n := range in.Waves {
		planned += n
	}
	if in.Treated == 0 {
		add(true, "nobody_treated", 0, "nobody would be contacted: loosen audience.rule or lower audience.control")
	}
	if in.Control == 0 && brief.Spec.Audience.Control > 0 {
		add(true, "nobody_in_control", 0, "the control group is empty: enlarge the audience, or no effect can be measured")
	}
	if planned == 0 && in.Treated > 0 {
		add(true, "nothing_planned", in.Treated, "no message has an allowed hour before %s: widen timing or touches.spread", in.Times.Closes.Format(time.DateTime))
	}
	if in.Prices.Cost > brief.Spec.Budget.Expected {
		add(true, "over_expected", 0, "expected cost %d is over budget.expected %d", in.Prices.Cost, brief.Spec.Budget.Expected)
	}
	if in.Prices.Out > brief.Spec.Budget.Exposure {
		add(true, "over_exposure", 0, "rewards that are out, %d, are over budget.exposure %d", in.Prices.Out, brief.Spec.Budget.Exposure)
	}
	if age := in.Times.Opens.Sub(in.Snapshot.Instant); age > time.Duration(brief.Policy.SnapshotAge) && brief.Policy.SnapshotAge > 0 {
		add(true, "stale_snapshot", 0, "when the window opens the snapshot will be %s old, more than the policy's snapshot_age allows: plan again", age)
	}
	for _, s := range lopsided(in.Strata, float64(brief.Spec.Audience.Control)) {
		add(true, "stratum_mismatch", s.Treated+s.Control, "in %q %d are in control beside %d treated, which the drawn share of %s does not explain: plan again", s.Name, s.Control, s.Treated, brief.Spec.Audience.Control)
	}
	if in.Model.Uncompared {
		add(false, "model_uncompared", 0, "the snapshot that model %s was fitted for is gone, so whether its customers have changed since can't be told", in.Model.ID)
	}
	if len(in.Model.Ours) > 0 {
		add(false, "model_asks_ours", 0, "model %s asks about %s, which our own sending sets for everybody at once: models that are fitted now don't, so ask for a new one by naming its kind", in.Model.ID, strings.Join(in.Model.Ours, ", "))
	}
	for _, d := range in.Model.Drifted {
		if d.PSI >= features.Block {
			add(true, "model_drifted", 0, "%s is not distributed as when model %s was fitted (PSI %.2f): promote another model, or ask for a new one by naming its kind", d.Feature, in.Model.ID, d.PSI)
		} else {
			add(false, "model_drifting", 0, "%s is distributed otherwise than when model %s was fitted (PSI %.2f): a new model may do better", d.Feature, in.Model.ID, d.PSI)
		}
	}
	for _, reason := range slices.Sorted(maps.Keys(in.Blocked)) {
		add(false, "blocked_"+reason, in.Blocked[reason], "%d deliveries are left out: %s", in.Blocked[reason], reason)
	}
	if in.Capped > 0 {
		add(false, "capped", in.Capped, "%d deliveries are left out by the frequency caps", in.Capped)
	}
	for _, fault := range slices.Concat(brief.Policy.Check(brief.Spec), dispatch.CheckTexts(brief.Spec, brief.Policy, in.Times.Opens)) {
		add(true, "rule_breach", 0, "%s", fault.Error())
	}
	refused := map[string]uint64{}
	for _, dry := range in.Rendered {
		found = append(found, dry.Faults...)
		for reason, n := range dry.Refused {
			refused[reason] += n
		}
	}
	for _, reason := range slices.Sorted(maps.Keys(refused)) {
		if reason != dispatch.ReasonCapped { // counted above
			add(false, "refused_"+reason, refused[reason], "%d deliveries will not leave, as far as is known now: %s", refused[reason], reason)
		}
	}
	messages, _ := rendered(in.Rendered)
	for _, m := range messages {
		if m.Form == string(dispatch.FormLMS) {
			add(false, "outgrown", m.Messages, "%d text messages of touch %s outgrow SMS and go as LMS, which costs %s more; the longest has %d bytes",
				m.Messages, m.Touch, money.Format(money.Minor(m.Extra/1000), brief.Spec.Currency, "en"), m.Longest)
		}
	}
	return found
}

// lopsided are the strata whose arms are no likelier than one in a thousand times by the drawn share (the sample ratio's test).
func lopsided(strata []Stratum, share float64) []Stratum {
	total := map[string]Stratum{}
	for _, s := range strata {
		t := total[s.Name]
		total[s.Name] = Stratum{s.Name, t.Treated + s.Treated, t.Control + s.Control}
	}
	var found []Stratum
	for _, name := range slices.Sorted(maps.Keys(total)) {
		if s := total[name]; measurement.SampleRatio(s.Treated, s.Control, share) < measurement.LeastRatioProbability {
			found = append(found, s)
		}
	}
	return found
}

// rendered adds up what the shards' dry runs came to.
func rendered(shards []RenderMessagesOutput) (messages []Rendering, samples []Sample) {
	at, seen := map[renderingKey]int{}, map[sampleKey]bool{}
	for _, dry := range shards {
		for _, m := range dry.Messages {
			key := renderingKey{m.Touch, m.Channel, m.Form}
			i, there := at[key]
			if !there {
				at[key] = len(messages)
				messages = append(messages, m)
				continue
			}
			messages[i].join(m)
		}
		for _, s := range dry.Samples {
			if key := (sampleKey{s.Touch, s.Channel, s.Language}); !seen[key] {
				seen[key] = true
				samples = append(samples, s)
			}
		}
	}
	return messages, samples
}
