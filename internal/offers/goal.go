package offers

import (
	"math"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
)

// Threshold is the customer's own goal: what it is asked beyond times the stretch, plus the step, rounded up to what reads
// well or to the rung's own unit, within the rung's limits. A forecast beside it lifts a personal goal to what no more than
// mostWithout would reach anyway.
func Threshold(t campaign.Threshold, base float64, forecast *Forecast, readable money.Minor) money.Minor {
	if t.Fixed > 0 {
		return t.Fixed
	}
	stretch := t.Stretch
	if stretch == 0 {
		stretch = 1
	}
	if t.Chance > 0 && forecast != nil {
		base = forecast.Quantile(float64(t.Chance))
	}
	goal := stretch*base + float64(t.Step)
	if forecast != nil {
		goal = max(goal, forecast.Quantile(1-mostWithout))
	}
	// Amounts beyond 2^52 are no longer whole in a float; nobody's goal is one of them.
	up := money.Minor(math.Min(math.Ceil(goal), 1<<52))
	if t.RoundTo > 0 {
		up = roundUp(up, t.RoundTo)
	} else {
		up = Readable(up, readable)
	}
	up = max(up, t.Min)
	if t.Max > 0 {
		up = min(up, t.Max)
	}
	return max(up, 1)
}

// Readable rounds an amount up so that it reads well: to 1, 2 or 5 with zeros behind it, the largest of them that is at
// most a fifth of the amount, and at least the least that prices are told in. 28,000 becomes 30,000, 312,000 becomes 350,000.
func Readable(amount, least money.Minor) money.Minor {
	step := max(least, 1)
	for unit := step; ; unit *= 10 {
		for _, times := range [...]money.Minor{1, 2, 5} {
			if unit*times > amount/5 {
				return roundUp(amount, step)
			}
			step = unit * times
		}
	}
}

func roundUp(amount, step money.Minor) money.Minor {
	if rest := amount % step; rest > 0 && amount <= math.MaxInt64-step {
		return amount + step - rest
	}
	return amount
}

// leastReadable is the least step in which people tell prices of a currency: a thousand won, a hundred yen, one dollar.
func leastReadable(currency string) money.Minor {
	exponent, err := money.Exponent(currency)
	switch {
	case err != nil:
		return 1
	case currency == "KRW" || currency == "IDR" || currency == "VND":
		return 1000 * pow10(exponent)
	case exponent == 0:
		return 100
	}
	return pow10(exponent)
}

func pow10(n int) money.Minor {
	out := money.Minor(1)
	for range n {
		out *= 10
	}
	return out
}
