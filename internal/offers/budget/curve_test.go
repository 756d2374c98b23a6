package budget

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// The curve against sums at prices, one by one.
func TestCurveIsWhatEachPriceLeadsTo(t *testing.T) {
	table, limits := crowd(t, 3000)
	prices := make([]float64, len(limits))
	for j := range prices {
		prices[j] = 0.01 * float64(j%4)
	}
	c := table.Curve(limits, Ask{Prices: prices}, 0, 1)
	var at Point
	step := 0
	for i := range c.Use {
		at.Use, at.Value = at.Use+c.Use[i], at.Value+c.Value[i]
		if i != CurveSteps/2-100 && i != CurveSteps/2 && i != CurveSteps/2+90 {
			continue
		}
		prices[0] = math.Exp(curveSpan - 2*curveSpan*float64(i)/CurveSteps)
		sums := table.Sums(limits, Ask{Prices: prices})
		require.Equal(t, Point{sums.Use[0], sums.Value}, at, "price %v", prices[0])
		step++
	}
	require.Equal(t, 3, step)
	points := c.Points(at.Use, 10)
	require.Len(t, points, 11)
	for i := range points[1:] {
		require.Greater(t, points[i+1].Use, points[i].Use)
	}
	require.Equal(t, points[5], c.At(points[5].Use))
}
