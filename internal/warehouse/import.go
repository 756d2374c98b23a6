package warehouse

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"go.uber.org/zap"

	"github.com/danbi-project/danbi/internal/importing"
)

// ImportOptions are how an import is done, not what it imports.
type ImportOptions struct {
	Check      bool                 // do everything but leave nothing behind
	MaxRejects float64              // share of a target's rows that may be rejected; 0 means 0.05, negative none at all
	Workers    int                  // that parse; 0 means one per core and one more
	Progress   func(ImportProgress) // called a few times a second, from one goroutine; may be nil
	Log        *zap.Logger          // may be nil
	Patience   time.Duration        // after how long without a sign of life another import counts as dead; 0 means 6 s
	Now        time.Time            // what rows carry as their instant of import; zero means the wall clock
}

// defaultMaxRejects refuses files that are not what the mapping takes them
// for, and lets through the few bad rows that most files have.
const defaultMaxRejects = 0.05

func (o ImportOptions) withDefaults() ImportOptions {
	switch {
	case o.MaxRejects == 0:
		o.MaxRejects = defaultMaxRejects
	case o.MaxRejects < 0:
		o.MaxRejects = 0
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0) + 1 // one waits for the database while the others parse
	}
	if o.Patience <= 0 {
		o.Patience = 6 * time.Second
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	o.Now = o.Now.UTC()
	return o
}

// ImportProgress is how far an import is.
type ImportProgress struct {
	Stage      string // fingerprint, read, decide, publish
	Bytes      int64  // of the files, as they lie on disk, read in this stage
	TotalBytes int64
	Rows       uint64 // records read so far
	Waiting    string // why nothing moves; empty when it does
}

// ErrRefused says that an import was refused as a whole: nothing was changed.
var ErrRefused = errors.New("the import is refused; nothing was changed")

// Import loads the files that a mapping names below dir. It may be run again,
// or after it was killed at any point: rows are there once. On an error before
// the last stage nothing is left behind; the Summary then tells what was found.
func Import(ctx context.Context, w *Warehouse, m *importing.Mapping, dir string, o ImportOptions) (*ImportSummary, error) {
	started := time.Now()
	r := &importRun{w: w, m: m, o: o.withDefaults(), summary: newImportSummary(m, o.Check)}
	defer func() { r.summary.Seconds = time.Since(started).Seconds() }()
	return r.summary, r.run(ctx, dir)
}

// importRun is one import under way.
type importRun struct {
	w       *Warehouse
	m       *importing.Mapping
	o       ImportOptions
	files   []*importFile
	id      string
	summary *ImportSummary
	meter   *importMeter
}

func (r *importRun) run(ctx context.Context, dir string) (err error) {
	if r.files, err = importFiles(r.m, dir); err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	r.meter = newImportMeter(r.o.Progress)
	defer r.meter.stop()
	if err := r.preflight(); err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	unlock, err := r.w.lockImports(ctx, r.meter, r.o.Patience)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()

	if err := r.w.finishImports(ctx, r.o.Log); err != nil {
		return err
	}
	r.meter.begin("fingerprint", r.files)
	if r.id, err = fingerprint(ctx, r.m, r.files, r.meter); err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	r.summary.Import = r.id
	done, err := r.w.importDone(ctx, r.id)
	if err != nil {
		return err
	}
	r.summary.AlreadyDone = done
	if done {
		return nil
	}
	if err := r.w.createStaging(ctx, r.targets()); err != nil {
		return err
	}
	decided := false
	defer func() {
		if !decided {
			err = errors.Join(err, r.w.dropStaging(context.WithoutCancel(ctx)))
		}
	}()
	if err := r.read(ctx); err != nil {
		return err
	}
	r.o.Log.Debug("import read", zap.Uint64("records", r.summary.Records))
	r.meter.begin("decide", nil)
	if err := r.decide(ctx); err != nil {
		return err
	}
	if err := r.judge(); err != nil || r.o.Check {
		return err
	}
	// From here on a kill is survived: the next import finishes this one.
	if err := r.begin(ctx); err != nil {
		return err
	}
	decided = true
	r.o.Log.Debug("import decided", zap.String("import", r.id))
	r.meter.begin("publish", nil)
	return r.w.publishImport(ctx, r.id, r.targets(), false, r.o.Log)
}

func (r *importRun) targets() []string {
	var all []string
	for _, t := range r.summary.Targets {
		all = append(all, t.Target)
	}
	return all
}

// judge refuses the whole when too much of it could not be read.
func (r *importRun) judge() error {
	for _, t := range r.summary.Targets {
		if t.Rejected > 0 && t.rejectedShare() > r.o.MaxRejects {
			return fmt.Errorf("%w: %s: %d of %d rows can't be read (%.2f%%, at most %.4g%% may): %s; mend the file or the mapping, or allow more with --max-rejects",
				ErrRefused, t.Target, t.Rejected, t.offered(), 100*t.rejectedShare(), 100*r.o.MaxRejects, r.summary.topReasons(t.Target))
		}
	}
	return nil
}
