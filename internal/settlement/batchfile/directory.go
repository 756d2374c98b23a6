// Package batchfile pays by files, as banks and point systems have it that take a batch a day: payouts go out as CSV
// with control totals, and what became of them comes back in acknowledgements of the same kind. docs/settlement.md has
// both forms.
package batchfile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/settlement"
)

// EnvDirectory is the variable that names the folder.
const EnvDirectory = "DANBI_PAYOUT_DIR"

// Directory is the folder that we and the payer share: out holds what we ask for, in what they answered. It keeps no
// state of its own, so any number of workers may use it at once; a file's name is taken once, by a hard link.
type Directory struct {
	path string

	mu   sync.Mutex
	read map[string]*acknowledgement // of in, by name, as long as size and time of change are the same
}

// New uses a folder; "" makes one whose every use is settlement.ErrNoFolder.
func New(path string) *Directory {
	return &Directory{path: path, read: map[string]*acknowledgement{}}
}

func (d *Directory) sub(name string) (string, error) {
	if d.path == "" {
		return "", settlement.ErrNoFolder
	}
	dir := filepath.Join(d.path, name)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return "", fmt.Errorf("the folder of %s: %w", EnvDirectory, err)
	}
	return dir, nil
}

// Hand puts those payouts of a shard into a file that are in none yet. Whoever asks and however often, also two workers
// at once, each payout is in exactly one file: the files of a shard are numbered, and a number is taken once.
func (d *Directory) Hand(ctx context.Context, run campaign.Run, shard campaign.Shard, payouts []settlement.Payout) error {
	dir, err := d.sub("out")
	if err != nil {
		return err
	}
	stem := fmt.Sprintf("%s.%d.%d-%d.", run.Campaign, run.Occurrence, shard.Low, shard.High)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		there, n, err := handed(dir, stem)
		if err != nil {
			return err
		}
		var fresh []settlement.Payout
		for _, p := range payouts {
			if !there[p.Key] {
				fresh = append(fresh, p)
			}
		}
		if len(fresh) == 0 {
			return nil
		}
		text, err := order(fresh)
		if err != nil {
			return err
		}
		err = publish(dir, fmt.Sprintf("%s%04d.csv", stem, n+1), text)
		if !errors.Is(err, os.ErrExist) {
			return err
		}
	}
}

// handed are the payouts in a shard's files, and how many files these are.
func handed(dir, stem string) (map[campaign.ID]bool, int, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, 0, err
	}
	there, n := map[campaign.ID]bool{}, 0
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), stem) || !strings.HasSuffix(e.Name(), ".csv") {
			continue
		}
		n++
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, 0, err
		}
		keys, err := ordered(text)
		if err != nil {
			return nil, 0, fmt.Errorf("%s: %w", e.Name(), err)
		}
		for _, key := range keys {
			there[key] = true
		}
	}
	return there, n, nil
}

// publish makes a file appear whole and on disk, or says os.ErrExist: nobody sees half of it, and nobody's is replaced.
func publish(dir, name string, text []byte) error {
	temp, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp.Name()) }()
	_, err = temp.Write(text)
	if err := errors.Join(err, temp.Chmod(0o640), temp.Sync(), temp.Close()); err != nil {
		return err
	}
	if err := os.Link(temp.Name(), filepath.Join(dir, name)); err != nil {
		return err
	}
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
