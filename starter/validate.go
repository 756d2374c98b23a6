package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
)

func newValidateCommand(app *App) *cobra.Command {
	var policyFile string
	command := &cobra.Command{
		Use:     "validate SPEC",
		GroupID: groupCampaign,
		Short:   "Check a campaign's spec, and show everything that is wrong with it",
		Long: `Check a campaign's spec without any server: its keys, dates, amounts, rules and templates,
and the limits of the policy, if there is one. Everything that is wrong is shown at
once, with its line and what would put it right, in the language of --lang.

docs/spec.md explains every key; schema/campaign.schema.json lets an editor complete them.`,
		Example: `  starter validate examples/card-spend.yaml --policy examples/policy.yaml
  starter validate my-campaign.yaml --lang ko
  starter validate my-campaign.yaml --json | jq '.faults[].field'`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: yamlFiles,
		RunE: func(_ *cobra.Command, args []string) error {
			return app.validate(args[0], policyFile)
		},
	}
	command.Flags().StringVar(&policyFile, "policy", "", "policy file whose limits the spec has to keep to (default: policy.yaml beside the spec or above it)")
	_ = command.MarkFlagFilename("policy", "yaml", "yml")
	return command
}

func yamlFiles(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return []string{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
}

func (a *App) validate(specFile, policyFile string) error {
	var policy *campaign.Policy
	if _, err := os.Stat(nearPolicy(specFile)); policyFile == "" && err == nil {
		policyFile = nearPolicy(specFile)
	}
	if policyFile != "" {
		read, err := readPolicy(policyFile)
		if err != nil {
			return a.refuse(policyFile, err)
		}
		policy = &read
	}
	spec, err := readSpec(specFile, policy)
	if err != nil {
		return a.refuse(specFile, err)
	}
	if a.JSON {
		return a.PrintJSON(verdict{File: specFile, Valid: true, Campaign: spec.Campaign, Hash: spec.Hash(), Faults: []campaign.Fault{}})
	}
	a.describe(spec, policyFile)
	return nil
}

// verdict is what validate prints with --json.
type verdict struct {
	File     string           `json:"file"`
	Valid    bool             `json:"valid"`
	Campaign string           `json:"campaign,omitempty"`
	Hash     string           `json:"hash,omitempty"`
	Faults   []campaign.Fault `json:"faults"`
}

// readSpec reads a spec and checks all of it, rules and templates too. With a policy it is also checked against the
// limits, and what it leaves to the policy is filled in. The error joins every campaign.Fault.
func readSpec(path string, policy *campaign.Policy) (campaign.Spec, error) {
	data, err := readText(path)
	if err != nil {
		return campaign.Spec{}, err
	}
	options := checks()
	if policy != nil {
		options = append(options, campaign.WithPolicy(*policy))
	}
	spec, err := campaign.Load(path, data, options...)
	if err != nil || policy == nil {
		return spec, err
	}
	return policy.Complete(spec)
}

// readPolicy reads a policy and checks it.
func readPolicy(path string) (campaign.Policy, error) {
	data, err := readText(path)
	if err != nil {
		return campaign.Policy{}, err
	}
	return campaign.DecodePolicy(path, data)
}

func readText(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, campaign.Fault{File: path, Message: campaign.Text{"en": "there is no such file", "ko": "파일이 없습니다"}}
	}
	return data, err
}

// refuse shows the faults of a file and gives the error that ends the command.
func (a *App) refuse(file string, err error) error {
	faults := campaign.Faults(err)
	if len(faults) == 0 {
		return err
	}
	if a.JSON {
		if err := a.PrintJSON(verdict{File: file, Faults: faults}); err != nil {
			return err
		}
	} else {
		a.printFaults(faults)
	}
	summary := fmt.Errorf("%s: %d faults", file, len(faults))
	switch {
	case a.Lang == "ko":
		summary = fmt.Errorf("%s: 오류 %d개", file, len(faults))
	case len(faults) == 1:
		summary = fmt.Errorf("%s: 1 fault", file)
	}
	return withExit(ExitInvalid, summary)
}

// printFaults writes each fault as its place, what is wrong, and the way out.
func (a *App) printFaults(faults []campaign.Fault) {
	for _, fault := range faults {
		place := fault.File
		if fault.Line > 0 {
			place = fmt.Sprintf("%s:%d:%d", fault.File, fault.Line, fault.Column)
		}
		if fault.Field != "" {
			place += "  " + fault.Field
		}
		fmt.Fprintln(a.Out, place)
		fmt.Fprintln(a.Out, "    "+fault.Message.In(a.Lang))
		if hint := fault.Hint.In(a.Lang); hint != "" {
			fmt.Fprintln(a.Out, "    → "+hint)
		}
	}
}

// describe says back what was understood, so that a wrong date or amount is seen even where it is no fault.
func (a *App) describe(spec campaign.Spec, policyFile string) {
	amount := func(value money.Minor) string { return money.Format(value, spec.Currency, a.Lang) }
	a.Sayf("✓ %s (%s)", spec.Title.In(a.Lang), spec.Campaign)
	rows := [][]string{{a.text("window", "기간"), a.window(spec)}}
	if size := spec.Audience.Size; size > 0 {
		rows = append(rows, []string{a.text("audience", "대상"), fmt.Sprintf(a.text("%s customers, %s of them control", "고객 %s명, 그중 대조군 %s"), groups(uint64(size)), spec.Audience.Control)})
	} else {
		rows = append(rows, []string{a.text("audience", "대상"), fmt.Sprintf(a.text("all who fit the rule, %s of them control", "규칙에 맞는 모든 고객, 그중 대조군 %s"), spec.Audience.Control)})
	}
	rows = append(rows, []string{a.text("offers", "혜택"), fmt.Sprint(len(spec.Offers))})
	exposure := a.text("from the policy", "정책에서 정함")
	if spec.Budget.Exposure > 0 {
		exposure = amount(spec.Budget.Exposure)
	}
	rows = append(rows, []string{a.text("budget", "예산"), fmt.Sprintf(a.text("%s expected, at most %s out", "기대 비용 %s, 최대 노출액 %s"), amount(spec.Budget.Expected), exposure)})
	rows = append(rows, []string{a.text("touches", "접촉"), fmt.Sprintf(a.text("%d, between %s and %s", "%d회, %s~%s 사이"), len(spec.Touches), spec.Timing.From, spec.Timing.Until)})
	if policyFile != "" {
		rows = append(rows, []string{a.text("policy", "정책"), fmt.Sprintf(a.text("within the limits of %s", "%s의 한도 안입니다"), policyFile)})
	} else {
		rows = append(rows, []string{a.text("policy", "정책"), a.text("none found: name one with --policy", "없음: --policy로 지정하세요")})
	}
	a.PrintTable([]Column{{Title: a.text("Part", "항목")}, {Title: a.text("As understood", "이해한 내용")}}, rows)
}

func (a *App) window(spec campaign.Spec) string {
	zone, err := campaign.LoadZone(spec.Zone)
	if err != nil {
		return ""
	}
	if spec.Window.Starts.IsZero() {
		text := spec.Window.Length.String()
		if spec.Schedule != nil {
			text += " · " + spec.Schedule.Cron
		}
		return text + " · " + spec.Zone
	}
	times, err := spec.Times(time.Time{})
	if err != nil {
		return ""
	}
	const layout = "2006-01-02 15:04"
	return times.Opens.In(zone).Format(layout) + " – " + times.Closes.In(zone).Format(layout) + " " + spec.Zone
}
