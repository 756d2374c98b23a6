package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/danbi-project/danbi/internal/importing"
	"github.com/danbi-project/danbi/internal/stack"
	"github.com/danbi-project/danbi/internal/warehouse"
)

// importBench measures one import of CSV files, bad rows among them, into an empty warehouse.
type importBench struct {
	rows int
	seed uint64
}

func (b *importBench) flags(f *flag.FlagSet) {
	f.IntVar(&b.rows, "rows", 5_000_000, "lines of sales; members and items come on top")
	f.Uint64Var(&b.seed, "seed", 1, "of the files' content")
}

func (b *importBench) run(ctx context.Context, quick bool) (map[string]any, error) {
	if quick {
		b.rows = 300_000
	}
	e, err := bringUp(ctx, stack.PartTemporal, stack.PartSink, stack.PartWorker)
	if err != nil {
		return nil, err
	}
	defer e.down()
	dir := filepath.Join(e.dir, "files")
	truth, err := b.generate(ctx, dir)
	if err != nil {
		return nil, err
	}
	say("wrote %d lines, %d of them bad, %d MB", truth.Records, truth.quarantined(), truth.Bytes>>20)
	mapping, err := importing.Load(filepath.Join(dir, "import.yaml"))
	if err != nil {
		return nil, err
	}

	out := map[string]any{"file_mb": float64(truth.Bytes) / (1 << 20)}
	section := e.begin(stack.PartEngine)
	summary, err := warehouse.Import(ctx, e.store, mapping, dir, warehouse.ImportOptions{Progress: progressOfImport()})
	section.end(out)
	if err != nil {
		return nil, err
	}
	if err := b.check(ctx, e, truth, summary); err != nil {
		return nil, err
	}
	out["rows"], out["quarantined"], out["customers"] = summary.Records, summary.Quarantined, summary.NewCustomers
	out["rows_per_s"] = float64(summary.Records) / out["seconds"].(float64)
	return out, nil
}

// generate writes the files in a process of its own.
func (b *importBench) generate(ctx context.Context, dir string) (truth importTruth, err error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return truth, err
	}
	self, err := os.Executable()
	if err != nil {
		return truth, err
	}
	cmd := exec.CommandContext(ctx, self, generateCommand, dir, fmt.Sprint(b.rows), fmt.Sprint(b.seed))
	cmd.Stderr = os.Stderr
	printed, err := cmd.Output()
	if err != nil {
		return truth, fmt.Errorf("write the files to import: %w", err)
	}
	return truth, json.Unmarshal(printed, &truth)
}

// check counts by queries of its own what is in the tables, and what the import says of itself.
func (b *importBench) check(ctx context.Context, e *engines, truth importTruth, summary *warehouse.ImportSummary) error {
	for _, c := range []struct {
		what, query string
		want        uint64
	}{
		{"transactions", "SELECT count() FROM transactions", truth.Transactions},
		{"purchases", "SELECT uniqExact(id) FROM transactions", truth.Purchases},
		{"the sum of amounts", "SELECT toUInt64(sum(amount)) FROM transactions", uint64(truth.Amount)},
		{"customers", "SELECT uniqExact(customer_key) FROM customers", truth.Customers},
		{"the greatest customer key", "SELECT toUInt64(max(customer_key)) FROM customers", truth.Customers},
		{"consents", "SELECT count() FROM consents", truth.Consents},
		{"products", "SELECT uniqExact(product) FROM products", truth.Products},
		{"lines without their item's category", "SELECT countIf(category = '' OR brand = '') FROM transactions", 0},
		{"rows in quarantine", "SELECT count() FROM quarantine", truth.quarantined()},
		{"unknown customers in quarantine", "SELECT countIf(field = 'id') FROM quarantine", truth.Alien},
		{"bad dates in quarantine", "SELECT countIf(field = 'at') FROM quarantine", truth.BadDates},
		{"negative amounts in quarantine", "SELECT countIf(field = 'amount') FROM quarantine", truth.Negative},
	} {
		got, err := e.count(ctx, c.query)
		if err != nil {
			return err
		}
		if got != c.want {
			return fmt.Errorf("%w: %s: %d, the files hold %d", errWrong, c.what, got, c.want)
		}
	}
	if summary.Quarantined != truth.quarantined() || summary.Records != truth.Records {
		return fmt.Errorf("%w: the import says that it read %d lines and rejected %d; the files hold %d, %d of them bad",
			errWrong, summary.Records, summary.Quarantined, truth.Records, truth.quarantined())
	}
	return nil
}

func progressOfImport() func(warehouse.ImportProgress) {
	var stage string
	return func(p warehouse.ImportProgress) {
		if p.Stage != stage {
			stage = p.Stage
			say("import: %s", stage)
		}
	}
}
