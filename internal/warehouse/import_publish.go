package warehouse

import (
	"context"
	"fmt"
	"slices"

	"go.uber.org/zap"
)

// begin records the import as decided: whoever finds it so, finishes it.
func (r *importRun) begin(ctx context.Context) error {
	var imports, targets, files, states []string
	var bytes, rows, rejected []uint64
	var at Millis
	for _, f := range r.summary.Files {
		imports, targets, files = append(imports, r.id), append(targets, f.Source), append(files, f.File)
		bytes, rows, rejected = append(bytes, uint64(f.Bytes)), append(rows, f.Records), append(rejected, f.Broken)
		states, at = append(states, "running"), append(at, r.o.Now.UnixMilli())
	}
	for _, t := range r.summary.Targets {
		imports, targets, files = append(imports, r.id), append(targets, t.Target), append(files, "")
		bytes, rows, rejected = append(bytes, 0), append(rows, t.New), append(rejected, t.Rejected)
		states, at = append(states, "running"), append(at, r.o.Now.UnixMilli())
	}
	columns := Columns{imports, targets, files, bytes, rows, rejected, states, at}
	if err := r.w.insertColumns(ctx, insertStatement("import_begin"), "", columns); err != nil {
		return fmt.Errorf("record the import: %w", err)
	}
	return nil
}

func (w *Warehouse) importDone(ctx context.Context, id string) (bool, error) {
	n, err := w.countQuery(ctx, "import_done", args{"import": id})
	return n > 0, err
}

// finishImports publishes what a killed import had decided.
func (w *Warehouse) finishImports(ctx context.Context, log *zap.Logger) error {
	ids, err := w.texts(ctx, "import_running", nil)
	if err != nil {
		return fmt.Errorf("look for unfinished imports: %w", err)
	}
	for _, id := range ids {
		log.Info("finishing an import that was interrupted", zap.String("import", id))
		targets, err := w.texts(ctx, "import_targets", args{"import": id})
		if err != nil {
			return fmt.Errorf("look for unfinished imports: %w", err)
		}
		if err := w.publishImport(ctx, id, targets, true, log); err != nil {
			return err
		}
	}
	return nil
}

// keepsEveryRow are the targets that are no ReplacingMergeTree: a second copy
// of a row would stay.
var keepsEveryRow = []string{"quarantine", "consents", "suppressions", "transactions", "interactions"}

// publishImport moves what is ready into place, partition by partition, and
// closes the import. With resume a killed one may have done a part of it.
func (w *Warehouse) publishImport(ctx context.Context, id string, targets []string, resume bool, log *zap.Logger) error {
	left, err := w.texts(ctx, "import_left", args{"database": w.Database()})
	if err != nil {
		return err
	}
	for _, target := range readyTargets(targets) {
		if !slices.Contains(left, readyTable(target)) {
			return fmt.Errorf("import %s was decided but its table %s is gone; restore it, or delete the import's rows from imports to import its files again", id, readyTable(target))
		}
		if err := w.publishTarget(ctx, target, resume, log); err != nil {
			return fmt.Errorf("publish %s (run the import again to finish it): %w", target, err)
		}
	}
	log.Debug("import published", zap.String("import", id))
	if err := w.conn.Exec(ctx, query("import_finish"), args{"import": id}.list()...); err != nil {
		return fmt.Errorf("close the import (run it again to finish it): %w", err)
	}
	return w.dropStaging(ctx)
}

func (w *Warehouse) publishTarget(ctx context.Context, target string, resume bool, log *zap.Logger) error {
	partitions, err := w.texts(ctx, "import_partitions", args{"ready": readyTable(target)})
	if err != nil {
		return err
	}
	for _, p := range partitions {
		publish := w.movePartition
		if resume {
			publish = w.addMissing
		}
		if err := publish(ctx, target, p, log); err != nil {
			return fmt.Errorf("partition %s: %w", p, err)
		}
		log.Debug("published", zap.String("table", target), zap.String("partition", p))
	}
	return nil
}

// movePartition puts a partition into place as a whole: a reader sees all of
// it or nothing. ALTER takes no parameters for names and partitions, so they
// are quoted.
func (w *Warehouse) movePartition(ctx context.Context, target, partition string, _ *zap.Logger) error {
	return w.conn.Exec(ctx, w.config.DDL("ALTER TABLE "+quoteName(readyTable(target))+" MOVE PARTITION ID "+quoteText(partition)+" TO TABLE "+quoteName(target)))
}

// addMissing is movePartition after a kill: some rows may be in both places.
func (w *Warehouse) addMissing(ctx context.Context, target, partition string, log *zap.Logger) error {
	name := "import_resume"
	if slices.Contains(keepsEveryRow, target) {
		name += "_" + target
	}
	a := args{"ready": readyTable(target), "target": target, "partition": partition}
	if err := w.conn.Exec(ctx, query(name), a.list()...); err != nil {
		return err
	}
	log.Debug("added what was missing", zap.String("table", target), zap.String("partition", partition))
	return w.conn.Exec(ctx, w.config.DDL("ALTER TABLE "+quoteName(readyTable(target))+" DROP PARTITION ID "+quoteText(partition)))
}
