package warehouse

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/features"
)

// binBlock is how many keys one query of bins covers: a few megabytes.
const binBlock = 1 << 16

// keyBytes is how long the key is before each customer's bins.
const keyBytes = 4

// FeatureBins gives the bins of the named features (nil: all, in the snapshot's order) of the shard's customers, in the
// order of their keys, in blocks of at most 65,536: bins[feature][row]. The slices are used again after each returns. A
// feature that the snapshot does not have is features.ErrUnknownFeature.
func (w *Warehouse) FeatureBins(ctx context.Context, snapshot string, names []string, shard campaign.Shard, each func(keys []uint32, bins [][]uint8) error) error {
	binnings, err := w.Binnings(ctx, snapshot)
	if err != nil {
		return err
	}
	block, err := newBinRows(binnings, names)
	if err != nil {
		return fmt.Errorf("snapshot %s: %w", snapshot, err)
	}
	for low := uint64(shard.Low); low <= uint64(shard.High); low += binBlock {
		high := min(low+binBlock-1, uint64(shard.High))
		given := args{"snapshot": snapshot, "low": uint32(low), "high": uint32(high)}
		var text string
		if err := w.conn.QueryRow(ctx, query("features_bins"), given.list()...).Scan(&text); err != nil {
			return fmt.Errorf("read the bins of customers %d to %d: %w", low, high, err)
		}
		if err := block.give(text, each); err != nil {
			return err
		}
	}
	return nil
}

// Cohort names customers of a past campaign: those of the arms, one in Part of them by a hash of the key. Without a
// campaign it is a range of keys.
type Cohort struct {
	Campaign   string
	Occurrence uint32
	Arms       []string
	Part       uint32
	Low, High  uint32 // without a campaign: everybody of this range
}

// BinsBefore gives the bins of a cohort as it was strictly before an instant, by the binning, currency and zone of a
// snapshot: what a model is fitted on. The customers come in the order of their keys, in one block, which is the
// caller's to keep.
func (w *Warehouse) BinsBefore(ctx context.Context, like features.Snapshot, names []string, of Cohort) (keys []uint32, bins [][]uint8, err error) {
	binnings, err := w.binning(ctx, like.Binning)
	if err != nil {
		return nil, nil, err
	}
	block, err := newBinRows(binnings, names)
	if err != nil {
		return nil, nil, fmt.Errorf("binning %s: %w", like.Binning, err)
	}
	like.ID = ""
	shard := campaign.Shard{Low: 0, High: ^uint32(0)}
	if of.Campaign == "" {
		shard = campaign.Shard{Low: of.Low, High: of.High}
	}
	given, err := w.extraction(ctx, like, shard)
	if err != nil {
		return nil, nil, err
	}
	own, err := w.ownOf(ctx, like.Catalogue)
	if err != nil {
		return nil, nil, err
	}
	maps.Copy(given, ownParams(like, own))
	given["cohort"], given["cohort_occurrence"], given["part"], given["arms"] = of.Campaign, of.Occurrence, max(of.Part, 1), orEmpty(of.Arms)
	var text string
	statement := strings.Replace(query("features_bins_before"), binnedMark, binned(own), 1)
	if err := w.conn.QueryRow(w.settings(ctx, extractSettings()), statement, given.list()...).Scan(&text); err != nil {
		return nil, nil, fmt.Errorf("compute bins before %s: %w", like.Instant.Format("2006-01-02 15:04"), err)
	}
	err = block.give(text, func(k []uint32, b [][]uint8) error { keys, bins = k, b; return nil })
	return keys, bins, err
}

// binRows turns customers' rows of bins into a row of customers for each feature.
type binRows struct {
	width int   // bytes of a customer
	at    []int // of each feature that is asked for
	keys  []uint32
	bins  [][]uint8
}

func newBinRows(all []features.Binning, names []string) (*binRows, error) {
	b := &binRows{width: keyBytes + len(all)}
	if names == nil {
		for i := range all {
			b.at = append(b.at, keyBytes+i)
		}
	}
	for _, name := range names {
		i := slices.IndexFunc(all, func(f features.Binning) bool { return f.Feature == name })
		if i < 0 {
			return nil, fmt.Errorf("%s: %w", name, features.ErrUnknownFeature)
		}
		b.at = append(b.at, keyBytes+i)
	}
	b.bins = make([][]uint8, len(b.at))
	return b, nil
}

func (b *binRows) give(text string, each func([]uint32, [][]uint8) error) error {
	n := len(text) / b.width
	if n*b.width != len(text) {
		return fmt.Errorf("%d bytes are no whole number of customers with %d bins each: %w", len(text), b.width-keyBytes, features.ErrSnapshotIncomplete)
	}
	if n == 0 {
		return nil
	}
	rows := []byte(text)
	key := func(i int) uint32 { return binary.LittleEndian.Uint32(rows[i*b.width:]) }
	b.keys = slices.Grow(b.keys[:0], n)[:n]
	order := make([]int, n)
	sorted := true
	for i := range n {
		b.keys[i], order[i] = key(i), i
		sorted = sorted && (i == 0 || b.keys[i-1] < b.keys[i])
	}
	if !sorted { // several threads read a range in pieces
		slices.SortFunc(order, func(i, j int) int { return int(int64(key(i)) - int64(key(j))) })
		for i, from := range order {
			b.keys[i] = key(from)
		}
	}
	for f, at := range b.at {
		column := slices.Grow(b.bins[f][:0], n)[:n]
		for i, from := range order {
			column[i] = rows[from*b.width+at]
		}
		b.bins[f] = column
	}
	return each(b.keys, b.bins)
}
