package offers

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPoliciesAreChoicesAmongWhatWasPromised(t *testing.T) {
	truth := trueWays{attention: 0.5, effort: 0.04, spread: 0.6}
	rows := truth.simulate(9, 1, 3000)
	k, err := Learn(rows, []string{"a/1"}, learnedAt)
	require.NoError(t, err)
	var outcomes []Outcome
	for _, r := range rows {
		o := Outcome{Past: r, Offer: NoOffer}
		switch {
		case r.Reward > 0:
			o.Offer = map[float64]string{2000: "small", 6000: "middle", 10_000: "large"}[r.Reward]
		case r.Customer.Key%2 == 0:
			o.Offer = "" // control
		}
		outcomes = append(outcomes, o)
	}
	l := LoggedChoices(outcomes, 0.3)
	require.Equal(t, []string{"large", "middle", NoOffer, "small"}, l.Arms)
	require.Less(t, len(l.Outcomes), len(rows))
	policies := l.Policies(k, 0.3)
	require.Len(t, policies, 2+len(l.Arms))
	given := 0
	for _, p := range policies {
		require.Len(t, p.Targets, len(l.Outcomes))
		for i, target := range p.Targets {
			sum := 0.0
			for _, chance := range target {
				sum += chance
			}
			require.InDelta(t, 1, sum, 1e-9)
			if p.Name == PolicyLearned && target[2] == 0 {
				given++
			}
			require.Len(t, l.Covariates(i), 6)
		}
	}
	require.Greater(t, given, len(l.Outcomes)/10, "where offers pay, some are given")
}
