package warehouse

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/features"
)

// Edges are placed by a sample of ranges of neighbouring customers, spread over all keys: a range reads only its slice.
const (
	sampleRanges    = 10
	sampleCustomers = 200_000
)

// A binning of so many times fewer customers than there are now is made anew: ten customers of a trial must not decide
// how sixteen million are told apart.
const outgrown = 4

// lowest is below every edge and every value, so that a search among edges always finds one.
const lowest = "-1.7976931348623157e308"

// These marks stand in queries where the catalogue's columns and expressions go. All of them are constants of the
// program, or expressions that features.Parse has checked word by word.
const (
	columnsMark = "/* columns */"
	binsMark    = "/* bins */"
	valuesMark  = "/* values */"
	joinsMark   = "/* joins */"
	extractMark = "/* extract */"
	binnedMark  = "/* binned */"
)

// Binnings are the edges by which the snapshot's values are bins, in the order of its features, or features.ErrNoSnapshot.
func (w *Warehouse) Binnings(ctx context.Context, snapshot string) ([]features.Binning, error) {
	ids, err := w.words(ctx, query("features_binning_of"), args{"snapshot": snapshot})
	if err != nil {
		return nil, fmt.Errorf("ask for the binning of snapshot %s: %w", snapshot, err)
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("snapshot %s: %w", snapshot, features.ErrNoSnapshot)
	}
	return w.binning(ctx, ids[0])
}

func (w *Warehouse) binning(ctx context.Context, id string) ([]features.Binning, error) {
	rows, err := w.conn.Query(ctx, query("features_binning"), args{"binning": id}.list()...)
	if err != nil {
		return nil, fmt.Errorf("read binning %s: %w", id, err)
	}
	defer func() { _ = rows.Close() }()
	var all []features.Binning
	for rows.Next() {
		var b features.Binning
		if err := rows.Scan(&b.Feature, &b.Edges); err != nil {
			return nil, fmt.Errorf("read binning %s: %w", id, err)
		}
		all = append(all, b)
	}
	return all, rows.Err()
}

// standingBinning is the binning that the snapshot's catalogue has, or one made from a sample of its customers as of
// the snapshot's instant.
func (w *Warehouse) standingBinning(ctx context.Context, of features.Snapshot, own []features.Own, last uint32) (string, error) {
	standing, err := w.latestBinning(ctx, of)
	if err != nil || standing != "" {
		return standing, err
	}
	catalogue := features.Catalogue(own)
	samples := make([][]float64, len(catalogue))
	for _, part := range sampleOf(last) {
		if err := w.sample(ctx, of, own, part, samples); err != nil {
			return "", fmt.Errorf("sample features to place their edges: %w", err)
		}
	}
	made := make([]features.Binning, len(samples))
	parts := []string{"binning", of.Catalogue, of.Currency}
	for i, f := range catalogue {
		made[i] = features.NewBinning(f.Name, samples[i], features.MostEdges)
		parts = append(parts, fmt.Sprint(made[i]))
	}
	id := "b" + short(parts...)
	if err := w.keepBinning(ctx, of, id, made); err != nil {
		return "", fmt.Errorf("keep binning %s: %w", id, err)
	}
	// Whoever planned at the same time may have kept another: all go by the same one.
	if standing, err = w.latestBinning(ctx, of); standing == "" {
		standing = id
	}
	return standing, err
}

func (w *Warehouse) latestBinning(ctx context.Context, of features.Snapshot) (string, error) {
	rows, err := w.conn.Query(ctx, query("features_binning_standing"), args{"catalogue": of.Catalogue, "currency": of.Currency}.list()...)
	if err != nil {
		return "", fmt.Errorf("ask for the binning of catalogue %s: %w", of.Catalogue, err)
	}
	defer func() { _ = rows.Close() }()
	var id string
	var customers uint64
	if rows.Next() {
		if err := rows.Scan(&id, &customers); err != nil {
			return "", fmt.Errorf("ask for the binning of catalogue %s: %w", of.Catalogue, err)
		}
		if customers < sampleCustomers && of.Customers >= outgrown*customers {
			id = ""
		}
	}
	return id, rows.Err()
}

// sampleOf is everybody, or as many ranges of keys as hold the sample.
func sampleOf(last uint32) []campaign.Shard {
	if last <= sampleCustomers {
		return []campaign.Shard{{Low: 1, High: last}}
	}
	const each = sampleCustomers / sampleRanges
	parts := make([]campaign.Shard, sampleRanges)
	for i := range parts {
		low := uint32(uint64(last-each)*uint64(i)/(sampleRanges-1)) + 1
		parts[i] = campaign.Shard{Index: i, Of: sampleRanges, Low: low, High: low + each - 1}
	}
	return parts
}

func (w *Warehouse) sample(ctx context.Context, of features.Snapshot, own []features.Own, part campaign.Shard, into [][]float64) (err error) {
	given, err := w.extraction(ctx, of, part)
	if err != nil {
		return err
	}
	maps.Copy(given, ownParams(of, own))
	text := strings.NewReplacer(valuesMark, strings.Join(numbersOf(own), ", "), extractMark, valued(own)).Replace(query("features_sample"))
	rows, err := w.conn.Query(w.settings(ctx, extractSettings()), text, given.list()...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var row []float64
	for rows.Next() {
		if err := rows.Scan(&row); err != nil {
			return err
		}
		for i, v := range row {
			into[i] = append(into[i], v)
		}
	}
	return rows.Err()
}

func (w *Warehouse) keepBinning(ctx context.Context, of features.Snapshot, id string, all []features.Binning) (err error) {
	batch, err := w.conn.PrepareBatch(ctx, "INSERT INTO feature_binnings (binning, catalogue, currency, customers, instant, position, feature, edges)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, batch.Close()) }()
	for i, b := range all {
		if err := batch.Append(id, of.Catalogue, of.Currency, of.Customers, of.Instant.UTC().Truncate(time.Second), uint16(i), b.Feature, b.Edges); err != nil {
			return err
		}
	}
	return batch.Send()
}

// numbersOf are all features as numbers, in the order of their bins.
func numbersOf(own []features.Own) []string {
	var all []string
	for _, f := range features.Builtin {
		all = append(all, "toFloat64("+f.Name+")")
	}
	for i := range own {
		all = append(all, fmt.Sprintf("toFloat64(own[%d])", i+1))
	}
	return all
}

// binned is the query that computes a range's features with their bins; its parameters are those of extraction and of
// the features of the user's own.
func binned(own []features.Own) string {
	bins := numbersOf(own)
	for i, value := range bins {
		edges := fmt.Sprintf("arrayPushFront((SELECT edges FROM feature_binnings WHERE binning = {binning:String} AND position = %d LIMIT 1), %s)", i, lowest)
		// roundDown searches for the edge in halves and transform looks up its place: a fifth of the time of counting edges.
		bins[i] = fmt.Sprintf("if(isNaN(%[1]s), 0, transform(roundDown(%[1]s, %[2]s), %[2]s, range(1, length(%[2]s) + 1), 1))", value, edges)
	}
	return strings.NewReplacer(columnsMark, featureColumns+", own,", binsMark, strings.Join(bins, ",\n        "), extractMark, valued(own)).Replace(query("features_binned"))
}
