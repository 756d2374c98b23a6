package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/features"
	"github.com/danbi-project/danbi/internal/warehouse"
)

// What is sensitive chose the customer, and no sentence names it or its value: by the catalogue, by the policy, or by being
// no longer defined.
func TestSensitiveFeaturesAreNamedToNobody(t *testing.T) {
	own := []features.Own{
		{Name: "coffee_60d", Meaning: campaign.Text{"en": "coffees", "ko": "커피"}, Type: features.TypeCount, From: "transactions"},
		{Name: "clinic_60d", Meaning: campaign.Text{"en": "visits to a clinic", "ko": "병원 방문"}, Type: features.TypeCount, From: "transactions", Sensitive: true},
	}
	s := &warehouse.WhyScored{}
	for _, name := range []string{"coffee_60d", "clinic_60d", "age", "spend_28d", "dropped_feature"} {
		s.Features, s.Effects = append(s.Features, name), append(s.Effects, 1)
		s.Low, s.High = append(s.Low, 7), append(s.High, 8)
	}
	for _, lang := range []string{"en", "ko"} {
		a := &App{Lang: lang}
		told := a.reasonsOf(campaign.Spec{Currency: "KRW"}, features.Catalogue(own), []string{"spend_28d"}, s)
		require.Len(t, told, 5)
		require.Contains(t, told[0], own[0].Meaning.In(lang))
		require.Contains(t, told[0], "7")
		for _, sentence := range told[1:] {
			for _, secret := range []string{"clinic", "병원", "age", "나이", "years", "28", "dropped", "7"} {
				require.False(t, strings.Contains(sentence, secret), sentence)
			}
		}
	}
}
