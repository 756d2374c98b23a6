package warehouse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/danbi-project/danbi/internal/importing"
)

// importTableRows is how many rows are sent at once: enough that parts don't
// become many, little enough that a few of them fit any memory.
const importTableRows = 1 << 16

// preflight opens every file and checks its columns against the mapping, so
// that what can be known beforehand is told before anything is written.
func (r *importRun) preflight() error {
	headers := make([][]string, len(r.files))
	var faults []error
	for i, f := range r.files {
		reader, closer, err := f.open(r.meter)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		headers[i] = reader.Header()
		if err := closer.Close(); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", f.name, err))
		}
	}
	if len(faults) > 0 {
		return errors.Join(faults...)
	}
	binder := importing.NewBinder(r.m, r.lookups(headers))
	for i, f := range r.files {
		if !f.feeds {
			continue
		}
		if _, err := binder.Bind(f.source, headers[i]); err != nil {
			faults = append(faults, fmt.Errorf("%s does not fit the mapping:\n%w", f.name, err))
		}
	}
	return errors.Join(faults...)
}

// lookups are the joined sources with the columns of their first file.
func (r *importRun) lookups(headers [][]string) []*importing.Lookup {
	var all []*importing.Lookup
	for _, j := range r.m.Joins() {
		for i, f := range r.files {
			if f.source.Name == j.Source {
				all = append(all, importing.NewLookup(j.Source, j.Key, headers[i]))
				break
			}
		}
	}
	return all
}

// read casts all rows of all files into the staging tables.
func (r *importRun) read(ctx context.Context) error {
	r.meter.begin("read", r.files)
	binder, err := r.fillLookups(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	work := make(chan importBlock, 2)
	group, reading := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(work)
		return r.cut(reading, binder, work)
	})
	tally := &rejectTally{}
	stage := &importStage{w: r.w, run: r, tally: tally}
	var mu sync.Mutex
	for range r.o.Workers {
		group.Go(func() error {
			worker := stage.worker(reading)
			for b := range work {
				if err := stage.block(worker, b); err != nil {
					return err
				}
			}
			if err := worker.Close(); err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			r.summary.count(worker.Counts)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if err := stage.flushRejects(ctx); err != nil {
		return err
	}
	r.summary.Rejects = tally.list()
	for _, f := range stage.files(r.files) {
		r.summary.Files = append(r.summary.Files, f)
		r.summary.Records += f.Records
	}
	return stage.verify(ctx)
}

// fillLookups reads the joined sources into memory.
func (r *importRun) fillLookups(ctx context.Context) (*importing.Binder, error) {
	var all []*importing.Lookup
	for _, j := range r.m.Joins() {
		var lookup *importing.Lookup
		for _, f := range r.files {
			if f.source.Name != j.Source {
				continue
			}
			err := r.eachBlock(ctx, f, func(reader importing.Reader) error {
				if lookup == nil {
					lookup = importing.NewLookup(j.Source, j.Key, reader.Header())
				}
				return lookup.Header(reader.Header())
			}, func(b importing.Block) error {
				return b.Each(func(_ uint64, record []string) error {
					lookup.Add(record)
					return nil
				}, func(uint64, string) error { return nil }) // a rule that reads the source tells of bad lines
			})
			if err != nil {
				return nil, err
			}
		}
		all = append(all, lookup)
	}
	r.meter.begin("read", r.files)
	return importing.NewBinder(r.m, all), nil
}

// eachBlock reads one file.
func (r *importRun) eachBlock(ctx context.Context, f *importFile, start func(importing.Reader) error, block func(importing.Block) error) (err error) {
	reader, closer, err := f.open(r.meter)
	if err != nil {
		return err
	}
	defer func() {
		if closing := closer.Close(); err == nil && closing != nil {
			err = fmt.Errorf("%s: %w", f.name, closing)
		}
	}()
	if err := start(reader); err != nil {
		return fmt.Errorf("%s: %w", f.name, err)
	}
	for ctx.Err() == nil {
		b, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		if err := block(b); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// importBlock is a block with what to do with it.
type importBlock struct {
	block   importing.Block
	binding *importing.Binding
	file    uint32
}

// cut hands out the blocks of all files that rules read.
func (r *importRun) cut(ctx context.Context, binder *importing.Binder, work chan<- importBlock) error {
	bindings := map[string]*importing.Binding{}
	for i, f := range r.files {
		if !f.feeds {
			r.meter.bytes.Add(f.size) // it was read as a look-up
			continue
		}
		var binding *importing.Binding
		err := r.eachBlock(ctx, f, func(reader importing.Reader) (err error) {
			key := f.source.Name + "\x00" + strings.Join(reader.Header(), "\x00")
			if binding = bindings[key]; binding == nil {
				binding, err = binder.Bind(f.source, reader.Header())
				bindings[key] = binding
			}
			return err
		}, func(b importing.Block) error {
			select {
			case work <- importBlock{b, binding, uint32(i)}:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return fmt.Errorf("%w: %w", ErrRefused, err)
		}
	}
	return nil
}

// instantText is an instant as the parameters of queries take it.
func instantText(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.000") }
