package world

import (
	"math"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryParameterHasItsRow(t *testing.T) {
	require.Equal(t, reflect.TypeFor[Parameters]().NumField(), len(Table))
	for i, row := range Table {
		require.Equal(t, reflect.TypeFor[Parameters]().Field(i).Tag.Get("json"), row.Name, "in the order of the struct")
		require.Less(t, row.Low, row.High, row.Name)
		require.True(t, row.Low <= row.Default && row.Default <= row.High, row.Name)
		require.NotEmpty(t, row.Source, row.Name)
	}
}

func TestMarketsAreDrawnFromTheirRanges(t *testing.T) {
	require.Equal(t, DrawParameters(5), DrawParameters(5))
	means := map[string]float64{}
	const draws = 400
	for seed := range uint64(draws) {
		p := DrawParameters(seed)
		require.NoError(t, p.check())
		for _, row := range Table {
			v := p.Get(row.Name)
			require.True(t, v >= row.Low && v <= row.High, row.Name)
			means[row.Name] += v / draws
		}
	}
	for _, row := range Table {
		require.InDelta(t, (row.Low+row.High)/2, means[row.Name], 4*(row.High-row.Low)/math.Sqrt(12*draws), row.Name)
	}
}

func TestImpossibleParametersAreNamed(t *testing.T) {
	p := DefaultParameters()
	p.RateMean, p.AppShare, p.BrandS = 0, 1.2, math.NaN()
	err := p.check()
	require.ErrorContains(t, err, "rate_mean is 0")
	require.ErrorContains(t, err, "app_share is 1.2")
	require.ErrorContains(t, err, "brand_s is NaN")
	_, err = New(Population{Customers: 1, Months: 1, Until: small(t, nil).Until, Parameters: p})
	require.ErrorContains(t, err, "rate_mean")
}

func TestNoParametersAreTheDefaults(t *testing.T) {
	w := small(t, nil)
	require.Equal(t, DefaultParameters(), w.Parameters)
	require.NotContains(t, w.String(), "parameters")
	w = small(t, func(p *Population) { p.Parameters = DrawParameters(1) })
	require.Contains(t, w.String(), "parameters of its own")
}
