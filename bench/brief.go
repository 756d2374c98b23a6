package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/dispatch"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/targeting"
)

// exampleCustomers is the audience that the example's budget is made for.
const exampleCustomers = 20_000

// campaignBrief is the example of a card company, for everybody who is eligible: the budget grows with the population,
// and the policy's limits with the budget, so that nothing but the engines bounds the run.
func campaignBrief(customers int) (campaign.Brief, error) {
	read := func(name string) (string, []byte, error) {
		path := filepath.Join("examples", name)
		data, err := os.ReadFile(path)
		if err != nil {
			err = fmt.Errorf("run this from the repository's root: %w", err)
		}
		return path, data, err
	}
	path, data, err := read("policy.yaml")
	if err != nil {
		return campaign.Brief{}, err
	}
	policy, err := campaign.DecodePolicy(path, data)
	if err != nil {
		return campaign.Brief{}, err
	}
	if path, data, err = read("card-spend.yaml"); err != nil {
		return campaign.Brief{}, err
	}
	spec, err := campaign.Decode(path, data)
	if err != nil {
		return campaign.Brief{}, err
	}
	times := money.Minor(customers+exampleCustomers-1) / exampleCustomers
	spec.Audience.Size = 0
	spec.Budget.Expected, spec.Budget.Exposure = spec.Budget.Expected*times, spec.Budget.Exposure*times
	policy.Limits.Expected, policy.Limits.Exposure, policy.Limits.Customers = spec.Budget.Expected, spec.Budget.Exposure, customers
	policy.AutoApprove = &policy.Limits
	if spec, err = policy.Complete(spec); err != nil {
		return campaign.Brief{}, err
	}
	return campaign.Brief{Spec: spec, Policy: policy}, spec.Validate(campaign.WithRules(targeting.CheckRule), campaign.WithFeatures(targeting.CheckFeature),
		campaign.WithTemplates(dispatch.CheckTemplate), campaign.WithPolicy(policy))
}
