package warehouse

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// Imports take turns: making a table succeeds for one of them only, and a
// number in it that grows shows that its holder lives. No clock is compared,
// so that machines need not agree on the time.
const (
	importLockTable = "import_lock"
	importBeats     = 6 // signs of life within the patience of those who wait

	codeTableExists = 57
)

// lockImports waits until no other import runs. unlock ends the turn.
func (w *Warehouse) lockImports(ctx context.Context, meter *importMeter, patience time.Duration) (unlock func() error, err error) {
	defer meter.waiting.Store("")
	var last uint64
	still := time.Duration(0)
	for {
		err := w.conn.Exec(ctx, w.config.DDL(oneStatement(query("import_lock"))))
		if err == nil {
			return w.holdImportLock(ctx, patience/importBeats), nil
		}
		if !hasCode(err, codeTableExists) {
			return nil, fmt.Errorf("take the lock of imports: %w", err)
		}
		beat, err := w.countQuery(ctx, "import_lock_beats", nil)
		if err != nil && !hasCode(err, codeUnknownTable) {
			return nil, fmt.Errorf("look whether another import runs: %w", err)
		}
		if beat != last {
			last, still = beat, 0
		}
		if still >= patience {
			if err := w.dropImportLock(ctx); err != nil {
				return nil, err
			}
			continue
		}
		meter.waiting.Store("another import runs, or was killed a few seconds ago; waiting for it")
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(patience / importBeats):
			still += patience / importBeats
		}
	}
}

func (w *Warehouse) holdImportLock(ctx context.Context, every time.Duration) func() error {
	beating, stop := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for beat := uint64(1); ; beat++ {
			// A beat that is lost only makes others less patient.
			_ = w.conn.Exec(beating, query("import_lock_beat"), args{"beat": beat}.list()...)
			select {
			case <-beating.Done():
				return
			case <-tick.C:
			}
		}
	})
	return func() error {
		stop()
		done.Wait()
		return w.dropImportLock(context.WithoutCancel(ctx))
	}
}

func (w *Warehouse) dropImportLock(ctx context.Context) error {
	if err := w.conn.Exec(ctx, w.config.DDL(oneStatement(query("import_drop"))), args{"name": importLockTable}.list()...); err != nil {
		return fmt.Errorf("give the lock of imports back: %w", err)
	}
	return nil
}

func hasCode(err error, code int32) bool {
	var exception *clickhouse.Exception
	return errors.As(err, &exception) && exception.Code == code
}
