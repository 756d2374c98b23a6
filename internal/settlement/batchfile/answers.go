package batchfile

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/settlement"
)

// The answers that an acknowledgement gives.
const (
	statusPaid    = "paid"
	statusRefused = "refused"
)

// acknowledgement is one file of answers.
type acknowledgement struct {
	size    int64
	changed time.Time
	sum     [sha256.Size]byte
	rows    []answer
	bad     error
}

// answer is one line of an acknowledgement. payment is the payer's own number: two lines with one number tell of one
// payment, two numbers of two.
type answer struct {
	settlement.Payout
	paid    bool
	payment string
}

// answers reads what the payer answered. A file is known by its content: one that comes twice, also under another name,
// counts once. faults are of files that can't be used.
func (d *Directory) answers() (all []answer, faults error, err error) {
	dir, err := d.sub("in")
	if err != nil {
		return nil, nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	seen := map[[sha256.Size]byte]bool{}
	read := map[string]*acknowledgement{}
	for _, e := range entries {
		if e.IsDir() || strings.HasPrefix(e.Name(), ".") || !strings.HasSuffix(e.Name(), ".csv") {
			continue
		}
		info, err := e.Info()
		if err != nil {
			return nil, nil, err
		}
		file := d.read[e.Name()]
		if file == nil || file.size != info.Size() || !file.changed.Equal(info.ModTime()) {
			if file, err = load(filepath.Join(dir, e.Name()), info); err != nil {
				return nil, nil, err
			}
		}
		read[e.Name()] = file
		switch {
		case file.bad != nil:
			faults = errors.Join(faults, fmt.Errorf("in/%s: %w", e.Name(), file.bad))
		case !seen[file.sum]:
			seen[file.sum] = true
			all = append(all, file.rows...)
		}
	}
	d.read = read
	return all, faults, nil
}

func load(path string, info os.FileInfo) (*acknowledgement, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	file := &acknowledgement{size: info.Size(), changed: info.ModTime(), sum: sha256.Sum256(text)}
	file.bad = lines(text, answerColumns, 2, func(row []string) error {
		a := answer{payment: row[4]}
		if a.paid = row[1] == statusPaid; !a.paid && row[1] != statusRefused {
			return fmt.Errorf("status %q: write %s or %s; leave out what is not decided yet", row[1], statusPaid, statusRefused)
		}
		if a.paid && a.payment == "" {
			return errors.New("payment is empty: write your own number of the payment")
		}
		n, _ := strconv.ParseInt(row[2], 10, 64) // lines checked it
		a.Amount, a.Currency, a.Reference = money.Minor(n), row[3], row[5]
		var err error
		a.Key, err = campaign.ParseID(row[0])
		file.rows = append(file.rows, a)
		return err
	})
	if file.bad != nil {
		file.rows = nil
	}
	return file, nil
}

// Pay never pays by itself: a payout is on its way when Hand has put it into a file, and paid when an acknowledgement
// says so.
func (d *Directory) Pay(ctx context.Context, p settlement.Payout) (string, error) {
	_, found, err := d.Find(ctx, p.Key)
	switch {
	case err != nil:
		return "", err
	case found:
		return "", nil
	}
	return "", settlement.ErrUnclear
}

// Find says what an acknowledgement said of a payout: paid, in whatever amount, or settlement.ErrRefused. What one file
// refuses and another pays is paid.
func (d *Directory) Find(ctx context.Context, key campaign.ID) (settlement.Payout, bool, error) {
	found, err := d.Answers(ctx, campaign.Run{})
	if err != nil {
		return settlement.Payout{}, false, err
	}
	a, known := found[key]
	if known && !a.Paid {
		return a.Payout, false, settlement.ErrRefused
	}
	return a.Payout, known, nil
}

// Waits is why a payout that was handed over is not paid.
func (d *Directory) Waits() string { return "in_a_file" }

// Answers are what all acknowledgements say. Of several that say paid the first by payment number counts: the others are breaks of the
// statement. Files that can't be used say nothing.
func (d *Directory) Answers(context.Context, campaign.Run) (map[campaign.ID]settlement.Answer, error) {
	all, _, err := d.answers()
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(all, func(a, b answer) int { return cmp.Compare(a.payment, b.payment) })
	found := map[campaign.ID]settlement.Answer{}
	for _, a := range all {
		if before, known := found[a.Key]; !known || a.paid && !before.Paid {
			found[a.Key] = settlement.Answer{Payout: a.Payout, Paid: a.paid}
		}
	}
	return found, nil
}

// List is the payer's statement of a run: every payment that the acknowledgements tell of, once by its number. A file
// that can't be used is an error here: without it the statement would not be whole.
func (d *Directory) List(_ context.Context, run campaign.Run, each func(settlement.Payout) error) error {
	all, faults, err := d.answers()
	if err := errors.Join(err, faults); err != nil {
		return err
	}
	type payment struct {
		key    campaign.ID
		number string
	}
	told := map[payment]bool{}
	reference := fmt.Sprintf("%s/%d", run.Campaign, run.Occurrence)
	for _, a := range all {
		if !a.paid || a.Reference != reference || told[payment{a.Key, a.payment}] {
			continue
		}
		told[payment{a.Key, a.payment}] = true
		if err := each(a.Payout); err != nil {
			return err
		}
	}
	return nil
}
