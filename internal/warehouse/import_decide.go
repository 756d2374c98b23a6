package warehouse

import (
	"context"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2"
	"go.uber.org/zap"

	"github.com/danbi-project/danbi/internal/importing"
)

const (
	importBuckets  = 64
	importPassRows = 4_000_000 // rows that are joined and sorted at once; bounds the memory of a pass
)

// decide finds, from the staged rows, the rows that will be published.
func (r *importRun) decide(ctx context.Context) error {
	if err := r.identities(ctx); err != nil {
		return err
	}
	for i := range r.summary.Targets {
		t := &r.summary.Targets[i]
		staged, err := r.w.countRows(ctx, rawTable(t.Target))
		if err != nil {
			return err
		}
		var strangers uint64
		if staged > 0 {
			if strangers, err = r.strangers(ctx, t.Target); err != nil {
				return err
			}
			if err := r.decideTarget(ctx, t.Target, staged); err != nil {
				return err
			}
		}
		r.o.Log.Debug("decided", zap.String("table", t.Target), zap.Uint64("staged", staged))
		t.Rejected += strangers
		if t.New, err = r.w.countRows(ctx, readyTable(t.Target)); err != nil {
			return err
		}
		if good := t.offered() - t.Rejected; good > t.New {
			t.Already = good - t.New
		}
	}
	var err error
	if r.summary.UnknownProducts, err = r.w.countQuery(ctx, "import_unknown_products", nil); err != nil {
		return err
	}
	r.summary.Quarantined, err = r.w.countRows(ctx, readyTable("quarantine"))
	return err
}

func (r *importRun) identities(ctx context.Context) error {
	imported := args{"imported": instantText(r.o.Now)}
	if err := r.exec(ctx, "import_new_identities", imported); err != nil {
		return err
	}
	var err error
	if r.summary.NewCustomers, err = r.w.countRows(ctx, readyTable("identities")); err != nil {
		return err
	}
	if err := r.exec(ctx, "import_changed_identities", imported); err != nil {
		return err
	}
	return r.exec(ctx, "import_keys_fill", nil)
}

// strangers quarantines the rows of customers that nobody introduced.
func (r *importRun) strangers(ctx context.Context, target string) (uint64, error) {
	if !isOfCustomers(target) {
		return 0, nil
	}
	a := args{"raw": rawTable(target), "files": r.fileNames()}
	var n uint64
	var samples [][]any
	if err := r.w.conn.QueryRow(ctx, query("import_strangers_count"), a.list()...).Scan(&n, &samples); err != nil {
		return 0, fmt.Errorf("look for unknown customers in %s: %w", target, err)
	}
	if n == 0 {
		return 0, nil
	}
	tally := &rejectTally{}
	var places []string
	for _, s := range samples {
		places = append(places, fmt.Sprintf("%v:%v", s[0], s[1]))
	}
	tally.add(target, "id", "no such customer", false, n, places...)
	r.summary.Rejects = append(r.summary.Rejects, tally.list()...)
	a["import"], a["target"], a["imported"] = r.id, target, instantText(r.o.Now)
	return n, r.exec(ctx, "import_strangers", a)
}

func isOfCustomers(target string) bool {
	for _, t := range importing.Targets() {
		if t.Name == target {
			return t.Customer
		}
	}
	return false
}

// decideTarget compares staged rows with what is there, in as many passes as
// keep each of them within bounds.
func (r *importRun) decideTarget(ctx context.Context, target string, staged uint64) error {
	if target == "identities" {
		return nil // decided before, because all else needs the keys
	}
	a := args{"imported": instantText(r.o.Now)}
	if target == "transactions" || target == "interactions" {
		var first, last int64
		if err := r.w.conn.QueryRow(ctx, query("import_span"), args{"raw": rawTable(target)}.list()...).Scan(&first, &last); err != nil {
			return fmt.Errorf("find the span of %s: %w", target, err)
		}
		a["first"], a["last"] = first, last
	}
	names := []string{"import_decide_" + target}
	if target == "transactions" {
		names = append(names, "import_decide_transactions_keyed")
	}
	passes := min(staged/importPassRows+1, importBuckets)
	if !isOfCustomers(target) {
		passes = 1
	}
	for pass := range passes {
		a["low"] = uint8(pass * importBuckets / passes)
		a["high"] = uint8((pass+1)*importBuckets/passes - 1)
		for _, name := range names {
			if err := r.exec(ctx, name, a); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *importRun) exec(ctx context.Context, name string, a args) error {
	// A join that finds nothing gives '' and 0, which the queries rely on, and
	// a sort that outgrows the memory goes to disk.
	ctx = r.w.settings(ctx, clickhouse.Settings{
		"join_use_nulls":                     0,
		"max_bytes_before_external_sort":     int64(1 << 30),
		"max_bytes_before_external_group_by": int64(1 << 30),
	})
	if err := r.w.conn.Exec(ctx, query(name), a.list()...); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func (w *Warehouse) countRows(ctx context.Context, table string) (uint64, error) {
	return w.countQuery(ctx, "import_count", args{"name": table})
}

func (w *Warehouse) countQuery(ctx context.Context, name string, a args) (uint64, error) {
	var n uint64
	if err := w.conn.QueryRow(ctx, query(name), a.list()...).Scan(&n); err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	return n, nil
}
