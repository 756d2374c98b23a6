package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
)

func newRulesCommand(app *App) *cobra.Command {
	command := &cobra.Command{
		Use:     "rules",
		GroupID: groupCampaign,
		Short:   "Show the rule packs that messages have to keep to",
		Long: `What the law wants of a message is data: rule packs, each for a country, some channels and a
purpose, with a version, the day from which it is in force and where it comes from. They were
written from secondary sources; the owner of the policy has them reviewed. docs/rules.md says more.`,
		Example: `  starter rules list
  starter rules show kr-ad-sms
  starter rules check examples/card-spend.yaml`,
	}
	command.AddCommand(newRulesListCommand(app), newRulesShowCommand(app), newRulesCheckCommand(app))
	return command
}

func newRulesListCommand(app *App) *cobra.Command {
	var policyFile string
	command := &cobra.Command{
		Use:   "list",
		Short: "List the packs that come with Danbi, or those that a policy uses",
		Example: `  starter rules list
  starter rules list --policy examples/policy.yaml --lang ko`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			packs, err := app.packs(policyFile)
			if err != nil {
				return err
			}
			if app.JSON {
				return app.PrintJSON(packs)
			}
			app.printPacks(packs)
			return nil
		},
	}
	command.Flags().StringVar(&policyFile, "policy", "", "policy file whose packs are listed")
	_ = command.MarkFlagFilename("policy", "yaml", "yml")
	return command
}

func newRulesShowCommand(app *App) *cobra.Command {
	var policyFile string
	command := &cobra.Command{
		Use:   "show PACK",
		Short: "Show what one pack wants",
		Example: `  starter rules show kr-ad-sms
  starter rules show kr-ad-sms --policy examples/policy.yaml --lang ko`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			packs, err := app.packs(policyFile)
			if err != nil {
				return err
			}
			var found []campaign.RulePack
			var known []string
			for _, pack := range packs {
				known = append(known, pack.ID)
				if pack.ID == args[0] {
					found = append(found, pack)
				}
			}
			if len(found) == 0 {
				hint := strings.Join(known, ", ")
				if near := campaign.Nearest(args[0], known); near != "" {
					hint = near
				}
				return withExit(ExitUsage, fmt.Errorf(app.text("there is no rule pack %q; there is %s", "%q 규칙이 없습니다. 있는 규칙: %s"), args[0], hint))
			}
			if app.JSON {
				return app.PrintJSON(found)
			}
			for _, pack := range found {
				app.printPack(pack)
			}
			return nil
		},
	}
	command.Flags().StringVar(&policyFile, "policy", "", "policy file whose pack is shown")
	_ = command.MarkFlagFilename("policy", "yaml", "yml")
	return command
}

func newRulesCheckCommand(app *App) *cobra.Command {
	var policyFile string
	command := &cobra.Command{
		Use:   "check SPEC",
		Short: "Show which packs concern a campaign, and every breach",
		Example: `  starter rules check examples/card-spend.yaml
  starter rules check my-campaign.yaml --policy my-policy.yaml --lang ko`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: yamlFiles,
		RunE: func(_ *cobra.Command, args []string) error {
			brief, err := app.loadBrief(args[0], policyFile) // shows every breach
			if err != nil {
				return err
			}
			packs := concerned(brief, clock.Live().At(clock.Wall()))
			if app.JSON {
				return app.PrintJSON(packs)
			}
			app.printPacks(packs)
			if len(packs) == 0 {
				app.Sayf("%s", app.text("No rule pack concerns this campaign: the policy uses none of its channels and purpose (rules.use).", "적용되는 규칙이 없습니다. 정책의 rules.use를 확인하세요."))
				return nil
			}
			app.Sayf(app.text("✓ %s breaks none of them", "✓ %s: 위반이 없습니다"), args[0])
			return nil
		},
	}
	command.Flags().StringVar(&policyFile, "policy", "", "policy file (default: policy.yaml beside the spec or above it)")
	_ = command.MarkFlagFilename("policy", "yaml", "yml")
	return command
}

// packs are those of a policy, or those that come with Danbi.
func (a *App) packs(policyFile string) ([]campaign.RulePack, error) {
	if policyFile == "" {
		return campaign.ShippedRules(), nil
	}
	policy, err := readPolicy(policyFile)
	if err != nil {
		return nil, a.refuse(policyFile, err)
	}
	if policy.Rules == nil {
		return nil, nil
	}
	return policy.Rules.Packs, nil
}

// concerned are the packs of the campaign's channels and purpose that are in force when its window opens.
func concerned(brief campaign.Brief, now time.Time) (packs []campaign.RulePack) {
	if times, err := brief.Spec.Times(now); err == nil {
		now = times.Opens
	}
	seen := map[string]bool{}
	for _, touch := range brief.Spec.Touches {
		for _, channel := range touch.Channels {
			for _, pack := range brief.Policy.Packs(channel, brief.Spec.Audience.Purpose) {
				if pack.At(now) && !seen[pack.ID] {
					seen[pack.ID] = true
					packs = append(packs, pack.RulePack)
				}
			}
		}
	}
	return packs
}

func (a *App) printPacks(packs []campaign.RulePack) {
	var rows [][]string
	for _, p := range packs {
		rows = append(rows, []string{fmt.Sprintf("%s v%d", p.ID, p.Version), a.whom(p), p.Since.Format(time.DateOnly), a.reviewed(p), p.Title.In(a.Lang)})
	}
	a.PrintTable([]Column{
		{Title: a.text("Pack", "규칙")}, {Title: a.text("For", "대상")}, {Title: a.text("In force since", "시행일")}, {Title: a.text("Reviewed", "검토")}, {Title: a.text("What", "내용")},
	}, rows)
}

func (a *App) whom(p campaign.RulePack) string {
	country, channels := p.Country, strings.Join(p.Channels, ", ")
	if country == "" {
		country = a.text("everywhere", "모든 나라")
	}
	if channels == "" {
		channels = a.text("all channels", "모든 채널")
	}
	return country + " · " + channels + " · " + p.Purpose
}

func (a *App) reviewed(p campaign.RulePack) string {
	if p.Reviewed == "" {
		return a.text("not yet", "아직 없음")
	}
	return p.Reviewed
}

// printPack says in words what a pack wants.
func (a *App) printPack(p campaign.RulePack) {
	rows := [][]string{
		{a.text("for", "대상"), a.whom(p)}, {a.text("in force since", "시행일"), p.Since.Format(time.DateOnly)},
		{a.text("source", "근거"), p.Source}, {a.text("reviewed", "검토"), a.reviewed(p)},
	}
	add := func(holds bool, en, ko, format, formatKo string, values ...any) {
		if holds {
			rows = append(rows, []string{a.text(en, ko), fmt.Sprintf(a.text(format, formatKo), values...)})
		}
	}
	add(p.Consent != "", "consent", "동의", "given before, for channel and purpose", "채널과 목적별 사전 동의")
	add(p.Reconfirm > 0, "", "", "confirmed every %s", "%s마다 재확인", p.Reconfirm)
	add(p.OwnCustomers > 0, "", "", "not needed for %s after a purchase, where the policy uses that and it was never withdrawn", "구매 후 %s 동안은 정책이 허용하고 거부한 적이 없으면 동의 없이 가능", p.OwnCustomers)
	add(p.Objection, "", "", "nobody who objected to profiling", "프로파일링을 거부한 사람 제외")
	if p.Night != nil {
		add(true, "night", "야간", "%s to %s by the recipient's clock only with a night consent", "수신자 시각 %s~%s에는 야간 동의 필요", p.Night.From, p.Night.Until)
	}
	if p.Hours != nil {
		add(true, "hours", "시간", "only %s to %s by the recipient's clock", "수신자 시각 %s~%s에만", p.Hours.From, p.Hours.Until)
	}
	add(p.Label != "", "label", "표시", "begins with exactly %s", "정확히 %s로 시작", p.Label)
	add(len(p.Names) > 0, "names", "표기", "%s of the sender", "발신자의 %s", strings.Join(p.Names, ", "))
	add(p.NameFirst, "", "", "its name in the first line", "첫 줄에 이름")
	if o := p.OptOut; o != nil {
		var ways []string
		if o.Number != "" {
			ways = append(ways, fmt.Sprintf(a.text("a number %s…", "%s 번호"), o.Number))
		}
		if o.Link {
			ways = append(ways, a.text("a link", "링크"))
		}
		ways = append(ways, o.Says...)
		add(true, "opt-out", "수신거부", "%s", "%s", strings.Join(ways, a.text(" or ", " 또는 ")))
		add(o.Last, "", "", "at the end", "글의 끝에")
	}
	for _, topic := range slices.Sorted(maps.Keys(p.Words)) {
		add(true, "never said", "말하지 않는 것", "%s: %s", "%s: %s", topic, strings.Join(p.Words[topic], ", "))
	}
	a.Sayf("%s v%d: %s", p.ID, p.Version, p.Title.In(a.Lang))
	a.PrintTable([]Column{{Title: a.text("Part", "항목")}, {Title: a.text("Rule", "규칙")}}, rows)
}
