package warehouse

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/danbi-project/danbi/internal/importing"
)

// importFile is one file of one source.
type importFile struct {
	source      importing.Source
	path        string // on this machine
	name        string // below the data folder; what the quarantine shows
	size        int64
	format      importing.Format
	compression string
	feeds       bool // rules read its rows; else it is only joined
}

// importFiles finds the files of all sources, in the order of their names, so
// that the order in which a mapping lists them does not matter.
func importFiles(m *importing.Mapping, dir string) ([]*importFile, error) {
	var all []*importFile
	var faults []error
	for _, s := range m.Sources {
		paths := map[string]bool{}
		for _, pattern := range s.Files {
			found, err := filepath.Glob(filepath.Join(dir, filepath.FromSlash(pattern)))
			if err != nil {
				faults = append(faults, fmt.Errorf("source %s: %q is not a pattern for file names", s.Name, pattern))
			} else if len(found) == 0 {
				faults = append(faults, fmt.Errorf("source %s: there is no file %s in %s", s.Name, pattern, dir))
			}
			for _, path := range found {
				paths[path] = true
			}
		}
		for path := range paths {
			f, err := newImportFile(m, s, dir, path)
			if err != nil {
				faults = append(faults, err)
				continue
			}
			all = append(all, f)
		}
	}
	slices.SortFunc(all, func(a, b *importFile) int {
		if c := strings.Compare(a.source.Name, b.source.Name); c != 0 {
			return c
		}
		return strings.Compare(a.name, b.name)
	})
	if len(all) > maxImportFiles {
		faults = append(faults, fmt.Errorf("%d files are more than %d; import them in several goes", len(all), maxImportFiles))
	}
	return all, errors.Join(faults...)
}

// maxImportFiles is what the staged rows have room for: 16 bits.
const maxImportFiles = 1 << 16

func newImportFile(m *importing.Mapping, s importing.Source, dir, path string) (*importFile, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("source %s: %w", s.Name, err)
	}
	name, err := filepath.Rel(dir, path)
	if err != nil {
		name = filepath.Base(path)
	}
	f := &importFile{source: s, path: path, name: filepath.ToSlash(name), size: info.Size(), feeds: m.Feeds(s.Name)}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("source %s: %s is not a file", s.Name, f.name)
	}
	f.format, f.compression, err = importing.FormatOf(s, f.name)
	return f, err
}

// open starts reading the file from its beginning.
func (f *importFile) open(meter *importMeter) (importing.Reader, io.Closer, error) {
	file, err := os.Open(f.path)
	if err != nil {
		return nil, nil, fmt.Errorf("source %s: %w", f.source.Name, err)
	}
	closers := importClosers{file}
	var reader importing.Reader
	if f.format == importing.Parquet {
		reader, err = importing.NewParquetReader(meter.readAt(file), f.size)
	} else {
		var text io.Reader
		if text, closers, err = f.unpack(meter.read(file), closers); err == nil {
			reader, err = importing.NewTextReader(f.source, f.format, text)
		}
	}
	if err != nil {
		_ = closers.Close()
		return nil, nil, fmt.Errorf("%s: %w", f.name, err)
	}
	return reader, closers, nil
}

func (f *importFile) unpack(r io.Reader, closers importClosers) (io.Reader, importClosers, error) {
	switch f.compression {
	case "gz":
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, closers, fmt.Errorf("this is not a whole gzip file: %w", err)
		}
		return z, append(closers, z), nil
	case "zst":
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, closers, fmt.Errorf("this is not a whole zstd file: %w", err)
		}
		return z, append(closers, z.IOReadCloser()), nil
	}
	return r, closers, nil
}

// importClosers closes the last one first.
type importClosers []io.Closer

func (c importClosers) Close() error {
	var err error
	for _, one := range slices.Backward(c) {
		err = errors.Join(err, one.Close())
	}
	return err
}

// fingerprint identifies what would be imported: the mapping and the content
// of all files, whatever their names and order.
func fingerprint(ctx context.Context, m *importing.Mapping, files []*importFile, meter *importMeter) (string, error) {
	var sums []string
	for _, f := range files {
		sum, err := f.sum(ctx, meter)
		if err != nil {
			return "", err
		}
		sums = append(sums, f.source.Name+" "+sum)
	}
	slices.Sort(sums)
	all := sha256.Sum256([]byte(m.Hash() + "\n" + strings.Join(sums, "\n")))
	return hex.EncodeToString(all[:16]), nil
}

func (f *importFile) sum(ctx context.Context, meter *importMeter) (string, error) {
	file, err := os.Open(f.path)
	if err != nil {
		var missing *fs.PathError
		if errors.As(err, &missing) {
			return "", fmt.Errorf("%s: %w", f.name, missing.Err)
		}
		return "", err
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.CopyBuffer(hash, stoppable{ctx, meter.read(file)}, make([]byte, 1<<20)); err != nil {
		return "", fmt.Errorf("%s: %w", f.name, err)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// stoppable ends a copy when its context ends.
type stoppable struct {
	ctx context.Context
	r   io.Reader
}

func (s stoppable) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.r.Read(p)
}
