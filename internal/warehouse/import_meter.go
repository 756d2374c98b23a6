package warehouse

import (
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// importMeter measures an import for whoever watches it.
type importMeter struct {
	bytes, total atomic.Int64
	rows         atomic.Uint64
	stage        atomic.Value // string
	waiting      atomic.Value // string
	quit         chan struct{}
	done         sync.WaitGroup
}

const importMeterPeriod = 200 * time.Millisecond

func newImportMeter(report func(ImportProgress)) *importMeter {
	m := &importMeter{quit: make(chan struct{})}
	m.stage.Store("")
	m.waiting.Store("")
	if report == nil {
		return m
	}
	m.done.Go(func() {
		tick := time.NewTicker(importMeterPeriod)
		defer tick.Stop()
		for {
			select {
			case <-m.quit:
				report(m.now())
				return
			case <-tick.C:
				report(m.now())
			}
		}
	})
	return m
}

func (m *importMeter) now() ImportProgress {
	return ImportProgress{
		Stage: m.stage.Load().(string), Waiting: m.waiting.Load().(string),
		Bytes: m.bytes.Load(), TotalBytes: m.total.Load(), Rows: m.rows.Load(),
	}
}

// begin starts a stage; files are those it will read.
func (m *importMeter) begin(stage string, files []*importFile) {
	var total int64
	for _, f := range files {
		total += f.size
	}
	m.bytes.Store(0)
	m.total.Store(total)
	m.stage.Store(stage)
}

func (m *importMeter) stop() {
	close(m.quit)
	m.done.Wait()
}

// read counts what is read from a file.
func (m *importMeter) read(r io.Reader) io.Reader { return meteredReader{r, m} }

type meteredReader struct {
	r io.Reader
	m *importMeter
}

func (r meteredReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.m.bytes.Add(int64(n))
	return n, err
}

// readAt counts what is read from a file at random.
func (m *importMeter) readAt(r io.ReaderAt) io.ReaderAt { return meteredReaderAt{r, m} }

type meteredReaderAt struct {
	r io.ReaderAt
	m *importMeter
}

func (r meteredReaderAt) ReadAt(p []byte, at int64) (int, error) {
	n, err := r.r.ReadAt(p, at)
	r.m.bytes.Add(int64(n))
	return n, err
}
