package warehouse

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/danbi-project/danbi/internal/campaign"
)

// aboutCustomers are the tables of decisions about single customers. What sums them up stays: plans and approvals, results,
// reports; so do the books, which commerce law keeps longer.
var aboutCustomers = []string{"audience", "score_reasons", "assignments", "planned_deliveries", "delivery_events", "candidates", "late_redemptions"}

// personal are the tables in which a customer has a name: all others know their key.
var personal = []string{"identities", "contacts"}

// Kept is how many decisions about customers a run has left.
type Kept struct {
	Run   campaign.Run
	Ended time.Time // of its window
	Rows  uint64
}

// KeptBefore are the runs whose windows ended before an instant and that have decisions about customers left.
func (w *Warehouse) KeptBefore(ctx context.Context, before time.Time) ([]Kept, error) {
	var all, left []Kept
	err := w.each(ctx, "retention_due", args{"before": second(before)}, func(rows driver.Rows) error {
		var k Kept
		err := rows.Scan(&k.Run.Campaign, &k.Run.Occurrence, &k.Ended)
		all = append(all, k)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, k := range all {
		for _, table := range aboutCustomers {
			err := w.each(ctx, "retention_count", runOnly(k.Run).with(args{"table": table}), func(rows driver.Rows) error {
				var n uint64
				err := rows.Scan(&n)
				k.Rows += n
				return err
			})
			if err != nil {
				return nil, err
			}
		}
		if k.Rows > 0 {
			left = append(left, k)
		}
	}
	return left, nil
}

// Prune deletes the decisions about single customers of a run. It may be run again.
func (w *Warehouse) Prune(ctx context.Context, run campaign.Run) error {
	for _, table := range aboutCustomers {
		if err := w.conn.Exec(ctx, query("retention_prune"), runOnly(run).with(args{"table": table}).list()...); err != nil {
			return fmt.Errorf("delete what %s says of %s: %w", table, run.Campaign, err)
		}
	}
	return nil
}

// Erase deletes a customer's id, name and addresses. Sums and decisions keep a key that leads to nobody. It may be run again.
func (w *Warehouse) Erase(ctx context.Context, customer uint32) error {
	for _, table := range personal {
		if err := w.conn.Exec(ctx, query("retention_erase"), args{"table": table, "customer": customer}.list()...); err != nil {
			return fmt.Errorf("erase customer #%d from %s: %w", customer, table, err)
		}
	}
	return nil
}
