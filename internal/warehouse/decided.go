package warehouse

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/danbi-project/danbi/internal/campaign"
)

// Decided is one decision of a run: about one customer, or about the run as a whole when Customer is 0.
type Decided struct {
	Step     string    `json:"step"` // run, audience, offer, hour, message, reward, payout
	Customer uint32    `json:"customer_key,omitempty"`
	Decided  string    `json:"decided"`
	Reason   string    `json:"reason,omitempty"`
	Numbers  string    `json:"numbers,omitempty"` // name=value, separated by blanks
	Version  string    `json:"version,omitempty"` // of the plan, with its rebase; the wave of a message; the currency of money
	At       time.Time `json:"at"`                // campaign time
}

// decidedAtOnce is how many customers' decisions are sorted together, so that a whole campaign's need no more memory.
const decidedAtOnce = 100_000

// RunDecisions are the decisions about the run as a whole, in order.
func (w *Warehouse) RunDecisions(ctx context.Context, run campaign.Run, each func(Decided) error) error {
	return w.each(ctx, "decisions_run", runOnly(run), func(rows driver.Rows) error {
		d := Decided{Step: "run"}
		var actor, subject string
		if err := rows.Scan(&d.Decided, &actor, &subject, &d.Reason, &d.Version, &d.At); err != nil {
			return err
		}
		d.Numbers = "actor=" + actor + " subject=" + subject
		return each(d)
	})
}

// LastDecided is the largest key of a customer about whom the run decided anything; 0 if there is none.
func (w *Warehouse) LastDecided(ctx context.Context, run campaign.Run) (last uint32, err error) {
	err = w.each(ctx, "decisions_last", runOnly(run).with(args{"plan": run.Plan}), func(rows driver.Rows) error { return rows.Scan(&last) })
	return last, err
}

// Decisions gives the decisions about customers with keys from low to high, in the order of their keys, of one step or
// of all (""). A run of millions streams: memory does not grow with it.
func (w *Warehouse) Decisions(ctx context.Context, run campaign.Run, step string, low, high uint32, each func(Decided) error) error {
	for from := uint64(low); from <= uint64(high); from += decidedAtOnce {
		until := min(from+decidedAtOnce-1, uint64(high))
		parameters := runOnly(run).with(args{"plan": run.Plan, "step": step, "low": uint32(from), "high": uint32(until)})
		err := w.each(ctx, "decisions_list", parameters, func(rows driver.Rows) error {
			var d Decided
			if err := rows.Scan(&d.Step, &d.Customer, &d.Decided, &d.Reason, &d.Numbers, &d.Version, &d.At); err != nil {
				return err
			}
			return each(d)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
