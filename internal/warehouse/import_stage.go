package warehouse

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/danbi-project/danbi/internal/importing"
)

// The tables that an import works in. There is one import at a time, so the
// names are fixed; what a killed one left is dropped by the next.
func rawTable(target string) string   { return "import_raw_" + target }
func readyTable(target string) string { return "import_ready_" + target }

// rawTargets and readyTargets are what the staging of an import into some
// targets consists of. Keys are always given from customers and identities,
// and unknown products are counted against products.
func rawTargets(targets []string) []string {
	return inOrder(append([]string{"customers", "identities"}, targets...))
}

func readyTargets(targets []string) []string {
	return append([]string{"quarantine"}, inOrder(append([]string{"identities", "products", "transactions"}, targets...))...)
}

// inOrder sorts targets by when they are published: customers are known before
// anything is said of them.
func inOrder(targets []string) []string {
	var all []string
	for _, t := range importing.Targets() {
		if slices.Contains(targets, t.Name) {
			all = append(all, t.Name)
		}
	}
	return all
}

// createStaging makes empty staging tables, whatever a killed import left.
func (w *Warehouse) createStaging(ctx context.Context, targets []string) error {
	if err := w.dropStaging(ctx); err != nil {
		return err
	}
	statements := []string{oneStatement(query("import_keys"))}
	for _, name := range rawTargets(targets) {
		statements = append(statements, oneStatement(query("import_raw_"+name)))
	}
	for _, name := range readyTargets(targets) {
		// Of the same shape, so that whole partitions can be moved. A name
		// behind AS can't be a parameter; these are constants of ours.
		statements = append(statements, "CREATE TABLE IF NOT EXISTS "+quoteName(readyTable(name))+" AS "+quoteName(name))
	}
	for _, statement := range statements {
		if err := w.conn.Exec(ctx, w.config.DDL(statement)); err != nil {
			return fmt.Errorf("make the staging tables of the import: %w", err)
		}
	}
	return nil
}

func (w *Warehouse) dropStaging(ctx context.Context) error {
	names, err := w.texts(ctx, "import_left", args{"database": w.Database()})
	if err != nil {
		return err
	}
	statement := w.config.DDL(oneStatement(query("import_drop")))
	for _, name := range names {
		if err := w.conn.Exec(ctx, statement, args{"name": name}.list()...); err != nil {
			return fmt.Errorf("drop the staging table %s: %w", name, err)
		}
	}
	return nil
}

// texts are the rows of a query of one column of texts.
func (w *Warehouse) texts(ctx context.Context, name string, a args) ([]string, error) {
	rows, err := w.conn.Query(ctx, query(name), a.list()...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, text)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return all, nil
}

// importStage takes tables of rows and rejects from many workers at once.
type importStage struct {
	w     *Warehouse
	run   *importRun
	tally *rejectTally

	sent sync.Map // target: *atomic.Uint64
	seen sync.Map // file: *importSeen

	mu      sync.Mutex
	rejects []importing.Reject
}

type importSeen struct{ records, broken atomic.Uint64 }

// importRejectRows is how many rejects are held before they are sent.
const importRejectRows = 10_000

func (s *importStage) worker(ctx context.Context) *importing.Worker {
	worker := importing.NewWorker(importTableRows)
	worker.Flush = func(t *importing.Table) error { return s.insert(ctx, t) }
	worker.Reject = func(r importing.Reject) error { return s.reject(ctx, r) }
	return worker
}

func (s *importStage) block(worker *importing.Worker, b importBlock) error {
	records, broken := worker.Records, worker.Broken
	err := b.block.Each(
		func(line uint64, record []string) error { return worker.Record(b.binding, b.file, line, record) },
		func(line uint64, reason string) error { return worker.Unreadable(b.binding, b.file, line, reason) })
	if err == nil {
		err = worker.EndBlock()
	}
	seen, _ := s.seen.LoadOrStore(b.file, &importSeen{})
	seen.(*importSeen).records.Add(worker.Records - records)
	seen.(*importSeen).broken.Add(worker.Broken - broken)
	s.run.meter.rows.Add(worker.Records - records)
	return err
}

// insertStatement is an INSERT without its comment, which clickhouse-go does
// not skip.
func insertStatement(name string) string { return oneStatement(query(name)) }

func (s *importStage) insert(ctx context.Context, t *importing.Table) error {
	columns := Columns{t.Rule, t.File, t.Line}
	for i, f := range t.Target.Fields {
		switch f.Kind {
		case importing.Text, importing.Zone:
			columns = append(columns, t.Cells[i].Texts)
		case importing.Key:
			columns = append(columns, t.Cells[i].Keys)
		case importing.Attribute:
			columns = append(columns, t.Cells[i].Maps)
		default:
			columns = append(columns, t.Cells[i].Ints)
		}
	}
	if err := s.w.insertColumns(ctx, insertStatement("import_insert_"+t.Target.Name), "", columns); err != nil {
		return fmt.Errorf("stage rows of %s: %w", t.Target.Name, err)
	}
	sent, _ := s.sent.LoadOrStore(t.Target.Name, &atomic.Uint64{})
	sent.(*atomic.Uint64).Add(uint64(t.Rows()))
	return nil
}

func (s *importStage) reject(ctx context.Context, r importing.Reject) error {
	sample := fmt.Sprintf("%s:%d", s.run.files[r.File].name, r.Line)
	if r.Value != "" {
		sample += fmt.Sprintf(" %q", r.Value)
	}
	s.tally.add(r.Target, r.Field, r.Reason, r.Aside, 1, sample)
	s.mu.Lock()
	s.rejects = append(s.rejects, r)
	full := s.rejects
	if len(full) < importRejectRows {
		full = nil
	} else {
		s.rejects = nil
	}
	s.mu.Unlock()
	return s.send(ctx, full)
}

func (s *importStage) flushRejects(ctx context.Context) error {
	s.mu.Lock()
	rest := s.rejects
	s.rejects = nil
	s.mu.Unlock()
	return s.send(ctx, rest)
}

func (s *importStage) send(ctx context.Context, rejects []importing.Reject) error {
	if len(rejects) == 0 {
		return nil
	}
	n := len(rejects)
	imports, targets, files := make([]string, n), make([]string, n), make([]string, n)
	lines, fields, reasons := make([]uint64, n), make([]string, n), make([]string, n)
	raws, at := make([]string, n), make(Millis, n)
	for i, r := range rejects {
		imports[i], targets[i], files[i], lines[i], fields[i], raws[i] = s.run.id, r.Target, s.run.files[r.File].name, r.Line, r.Field, r.Raw
		reasons[i] = r.Reason
		if r.Value != "" {
			reasons[i] += ": " + r.Value
		}
		at[i] = s.run.o.Now.UnixMilli()
	}
	columns := Columns{imports, targets, files, lines, fields, reasons, raws, at}
	if err := s.w.insertColumns(ctx, insertStatement("import_quarantine_insert"), "", columns); err != nil {
		return fmt.Errorf("stage rejected rows: %w", err)
	}
	return nil
}

// verify compares what was sent with what arrived.
func (s *importStage) verify(ctx context.Context) error {
	var err error
	s.sent.Range(func(target, sent any) bool {
		var there uint64
		name := rawTable(target.(string))
		if err = s.w.conn.QueryRow(ctx, query("import_count"), args{"name": name}.list()...).Scan(&there); err != nil {
			return false
		}
		if n := sent.(*atomic.Uint64).Load(); n != there {
			err = fmt.Errorf("%d rows of %s were sent and %d arrived; nothing was changed, run the import again", n, target, there)
		}
		return err == nil
	})
	return err
}

func (s *importStage) files(files []*importFile) []ImportFile {
	var all []ImportFile
	for i, f := range files {
		one := ImportFile{Source: f.source.Name, File: f.name, Bytes: f.size}
		if seen, ok := s.seen.Load(uint32(i)); ok {
			one.Records, one.Broken = seen.(*importSeen).records.Load(), seen.(*importSeen).broken.Load()
		}
		all = append(all, one)
	}
	return all
}

// fileNames are the names by the numbers that staged rows carry.
func (r *importRun) fileNames() []string {
	names := make([]string, len(r.files))
	for i, f := range r.files {
		names[i] = strings.ToValidUTF8(f.name, "?")
	}
	return names
}
