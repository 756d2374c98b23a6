package targeting

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRulesAskAboutBehaviour(t *testing.T) {
	rule, err := CompileRule(`bought("category", "coffee", 30) >= 2 && bought("brand", "b", 30) == 0 || spent("merchant", "m", 90) > 50.5 && bought("category", "coffee", 30) > 9`, "USD")
	require.NoError(t, err)
	require.Equal(t, []Window{{"bought", "category", "coffee", 30}, {"bought", "brand", "b", 30}, {"spent", "merchant", "m", 90}}, rule.Windows, "each once")
	require.Equal(t, 90, rule.Longest())
	columns, params := rule.Behaviour()
	require.Len(t, columns, 3)
	require.Equal(t, map[string]any{"window_0": "coffee", "window_1": "b", "window_2": "m"}, params)
	require.True(t, rule.Match(&Row{Windows: []float64{2, 0, 0}}))
	require.False(t, rule.Match(&Row{Windows: []float64{2, 1, 0}}))
	require.True(t, rule.Match(&Row{Windows: []float64{10, 1, 5051}}), "minor units against major ones")
	require.False(t, rule.Match(&Row{Windows: []float64{10, 1, 5050}}))
	require.False(t, rule.Match(&Row{}), "nothing was bought")
}

func TestRulesJoinAudiencesAndOwnFeatures(t *testing.T) {
	rule, err := CompileRule(`(own["coffee_60d"] >= 3 || audience("spring")) && !audience("summer")`, "KRW")
	require.NoError(t, err)
	require.Equal(t, []string{"coffee_60d"}, rule.Own)
	require.Equal(t, []string{"spring", "summer"}, rule.Audiences)
	require.True(t, rule.Match(&Row{Own: map[string]float64{"coffee_60d": 3}}))
	require.True(t, rule.Match(&Row{Audiences: map[string]bool{"spring": true}}))
	require.False(t, rule.Match(&Row{Audiences: map[string]bool{"spring": true, "summer": true}}))
}

func TestBadWindowsAreToldWithTheirPlace(t *testing.T) {
	for text, says := range map[string]string{
		`bought("category", "coffee") > 1`:           "1:1: bought takes what to go by",
		`age > 3 && bought("colour", "red", 30) > 1`: "goes by category, brand or merchant",
		`bought("category", "coffee", 0) > 1`:        "1 to 1826 days",
		`bought("category", age, 30) > 1`:            "bought takes",
		`bought("category", "coffee", 30)`:           "not a condition",
		`audience(3)`:                                "audience takes the id",
		`audience("a") > 1`:                          "is compared with",
		`vought("category", "coffee", 30) > 1`:       "there is no function vought",
		`own["x"] == "y"`:                            "is compared with",
		`bought("category", "coffee", 30) == "2"`:    "is compared with",
		`spent("category", "coffee", 30 + 1) > 1`:    "spent takes",
		`bought("category", "coffee", 30, 4) > 1`:    "bought takes",
		`bought("category", "coffee", 99999) > 1`:    "1 to 1826 days",
		`own[3] > 1`: "only category_shares can be looked into",
		`bought("category", "'; DROP TABLE x", 30) == 1`: "",
	} {
		rule, err := CompileRule(text, "KRW")
		if says == "" {
			require.NoError(t, err)
			require.NotContains(t, rule.SQL, "DROP")
			columns, _ := rule.Behaviour()
			require.NotContains(t, columns[0], "DROP", "a name is a parameter")
			continue
		}
		require.ErrorIs(t, err, ErrBadRule, text)
		require.ErrorContains(t, err, says, text)
	}
}

func TestAShareOfTheEligible(t *testing.T) {
	scores := [][]uint32{make([]uint32, Bins), make([]uint32, Bins)}
	scores[0][3], scores[1][700] = 60, 40
	require.Equal(t, 0, SizeOf(scores, 0, 0))
	require.Equal(t, 20, SizeOf(scores, 0, .2))
	require.Equal(t, 7, SizeOf(scores, 7, .2))
	require.Equal(t, 20, SizeOf(scores, 50, .2))
	require.Equal(t, 1, SizeOf(scores, 0, .0001))
	require.Equal(t, 50, SizeOf(scores, 50, 1))
}
