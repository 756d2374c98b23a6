package main

import (
	"os"
	"path/filepath"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/dispatch"
	"github.com/danbi-project/danbi/internal/targeting"
)

// loadBrief reads and checks a spec with the policy that limits it, and shows every fault of either at once.
func (a *App) loadBrief(specPath, policyPath string) (campaign.Brief, error) {
	if _, err := readText(specPath); err != nil { // else the fault would be of a policy beside nothing
		return campaign.Brief{}, a.refuse(specPath, err)
	}
	if policyPath == "" {
		policyPath = nearPolicy(specPath)
	}
	policy, err := readPolicy(policyPath)
	if err != nil {
		return campaign.Brief{}, a.refuse(policyPath, err)
	}
	spec, err := readSpec(specPath, &policy)
	if err != nil {
		return campaign.Brief{}, a.refuse(specPath, err)
	}
	return campaign.Brief{Spec: spec, Policy: policy}, nil
}

// nearPolicy is policy.yaml beside the spec, or in the folder above it.
func nearPolicy(specPath string) string {
	for _, dir := range []string{filepath.Dir(specPath), filepath.Dir(filepath.Dir(specPath))} {
		path := filepath.Join(dir, "policy.yaml")
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return "policy.yaml"
}

// checks are what validating a spec takes beside the spec itself: the rule language and the templates.
func checks() []campaign.Option {
	return []campaign.Option{campaign.WithRules(targeting.CheckRule), campaign.WithFeatures(targeting.CheckFeature), campaign.WithTemplates(dispatch.CheckTemplate), campaign.WithTexts(checkTexts)}
}

// checkTexts checks the texts as they would be sent now, where the window has no start of its own.
func checkTexts(spec campaign.Spec, policy campaign.Policy) []campaign.Fault {
	return dispatch.CheckTexts(spec, policy, clock.Live().At(clock.Wall()))
}
