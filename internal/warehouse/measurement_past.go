package warehouse

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/danbi-project/danbi/internal/measurement"
)

// mostPast is how many customers' keys fit into one statement; that many say well enough how customers vary.
const mostPast = 20_000

// Past adds up what customers did between two instants, beside the same in the baseline before opens, for each metric that
// is a mean over customers. Of more than 20,000 customers every n-th is looked at.
func (w *Warehouse) Past(ctx context.Context, customers []uint32, currency string, opens, closes time.Time, baseline time.Duration) (map[measurement.Metric]measurement.Sums, error) {
	if step := (len(customers) + mostPast - 1) / mostPast; step > 1 {
		var some []uint32
		for i := 0; i < len(customers); i += step {
			some = append(some, customers[i])
		}
		customers = some
	}
	study := map[measurement.Metric]measurement.Sums{}
	if len(customers) == 0 {
		return study, nil
	}
	some := func(n float64) float64 { return min(n, 1) }
	seen := uint64(0)
	err := w.each(ctx, "measurement_past", args{
		"customers": customers, "currency": currency, "before": second(opens.Add(-baseline)), "opens": second(opens), "closes": second(closes),
	}, func(rows driver.Rows) error {
		var spend, bought, spendBefore, boughtBefore float64
		if err := rows.Scan(&spend, &bought, &spendBefore, &boughtBefore); err != nil {
			return err
		}
		seen++
		study[measurement.Spend] = study[measurement.Spend].Observe(spend, spendBefore)
		study[measurement.Purchases] = study[measurement.Purchases].Observe(bought, boughtBefore)
		study[measurement.Response] = study[measurement.Response].Observe(some(bought), some(boughtBefore))
		return nil
	})
	for _, m := range []measurement.Metric{measurement.Spend, measurement.Purchases, measurement.Response} {
		sums := study[m]
		sums.Customers += uint64(len(customers)) - seen // who bought nothing adds nothing
		study[m] = sums
	}
	return study, err
}
