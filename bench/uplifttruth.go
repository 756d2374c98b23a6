package main

import (
	"context"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danbi-project/danbi/bench/planted"
	"github.com/danbi-project/danbi/internal/features"
	"github.com/danbi-project/danbi/internal/stack/install"
	"github.com/danbi-project/danbi/internal/targeting/learn"
	"github.com/danbi-project/danbi/internal/targeting/uplift"
	"github.com/danbi-project/danbi/internal/targeting/xgboost"
)

// upliftTruthBench judges learners of effects by customers whose true effect is known, and the model of responses beside
// them, which finds those who would respond anyway.
type upliftTruthBench struct {
	seeds, rows, test int
	data, cells       string
}

func (b *upliftTruthBench) flags(f *flag.FlagSet) {
	f.IntVar(&b.seeds, "seeds", 5, "how many campaigns are drawn for each cell")
	f.IntVar(&b.rows, "rows", 200_000, "customers that are learned from in the large cells; a quarter of it in the small one")
	f.StringVar(&b.cells, "cells", "", "only these, by name, joined by commas")
	f.StringVar(&b.data, "data", "", "a CSV to judge by instead: columns treated (0, 1), outcome, effect (true), propensity (optional), and features")
}

// A cell is a design of campaigns.
type cell struct {
	name  string
	kind  planted.Kind
	share float64 // treated
	part  int     // of the rows
}

var upliftCells = []cell{
	{"binary_50_50", planted.Binary, .5, 1}, {"binary_90_10", planted.Binary, .9, 1}, {"spend", planted.Spend, .5, 1}, {"binary_50k", planted.Binary, .5, 4},
}

func (b *upliftTruthBench) run(ctx context.Context, quick bool) (map[string]any, error) {
	b.test = 100_000
	if quick {
		b.seeds, b.rows, b.test = 1, 20_000, 20_000
	}
	trainer, err := library(ctx)
	if err != nil {
		return nil, err
	}
	out := map[string]any{"seeds": b.seeds, "rows": b.rows, "test_rows": b.test}
	meter := meterSelf()
	if b.data != "" {
		c, propensity, err := readTruth(b.data)
		if err != nil {
			return nil, err
		}
		shares, champion, err := judgeUplift(ctx, trainer, c, propensity, len(c.Outcome)*2/3, 1, meter)
		if err != nil {
			return nil, err
		}
		out["cells"] = map[string]any{"data": map[string]any{"champion": shares["champion"], "propensity": shares["propensity"], "learners": shares, "chosen": champion}}
		meter.write(out)
		return out, nil
	}
	cells := map[string]any{}
	for _, c := range upliftCells {
		if b.cells != "" && !slices.Contains(strings.Split(b.cells, ","), c.name) {
			continue
		}
		sums, chosen := map[string][]float64{}, []string{}
		for seed := range b.seeds {
			rows := b.rows / c.part
			made := planted.Make(planted.Design{Kind: c.kind, Treated: c.share, Rows: rows + b.test, Seed: uint64(seed) + 1})
			propensity := make([]float32, len(made.Outcome))
			for i := range propensity {
				propensity[i] = float32(c.share)
			}
			shares, champion, err := judgeUplift(ctx, trainer, made, propensity, rows, uint64(seed)+1, meter)
			if err != nil {
				return nil, fmt.Errorf("%s, seed %d: %w", c.name, seed+1, err)
			}
			for name, share := range shares {
				sums[name] = append(sums[name], share)
			}
			chosen = append(chosen, champion)
			say("%s, seed %d: champion %s %.3f, propensity %.3f", c.name, seed+1, champion, shares["champion"], shares["propensity"])
		}
		means := map[string]float64{}
		for name, all := range sums {
			means[name] = meanOf(all)
		}
		cells[c.name] = map[string]any{"champion": means["champion"], "propensity": means["propensity"], "learners": means, "chosen": chosen, "by_seed": sums["champion"]}
	}
	out["cells"] = cells
	meter.write(out)
	return out, nil
}

// judgeUplift fits on the first rows and judges on the others: each learner's share of the oracle's area between the
// curve of true effects and the straight line.
func judgeUplift(ctx context.Context, trainer learn.Trainer, c planted.Campaign, propensity []float32, rows int, seed uint64, meter *meter) (map[string]float64, string, error) {
	bins := binColumns(c.X, rows)
	all := uplift.Sample{Bins: bins, Treated: c.Treated, Outcome: c.Outcome, Propensity: propensity}
	train, test := all.Take(places(0, rows)), all.Take(places(rows, len(c.Outcome)))
	truth := c.Effect[rows:]
	oracle := uplift.Area(truth, truth)
	if oracle <= 0 {
		return nil, "", errors.New("the effect is the same for everybody: there is nothing to find")
	}
	resume := meter.begin()
	fitted, err := uplift.Fit(ctx, trainer, train, uplift.Options{Seed: seed})
	if err != nil {
		return nil, "", err
	}
	score := make([]float32, len(truth))
	if err := fitted.Model.Score(test.Bins, score); err != nil {
		return nil, "", err
	}
	resume()
	shares := map[string]float64{"champion": naiveArea(score, truth) / naiveArea(truth, truth)}
	if area := uplift.Area(score, truth) / oracle; abs(area-shares["champion"]) > 1e-6 {
		return nil, "", fmt.Errorf("%w: the area is %.6f by the product and %.6f by a plain sum", errWrong, area, shares["champion"])
	}
	for _, l := range []uplift.Learner{uplift.S, uplift.X} {
		m, err := uplift.Learn(ctx, trainer, train, l, seed)
		if err == nil {
			err = m.Score(test.Bins, score)
		}
		if err != nil {
			return nil, "", err
		}
		shares[string(l)] = uplift.Area(score, truth) / oracle
	}
	response, err := uplift.Response(ctx, trainer, train, seed)
	if err == nil {
		err = response.Score(test.Bins, score)
	}
	if err != nil {
		return nil, "", err
	}
	shares["propensity"] = uplift.Area(score, truth) / oracle
	return shares, string(fitted.Champion.Learner), nil
}

// naiveArea adds up the gain of every prefix, in float64, the plain way.
func naiveArea(score, effect []float32) float64 {
	order := make([]int, len(score))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case score[a] > score[b]:
			return -1
		case score[a] < score[b]:
			return 1
		}
		return 0
	})
	total := 0.0
	for _, e := range effect {
		total += float64(e)
	}
	area, gained, n := 0.0, 0.0, float64(len(order))
	for k, i := range order {
		before := gained - total*float64(k)/n
		gained += float64(effect[i])
		area += (before + gained - total*float64(k+1)/n) / 2
	}
	return area / n / n
}

func places(from, to int) []int {
	rows := make([]int, to-from)
	for i := range rows {
		rows[i] = from + i
	}
	return rows
}

func abs(v float64) float64 { return max(v, -v) }

func meanOf(all []float64) float64 {
	sum := 0.0
	for _, v := range all {
		sum += v
	}
	return sum / float64(len(all))
}

// binColumns bins columns by edges from their first rows, as a snapshot does.
func binColumns(columns [][]float32, rows int) [][]uint8 {
	bins := make([][]uint8, len(columns))
	for j, column := range columns {
		sample := make([]float64, rows)
		for i := range sample {
			sample[i] = float64(column[i])
		}
		binning := features.NewBinning(strconv.Itoa(j), sample, features.MostEdges)
		bins[j] = make([]uint8, len(column))
		for i, v := range column {
			bins[j][i] = binning.Bin(float64(v))
		}
	}
	return bins
}

// library is XGBoost as the product finds or installs it.
func library(ctx context.Context) (learn.Trainer, error) {
	path, err := install.XGBoost(ctx, "", nil)
	if err != nil {
		return nil, err
	}
	loaded, err := xgboost.Open(path)
	return xgboost.Learner{Library: loaded}, err
}

// readTruth reads a campaign whose true effects are known.
func readTruth(path string) (planted.Campaign, []float32, error) {
	var c planted.Campaign
	file, err := os.Open(path)
	if err != nil {
		return c, nil, err
	}
	defer func() { _ = file.Close() }()
	rows := csv.NewReader(file)
	head, err := rows.Read()
	if err != nil {
		return c, nil, err
	}
	var propensity []float32
	at := func(name string) int { return slices.Index(head, name) }
	for _, name := range []string{"treated", "outcome", "effect"} {
		if at(name) < 0 {
			return c, nil, fmt.Errorf("%s has no column %q", path, name)
		}
	}
	var columns []int
	for j, name := range head {
		if !slices.Contains([]string{"treated", "outcome", "effect", "propensity"}, name) {
			columns = append(columns, j)
		}
	}
	c.X = make([][]float32, len(columns))
	treated := 0
	for line := 2; ; line++ {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return c, nil, err
		}
		number := func(j int) float32 {
			v, e := strconv.ParseFloat(row[j], 32)
			if e != nil {
				err = errors.Join(err, fmt.Errorf("%s, line %d, %s: %q is no number", path, line, head[j], row[j]))
			}
			return float32(v)
		}
		for k, j := range columns {
			c.X[k] = append(c.X[k], number(j))
		}
		arm := number(at("treated")) == 1
		if arm {
			treated++
		}
		c.Treated = append(c.Treated, arm)
		c.Outcome, c.Effect = append(c.Outcome, number(at("outcome"))), append(c.Effect, number(at("effect")))
		if j := at("propensity"); j >= 0 {
			propensity = append(propensity, number(j))
		}
		if err != nil {
			return c, nil, err
		}
	}
	if propensity == nil {
		propensity = make([]float32, len(c.Outcome))
		for i := range propensity {
			propensity[i] = float32(treated) / float32(len(c.Outcome))
		}
	}
	return c, propensity, nil
}

// meter adds up what measured sections of this process take.
type meter struct {
	seconds, cpu, peak float64
}

func meterSelf() *meter { return &meter{} }

// begin starts a section; calling what it returns ends it.
func (m *meter) begin() func() {
	forget(os.Getpid())
	began, cpu := time.Now(), cpuOf(os.Getpid())
	return func() {
		m.seconds += time.Since(began).Seconds()
		m.cpu += cpuOf(os.Getpid()) - cpu
		m.peak = max(m.peak, peakOf(os.Getpid()))
	}
}

func (m *meter) write(out map[string]any) {
	out["seconds"], out["cpu_seconds"], out["rss_mb"] = m.seconds, m.cpu, m.peak
}
