package report

import (
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/measurement"
	"github.com/danbi-project/danbi/internal/money"
)

const mostBins = 16

// Step is the width of a bin, 1, 2 or 5 times a power of ten, such that a range has at most 16 of them.
func Step(width money.Minor) money.Minor {
	for step := money.Minor(1); ; step *= 10 {
		for _, times := range []money.Minor{1, 2, 5} {
			if width/(step*times) < mostBins-1 || step > 1e17 {
				return step * times
			}
		}
	}
}

// Account adds up what was spent and compares it with what was believed, and says what disturbed the comparison. Call it
// when all else of the document is there. cancelled is when the run was, the zero time if it wasn't.
func (d *Document) Account(contact money.Minor, expected float64, cancelled time.Time) error {
	d.Budget.Messages = 0
	for _, touch := range d.Deliveries {
		for name, n := range touch.States {
			if state, err := campaign.ParseDeliveryState(name); err == nil && (state.MayHaveArrived() || state == campaign.DeliveryBounced) {
				d.Budget.Messages += n
			}
		}
	}
	for i := range d.Overlaps {
		d.Overlaps[i].judge(d.arm("treated"), d.arm("control"))
	}
	if !cancelled.IsZero() {
		d.cancelled(cancelled)
	}
	var err error
	if d.Budget.Contact, err = money.Times(contact, int64(d.Budget.Messages)); err != nil {
		return err
	}
	if d.Budget.Total, err = money.Add(d.Budget.Rewards, d.Budget.Contact); err != nil {
		return err
	}
	d.Forecast.Redeemed, d.Forecast.RedeemedOut = expected, d.Settlement.Qualified
	d.Forecast.CostOut = d.Budget.Total
	// A cost per unit means something only where the units may be claimed, and there are some.
	if e := d.Effect; e != nil && e.Claim == string(measurement.Proven) {
		e.Incremental = e.Difference * float64(e.Treated.Customers)
		effect := measurement.Effect{Treated: measurement.Sums{Customers: e.Treated.Customers}, Difference: e.Difference, Low: e.Low, High: e.High}
		if unit, low, high, ok := effect.PerUnit(float64(d.Budget.Total)); ok {
			e.UnitCost, e.UnitLow, e.UnitHigh = unit, low, high
		}
	}
	return nil
}
