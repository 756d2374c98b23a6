package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/danbi-project/danbi/internal/offers/budget"
)

// offersBench solves one instance by the optimiser that PriceOffers runs, decides for every customer as AssignOffers does,
// and adds everything up again from what was written.
type offersBench struct {
	customers, offers, constraints int
	seed                           uint64
}

func (b *offersBench) flags(f *flag.FlagSet) {
	f.IntVar(&b.customers, "customers", 16_000_000, "customers")
	f.IntVar(&b.offers, "offers", 10, "offers that each may be given")
	f.IntVar(&b.constraints, "constraints", 31, "limits: the whole budget; segments and regions; an inventory for each offer")
	f.Uint64Var(&b.seed, "seed", 1, "of the instance")
}

func (b *offersBench) run(ctx context.Context, quick bool) (map[string]any, error) {
	if quick {
		b.customers = min(b.customers, 1_000_000)
	}
	dir, err := os.MkdirTemp("", "danbi-offers-")
	if err != nil {
		return nil, err
	}
	if keep {
		say("files stay in %s", dir)
	} else {
		defer os.RemoveAll(dir)
	}
	say("drawing %d customers", b.customers)
	if err := drawInstance(ctx, dir, b.customers, b.offers, b.constraints, b.seed); err != nil {
		return nil, err
	}
	out := map[string]any{"customers": b.customers, "offers": b.offers, "constraints": b.constraints}
	say("solving")
	var e *engines
	section := e.begin()
	bound, passes, err := solveInstance(dir)
	section.end(out)
	if err != nil {
		return nil, err
	}
	out["passes"] = passes
	say("adding up what was written")
	return out, verifyInstance(dir, bound, out)
}

func drawInstance(ctx context.Context, dir string, customers, offers, constraints int, seed uint64) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, self, offersCommand, dir, fmt.Sprint(customers), fmt.Sprint(offers), fmt.Sprint(constraints), fmt.Sprint(seed))
	cmd.Stderr = os.Stderr
	return cmd.Run()
}

// solved is what is written beside the choices: prices, and what is claimed of them.
type solved struct {
	Prices []float64
	Value  int64
	Bound  float64
}

// solveInstance writes a choice for each customer, and the prices.
func solveInstance(dir string) (bound float64, passes int, err error) {
	in, values, costs, class, luck, err := readInstance(dir)
	if err != nil {
		return 0, 0, err
	}
	table, err := budget.View(in.Offers, values, [][]float32{costs}, class, luck)
	if err != nil {
		return 0, 0, err
	}
	found, err := budget.Solve(table, in.Limits, budget.Settings{Swaps: true})
	if err != nil {
		return 0, 0, err
	}
	choices := make([]int8, in.Customers)
	var wait sync.WaitGroup
	faults := make([]error, runtime.GOMAXPROCS(0))
	for part := range faults {
		wait.Go(func() {
			low, high := in.Customers*part/len(faults), in.Customers*(part+1)/len(faults)
			faults[part] = table.Choices(in.Limits, found, low, high, func(row, option int) { choices[row] = int8(option) })
		})
	}
	wait.Wait()
	for _, err := range faults {
		if err != nil {
			return 0, 0, err
		}
	}
	text, err := json.Marshal(solved{Prices: found.BoundAt, Value: found.Sums.Value, Bound: found.Bound})
	if err != nil {
		return 0, 0, err
	}
	if err := os.WriteFile(filepath.Join(dir, "solved.json"), text, 0o600); err != nil {
		return 0, 0, err
	}
	bytes := make([]byte, len(choices))
	for i, c := range choices {
		bytes[i] = byte(c)
	}
	return found.Bound, found.Passes, os.WriteFile(filepath.Join(dir, "choices"), bytes, 0o600)
}

// verifyInstance adds up value, use and dual bound from the files, plainly, and compares them with what was claimed.
func verifyInstance(dir string, claimed float64, out map[string]any) error {
	in, values, costs, class, _, err := readInstance(dir)
	if err != nil {
		return err
	}
	choices, err := mapped[int8](filepath.Join(dir, "choices"))
	if err != nil {
		return err
	}
	var s solved
	text, err := os.ReadFile(filepath.Join(dir, "solved.json"))
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	if err != nil {
		return err
	}
	use, value, bound, forbidden := make([]float64, len(in.Limits)), 0.0, 0.0, 0
	for i := range in.Customers {
		best := 0.0
		for k := range in.Offers {
			v, c := float64(values[i*in.Offers+k]), float64(costs[i*in.Offers+k])
			chosen := int(choices[i]) == k
			if v <= budget.Never {
				if chosen {
					forbidden++
				}
				continue
			}
			worth := v
			for j, l := range in.Limits {
				if len(l.Scope) > 0 && !l.Scope[class[i]] {
					continue
				}
				uses := float64(l.Weight[k].Cost)*c + float64(l.Weight[k].Unit)
				worth -= s.Prices[j] * uses
				if chosen {
					use[j] += uses
				}
			}
			best = max(best, worth)
			if chosen {
				value += v
			}
		}
		bound += best
	}
	violations, binding := forbidden, 0
	for j, l := range in.Limits {
		bound += s.Prices[j] * float64(l.Most)
		if use[j] > float64(l.Most) {
			violations++
		}
		if math.Abs(use[j]-float64(l.Most)) <= 1e-3*float64(l.Most) {
			binding++
		}
	}
	out["value"], out["dual_bound"], out["gap"] = value, bound, (bound-value)/bound
	out["budget_use"], out["violations"], out["binding"] = use[0]/float64(in.Limits[0].Most), violations, binding
	switch {
	case violations > 0:
		return fmt.Errorf("%w: %d limits are broken or offers given to whom they are not for", errWrong, violations)
	case value != float64(s.Value):
		return fmt.Errorf("%w: a value of %d was claimed, and %.0f was written", errWrong, s.Value, value)
	case math.Abs(bound-claimed) > 1e-9*claimed:
		return fmt.Errorf("%w: a bound of %f was claimed, and the prices give %f", errWrong, claimed, bound)
	}
	return nil
}
