package main

import (
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/danbi-project/danbi/internal/features"
	"github.com/danbi-project/danbi/internal/targeting/learn"
	"github.com/danbi-project/danbi/internal/targeting/uplift"
)

// hillstromBench learns effects from a file of a randomised campaign and judges them on customers held out in turn. Its
// defaults are of the MineThatData e-mail challenge; any file with a treatment, an outcome and features will do.
type hillstromBench struct {
	data, treatment, outcome, treated, control, features string
	folds                                                int
}

func (b *hillstromBench) flags(f *flag.FlagSet) {
	f.StringVar(&b.data, "data", "../shared/data/hillstrom", "a CSV, plain or gzipped, or a folder that holds one")
	f.StringVar(&b.treatment, "treatment", "segment", "column of the arm")
	f.StringVar(&b.outcome, "outcome", "visit", "column of the outcome: 0 and 1, or an amount")
	f.StringVar(&b.treated, "treated", "Womens E-Mail,Mens E-Mail", "values of the treatment, each judged by itself against control")
	f.StringVar(&b.control, "control", "No E-Mail", "value of whoever had no treatment")
	f.StringVar(&b.features, "features", "", "columns to learn from (default: all but the treatment and, of the challenge, the outcomes visit, conversion, spend)")
	f.IntVar(&b.folds, "folds", 5, "of the cross-validation")
}

// published is the uplift@30 % of women's mail on the whole file, by visits.
const published = .0661

func (b *hillstromBench) run(ctx context.Context, quick bool) (map[string]any, error) {
	if quick {
		b.folds = 2
	}
	table, err := readTable(b.data)
	if err != nil {
		return nil, err
	}
	trainer, err := library(ctx)
	if err != nil {
		return nil, err
	}
	meter := meterSelf()
	out := map[string]any{"folds": b.folds, "rows": table.rows, "published_uplift_at_30": published}
	arms := map[string]any{}
	for _, treated := range strings.Split(b.treated, ",") {
		sample, err := b.sample(table, strings.TrimSpace(treated))
		if err != nil {
			return nil, err
		}
		say("%s against %s: %d customers", treated, b.control, sample.Rows())
		resume := meter.begin()
		judged, naive, err := crossValidate(ctx, trainer, sample, b.folds, quick)
		resume()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", treated, err)
		}
		one := map[string]any{
			"customers": sample.Rows(), "average_effect": judged.Effect.Mean,
			"uplift_at_30": naive, "uplift_at_30_ci": [2]float64{judged.At30.Low, judged.At30.High}, "uplift_at_30_dr": judged.At30.Mean,
			"qini": judged.Qini.Mean, "qini_ci": [2]float64{judged.Qini.Low, judged.Qini.High},
		}
		arms[treated] = one
		if out["uplift_at_30"] == nil { // the first is the one that the published figure is of
			maps.Copy(out, one)
		}
	}
	out["arms"] = arms
	meter.write(out)
	return out, nil
}

// crossValidate scores everybody by models that have not seen them, and judges the scores together, each fold's by rank.
// The second figure is the plain one: the mean outcome of the treated less that of the control customers among the best
// 30 % of each fold.
func crossValidate(ctx context.Context, trainer learn.Trainer, s uplift.Sample, folds int, quick bool) (uplift.Measured, float64, error) {
	strata := make([]int, s.Rows())
	for i, y := range s.Outcome {
		if s.Treated[i] {
			strata[i] = 2
		}
		if y != 0 {
			strata[i]++
		}
	}
	dealt := learn.Folds(strata, folds, 1)
	rank, effect := make([]float32, s.Rows()), make([]float32, s.Rows())
	var sum, n [2]float64
	options := uplift.Options{Seed: 1}
	if quick {
		options.Learners = []uplift.Learner{uplift.X, uplift.S}
	}
	for k := range uint8(folds) {
		inside, outside := learn.In(dealt, k), learn.Out(dealt, k)
		test := s.Take(inside)
		fitted, err := uplift.Fit(ctx, trainer, s.Take(outside), options)
		if err != nil {
			return uplift.Measured{}, 0, err
		}
		score := make([]float32, len(inside))
		if err := fitted.Model.Score(test.Bins, score); err != nil {
			return uplift.Measured{}, 0, err
		}
		seen, err := uplift.Effects(ctx, trainer, s.Take(outside), test, 1)
		if err != nil {
			return uplift.Measured{}, 0, err
		}
		for place, i := range learn.Descending(score) {
			row := inside[i]
			rank[row] = 1 - float32(place)/float32(len(inside))
			effect[row] = seen[i]
			if float64(place) < .3*float64(len(inside)) {
				arm := 0
				if s.Treated[row] {
					arm = 1
				}
				sum[arm] += float64(s.Outcome[row])
				n[arm]++
			}
		}
		say("fold %d: champion %s", k+1, fitted.Champion.Learner)
	}
	return uplift.Measure(rank, effect, 0, 1), sum[1]/n[1] - sum[0]/n[0], nil
}

// table is a file's columns by name, as text.
type table struct {
	rows    int
	columns map[string][]string
	order   []string
}

func readTable(path string) (table, error) {
	t := table{columns: map[string][]string{}}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		found, _ := filepath.Glob(filepath.Join(path, "*.csv*"))
		if len(found) == 0 {
			return t, fmt.Errorf("%s holds no CSV", path)
		}
		path = found[0]
	}
	file, err := os.Open(path)
	if err != nil {
		return t, err
	}
	defer func() { _ = file.Close() }()
	var plain io.Reader = file
	if strings.HasSuffix(path, ".gz") {
		if plain, err = gzip.NewReader(file); err != nil {
			return t, fmt.Errorf("%s: %w", path, err)
		}
	}
	rows := csv.NewReader(plain)
	head, err := rows.Read()
	if err != nil {
		return t, fmt.Errorf("%s: %w", path, err)
	}
	t.order = slices.Clone(head)
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return t, nil
		}
		if err != nil {
			return t, fmt.Errorf("%s: %w", path, err)
		}
		t.rows++
		for j, name := range t.order {
			t.columns[name] = append(t.columns[name], row[j])
		}
	}
}

// sample makes a learner's sample of those who had the treatment or were control.
func (b *hillstromBench) sample(t table, treated string) (uplift.Sample, error) {
	var s uplift.Sample
	for _, name := range []string{b.treatment, b.outcome} {
		if t.columns[name] == nil {
			return s, fmt.Errorf("there is no column %q; there are: %s", name, strings.Join(t.order, ", "))
		}
	}
	names := strings.Split(b.features, ",")
	if b.features == "" {
		names = nil
		for _, name := range t.order {
			if !slices.Contains([]string{b.treatment, b.outcome, "visit", "conversion", "spend"}, name) {
				names = append(names, name)
			}
		}
	}
	var rows []int
	count := 0
	for i, arm := range t.columns[b.treatment] {
		if arm != treated && arm != b.control {
			continue
		}
		y, err := strconv.ParseFloat(t.columns[b.outcome][i], 32)
		if err != nil {
			return s, fmt.Errorf("row %d, %s: %q is no number", i+1, b.outcome, t.columns[b.outcome][i])
		}
		rows = append(rows, i)
		s.Outcome, s.Treated = append(s.Outcome, float32(y)), append(s.Treated, arm == treated)
		if arm == treated {
			count++
		}
	}
	if count == 0 || count == len(rows) {
		return s, fmt.Errorf("%d customers had %s = %q and %d %q: both are needed", count, b.treatment, treated, len(rows)-count, b.control)
	}
	for range rows {
		s.Propensity = append(s.Propensity, float32(count)/float32(len(rows)))
	}
	for _, name := range names {
		column := t.columns[strings.TrimSpace(name)]
		if column == nil {
			return s, fmt.Errorf("there is no column %q to learn from; there are: %s", name, strings.Join(t.order, ", "))
		}
		values := numeric(learn.At(column, rows))
		binning := features.NewBinning(name, values, features.MostEdges)
		bins := make([]uint8, len(values))
		for i, v := range values {
			bins[i] = binning.Bin(v)
		}
		s.Bins = append(s.Bins, bins)
	}
	return s, nil
}

// numeric reads a column as numbers, or gives each of its words a number, the rarer the higher; what is empty is missing.
func numeric(column []string) []float64 {
	out := make([]float64, len(column))
	words := map[string]int{}
	numbers := true
	for i, text := range column {
		words[text]++
		v, err := strconv.ParseFloat(text, 64)
		switch {
		case text == "":
			v = math.NaN()
		case err != nil:
			numbers = false
		}
		out[i] = v
	}
	if numbers {
		return out
	}
	order := slices.SortedFunc(maps.Keys(words), func(a, b string) int {
		if words[a] != words[b] {
			return words[b] - words[a]
		}
		return strings.Compare(a, b)
	})
	for i, text := range column {
		out[i] = float64(slices.Index(order, text))
	}
	return out
}
