package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/danbi-project/danbi/internal/offers/budget"
)

// knapsackBench solves published assignment problems whose optima are proven, by the optimiser for offers as it is. They
// are as far from its purpose as can be: a capacity holds a handful of items, and every item must be placed.
type knapsackBench struct{ data string }

func (b *knapsackBench) flags(f *flag.FlagSet) {
	f.StringVar(&b.data, "data", "../shared/data/knapsack", "folder with gap/ and mmkp/")
}

// optima of OR-Library's generalised assignment problems, in the files' order; 0: none is proven.
var optima = map[string][]float64{
	"gap1": {336, 327, 339, 341, 326}, "gap2": {434, 436, 420, 419, 428}, "gap12": {1451, 1449, 1433, 1447, 1446},
	"gapa": {1698, 3235, 1360, 2623, 1158, 2339}, "gapb": {1843, 3552, 1407, 0, 1166, 2339},
}

type knapsack struct {
	name    string
	optimum float64
	least   bool      // the sum is to be small
	values  [][]int   // by item and option, in hundredths
	uses    [][][]int // by item, option and resource
	most    []int     // by resource
	owner   bool      // resource k is used by option k alone: an agent
}

func (b *knapsackBench) run(context.Context, bool) (map[string]any, error) {
	var all []knapsack
	for _, name := range []string{"gap1", "gap2", "gap12", "gapa", "gapb"} {
		some, err := readGAP(filepath.Join(b.data, "gap", name+".txt"), name)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	some, err := readMMKP(filepath.Join(b.data, "mmkp"))
	if err != nil {
		return nil, err
	}
	all = append(all, some...)
	out := map[string]any{}
	var e *engines
	section := e.begin()
	var instances []map[string]any
	var sum, worst, known, unplaced float64
	for _, k := range all {
		began := time.Now()
		ours, bound, left, err := k.solve()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", k.name, err)
		}
		one := map[string]any{"name": k.name, "optimum": k.optimum, "ours": ours, "dual_bound": bound, "unplaced": left, "seconds": time.Since(began).Seconds()}
		unplaced += float64(left)
		if k.optimum > 0 && left == 0 {
			gap := (k.optimum - ours) / k.optimum
			if k.least {
				gap = -gap
			}
			if gap < -1e-9 || k.least && bound > k.optimum+1e-6*k.optimum || !k.least && bound < k.optimum-1e-6*k.optimum {
				return nil, fmt.Errorf("%w: %s: %v against a proven optimum of %v, bound %v", errWrong, k.name, ours, k.optimum, bound)
			}
			one["gap"] = gap
			sum, worst, known = sum+gap, max(worst, gap), known+1
		}
		instances = append(instances, one)
	}
	section.end(out)
	out["instances"], out["mean_gap"], out["worst_gap"], out["unplaced"] = instances, sum/known, worst, unplaced
	return out, nil
}

// must is added to every option's value, so that an item is left out only where it does not fit at all.
const must = 1 << 20

// solve gives the objective that is reached, the dual bound of it, and how many items found no place.
func (k knapsack) solve() (ours, bound float64, left int, err error) {
	options, columns := len(k.values[0]), len(k.most)
	if k.owner {
		columns = 1
	}
	table, err := budget.NewTable(options, columns)
	if err != nil {
		return 0, 0, 0, err
	}
	sign := 1
	if k.least {
		sign = -1
	}
	for i, values := range k.values {
		row := make([]budget.Option, options)
		for o := range row {
			row[o] = budget.Option{Possible: o < len(values)}
			if !row[o].Possible {
				continue
			}
			row[o].Value = float32(must + sign*values[o])
			if k.owner {
				row[o].Costs = []float32{float32(k.uses[i][o][0])}
				continue
			}
			for _, use := range k.uses[i][o] {
				row[o].Costs = append(row[o].Costs, float32(use))
			}
		}
		table.Add(0, uint32(i)*2654435761, row)
	}
	limits := make([]budget.Limit, len(k.most))
	for j, most := range k.most {
		limits[j] = budget.Limit{Name: fmt.Sprintf("resource %d", j), Weight: make([]budget.Weight, options), Most: int64(most)}
		for o := range options {
			if !k.owner || o == j {
				limits[j].Weight[o].Cost = 1
			}
		}
		if !k.owner {
			limits[j].Column = j
		}
	}
	found, err := budget.Solve(table, limits, budget.Settings{Swaps: true})
	if err != nil {
		return 0, 0, 0, err
	}
	// What was chosen is added up again, plainly.
	use := make([]int, len(k.most))
	var value int
	err = table.Choices(limits, found, 0, table.Len(), func(i, o int) {
		if o == budget.None {
			left++
			return
		}
		value += k.values[i][o]
		for r, u := range k.uses[i][o] {
			if k.owner {
				r = o
			}
			use[r] += u
		}
	})
	for r, u := range use {
		if u > k.most[r] {
			return 0, 0, 0, fmt.Errorf("%w: resource %d is used %d times of %d", errWrong, r, u, k.most[r])
		}
	}
	return float64(value) / 100, float64(sign) * (found.Bound - float64(must*len(k.values))) / 100, left, err
}

func readGAP(path, name string) ([]knapsack, error) {
	next, err := numbers(path)
	if err != nil {
		return nil, err
	}
	var all []knapsack
	problems := int(next())
	for p := range problems {
		agents, jobs := int(next()), int(next())
		k := knapsack{name: fmt.Sprintf("%s-%d", name, p+1), optimum: optima[name][p], least: name == "gapa" || name == "gapb", owner: true}
		k.values, k.uses = make([][]int, jobs), make([][][]int, jobs)
		for range agents {
			for j := range jobs {
				k.values[j] = append(k.values[j], 100*int(next()))
			}
		}
		for range agents {
			for j := range jobs {
				k.uses[j] = append(k.uses[j], []int{int(next())})
			}
		}
		for range agents {
			k.most = append(k.most, int(next()))
		}
		all = append(all, k)
	}
	if math.IsNaN(next()) {
		return all, nil
	}
	return nil, fmt.Errorf("%s holds more than %d problems", path, problems)
}

func readMMKP(dir string) ([]knapsack, error) {
	proven := map[string]float64{"I01": 173, "I02": 364, "I03": 1602, "I04": 3597, "I05": 3905.70, "I06": 4799.30}
	var all []knapsack
	for _, name := range []string{"I01", "I02", "I03", "I04", "I05", "I06"} {
		next, err := numbers(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		groups, items, resources := int(next()), int(next()), int(next())
		k := knapsack{name: name, optimum: proven[name]}
		for range resources {
			k.most = append(k.most, int(next()))
		}
		for range groups {
			next() // the group's number
			var values []int
			var uses [][]int
			for range items {
				values = append(values, int(math.Round(100*next())))
				use := make([]int, resources)
				for r := range use {
					use[r] = int(next())
				}
				uses = append(uses, use)
			}
			k.values, k.uses = append(k.values, values), append(k.uses, uses)
		}
		all = append(all, k)
	}
	return all, nil
}

// numbers reads a file of numbers one by one; after the last, and for what is none, NaN.
func numbers(path string) (next func() float64, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, errors.Join(err, errors.New("name the folder with --data"))
	}
	scanner := bufio.NewScanner(io.Reader(strings.NewReader(string(data))))
	scanner.Split(bufio.ScanWords)
	return func() float64 {
		if !scanner.Scan() {
			return math.NaN()
		}
		x, err := strconv.ParseFloat(scanner.Text(), 64)
		if err != nil {
			return math.NaN()
		}
		return x
	}, nil
}
