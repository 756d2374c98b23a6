package warehouse

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/danbi-project/danbi/internal/importing"
)

// ScanImport reads what a mapping would import from a folder and hands its rows to flush, table by table, without a
// warehouse: rows that can't be read are left out and counted. A table is used again after flush returns.
func ScanImport(ctx context.Context, m *importing.Mapping, dir string, flush func(*importing.Table) error) (rejected uint64, err error) {
	r := &importRun{m: m}
	if r.files, err = importFiles(m, dir); err != nil {
		return 0, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	r.meter = newImportMeter(nil)
	defer r.meter.stop()
	if err := r.preflight(); err != nil {
		return 0, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	binder, err := r.fillLookups(ctx)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	work := make(chan importBlock, 2)
	group, reading := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(work)
		return r.cut(reading, binder, work)
	})
	group.Go(func() error {
		worker := importing.NewWorker(importTableRows)
		worker.Flush = flush
		worker.Reject = func(reject importing.Reject) error {
			if reject.Target == "transactions" && !reject.Aside {
				rejected++
			}
			return nil
		}
		for b := range work {
			err := b.block.Each(
				func(line uint64, record []string) error { return worker.Record(b.binding, b.file, line, record) },
				func(line uint64, reason string) error { return worker.Unreadable(b.binding, b.file, line, reason) })
			if err == nil {
				err = worker.EndBlock()
			}
			if err != nil {
				return err
			}
		}
		return worker.Close()
	})
	return rejected, group.Wait()
}
