package install

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// ErrChecksum means that what arrived is not what was pinned.
var ErrChecksum = errors.New("checksum mismatch")

// verify compares the whole package with the pinned checksum before a byte of
// it is unpacked.
func (p enginePackage) verify(tgz string, progress Progress) error {
	file, err := os.Open(tgz)
	if err != nil {
		return fmt.Errorf("read the downloaded package: %w", err)
	}
	defer func() { _ = file.Close() }()
	hash := sha512.New()
	if _, err := io.Copy(hash, &counter{reader: file, step: "verifying the ClickHouse engine", total: p.tgzSize, progress: progress}); err != nil {
		return fmt.Errorf("read the downloaded package: %w", err)
	}
	if got := base64.StdEncoding.EncodeToString(hash.Sum(nil)); got != p.integrity {
		return fmt.Errorf("%w: %s@%s has sha512 %s, expected %s; nothing of it was kept: try again, and if it happens twice do not trust this registry",
			ErrChecksum, p.name, p.version, got, p.integrity)
	}
	return nil
}

// unpack writes the library and, last, the manifest into dir.
func (p enginePackage) unpack(ctx context.Context, tgz, dir string, progress Progress) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return fmt.Errorf("unpack the engine: %w", err)
	}
	file, err := os.Open(tgz)
	if err != nil {
		return fmt.Errorf("read the downloaded package: %w", err)
	}
	defer func() { _ = file.Close() }()
	plain, err := gzip.NewReader(file)
	if err != nil {
		return fmt.Errorf("the package is not gzip: %w", err)
	}
	archive := tar.NewReader(plain)
	for {
		entry, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("%s@%s holds no %s", p.name, p.version, p.library)
		}
		if err != nil {
			return fmt.Errorf("read the package: %w", err)
		}
		// Only this one file is taken, under a name of ours, so that no path in
		// the archive can lead elsewhere.
		if entry.Name != "package/"+p.library || entry.Typeflag != tar.TypeReg {
			continue
		}
		from := &counter{ctx: ctx, reader: archive, step: "unpacking the ClickHouse engine", total: entry.Size, progress: progress}
		if err := writeSynced(filepath.Join(dir, p.library), 0o755, from); err != nil {
			return fmt.Errorf("unpack %s: %w", p.library, err)
		}
		text, err := json.Marshal(manifest{Integrity: p.integrity, Size: entry.Size})
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, manifestName), append(text, '\n'), 0o644)
	}
}

func writeSynced(name string, mode os.FileMode, from io.Reader) (err error) {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if _, err := io.Copy(file, from); err != nil {
		return err
	}
	return file.Sync()
}

// counter reports what is read through it.
type counter struct {
	ctx      context.Context // may be nil
	reader   io.Reader
	step     string
	done     int64
	told     int64
	total    int64
	progress Progress
}

func (c *counter) Read(p []byte) (int, error) {
	if c.ctx != nil && c.ctx.Err() != nil {
		return 0, c.ctx.Err()
	}
	n, err := c.reader.Read(p)
	c.done += int64(n)
	if c.done-c.told >= 8<<20 || err != nil {
		c.told = c.done
		c.progress.amount(c.step, c.done, c.total)
	}
	return n, err
}
