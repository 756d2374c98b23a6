package main

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/danbi-project/danbi/internal/offers/budget"
)

// offersVsLPBench solves one instance by the optimiser and by HiGHS, both from what lies in memory.
type offersVsLPBench struct {
	customers, offers, constraints int
	seed                           uint64
	limit                          time.Duration
}

func (b *offersVsLPBench) flags(f *flag.FlagSet) {
	f.IntVar(&b.customers, "customers", 20_000, "customers")
	f.IntVar(&b.offers, "offers", 10, "offers that each may be given")
	f.IntVar(&b.constraints, "constraints", 31, "limits")
	f.Uint64Var(&b.seed, "seed", 1, "of the instance")
	f.DurationVar(&b.limit, "limit", 90*time.Second, "time that the solver may take for each of its two problems")
}

//go:embed offers_lp.py
var lpScript []byte

// highspy is the solver's package.
const highspy = "highspy==1.15.1"

type lpAnswer struct {
	Version string
	LP, MIP struct {
		Objective, Seconds float64
		Gap                float64 // -1: none is known
		CPU                float64 `json:"cpu_seconds"`
		Status             string
	}
}

func (b *offersVsLPBench) run(ctx context.Context, quick bool) (map[string]any, error) {
	if quick {
		b.customers, b.limit = min(b.customers, 5000), 15*time.Second
	}
	python, err := installHiGHS(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "danbi-lp-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := drawInstance(ctx, dir, b.customers, b.offers, b.constraints, b.seed); err != nil {
		return nil, err
	}
	in, values, costs, class, luck, err := readInstance(dir)
	if err != nil {
		return nil, err
	}
	table, err := budget.View(in.Offers, values, [][]float32{costs}, class, luck)
	if err != nil {
		return nil, err
	}
	out := map[string]any{"customers": b.customers, "offers": b.offers, "constraints": b.constraints}
	var e *engines
	section := e.begin()
	found, err := budget.Solve(table, in.Limits, budget.Settings{Swaps: true})
	section.end(out)
	if err != nil {
		return nil, err
	}
	for j, l := range in.Limits {
		if found.Sums.Use[j] > l.Most {
			return nil, fmt.Errorf("%w: %s is broken", errWrong, l.Name)
		}
	}
	model, script := filepath.Join(dir, "model.mps"), filepath.Join(dir, "solve.py")
	if err := errors.Join(writeMPS(model, in, values, costs, class), os.WriteFile(script, lpScript, 0o600)); err != nil {
		return nil, err
	}
	say("solved in %.3f s; HiGHS is at it", out["seconds"])
	cmd := exec.CommandContext(ctx, python, script, model, fmt.Sprint(b.limit.Seconds()))
	cmd.Stderr = os.Stderr
	text, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("HiGHS: %w", err)
	}
	var lp lpAnswer
	if err := json.Unmarshal(text, &lp); err != nil {
		return nil, err
	}
	if lp.LP.Status != "Optimal" {
		return nil, fmt.Errorf("could not measure: HiGHS ended the relaxation as %q after %.0f s; raise --limit", lp.LP.Status, lp.LP.Seconds)
	}
	if float64(found.Sums.Value) > lp.LP.Objective*(1+1e-7) || found.Bound < lp.LP.Objective*(1-1e-7) {
		return nil, fmt.Errorf("%w: value %d and bound %f do not enclose the relaxation's optimum %f", errWrong, found.Sums.Value, found.Bound, lp.LP.Objective)
	}
	out["solver"], out["objective"], out["lp_objective"], out["dual_bound"] = "HiGHS "+lp.Version, found.Sums.Value, lp.LP.Objective, found.Bound
	out["objective_ratio"], out["swaps"], out["gap"] = float64(found.Sums.Value)/lp.LP.Objective, len(found.Swaps), found.Gap
	out["lp_seconds"], out["lp_cpu_seconds"], out["time_ratio"] = lp.LP.Seconds, lp.LP.CPU, lp.LP.Seconds/out["seconds"].(float64)
	out["cpu_ratio"] = lp.LP.CPU / math.Max(out["cpu_seconds"].(float64), 0.01)
	out["mip"] = map[string]any{"objective": lp.MIP.Objective, "seconds": lp.MIP.Seconds, "gap": lp.MIP.Gap, "status": lp.MIP.Status}
	return out, nil
}

// installHiGHS makes an environment of its own for the solver, once.
func installHiGHS(ctx context.Context) (python string, err error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "danbi", "bench-highs")
	python = filepath.Join(dir, "bin", "python")
	if exec.CommandContext(ctx, python, "-c", "import highspy").Run() == nil {
		return python, nil
	}
	say("installing HiGHS (%s) into %s", highspy, dir)
	for _, args := range [][]string{{"python3", "-m", "venv", dir}, {python, "-m", "pip", "install", "--quiet", highspy}} {
		cmd := exec.CommandContext(ctx, args[0], args[1:]...)
		cmd.Stderr = os.Stderr
		if err := cmd.Run(); err != nil {
			return "", fmt.Errorf("could not measure: `%v`: %w; install Python 3 with venv, and its package highspy", args, err)
		}
	}
	return python, nil
}

// writeMPS writes the instance as a model: a row for each customer and each limit, a column for each offer that a customer may have.
func writeMPS(path string, in offersInstance, values, costs []float32, class []uint16) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	fmt.Fprintln(w, "NAME OFFERS\nROWS\n N V")
	for j := range in.Limits {
		fmt.Fprintf(w, " L L%d\n", j)
	}
	for i := range in.Customers {
		fmt.Fprintf(w, " L C%d\n", i)
	}
	fmt.Fprintln(w, "COLUMNS\n M1 'MARKER' 'INTORG'")
	for i := range in.Customers {
		for k := range in.Offers {
			v, c := values[i*in.Offers+k], costs[i*in.Offers+k]
			if v <= budget.Never {
				continue
			}
			fmt.Fprintf(w, " X%d_%d V %d\n X%d_%d C%d 1\n", i, k, -int64(v), i, k, i)
			for j, l := range in.Limits {
				if use := l.Weight[k].Cost*int64(c) + l.Weight[k].Unit; use != 0 && (len(l.Scope) == 0 || l.Scope[class[i]]) {
					fmt.Fprintf(w, " X%d_%d L%d %d\n", i, k, j, use)
				}
			}
		}
	}
	fmt.Fprintln(w, " M2 'MARKER' 'INTEND'\nRHS")
	for j, l := range in.Limits {
		fmt.Fprintf(w, " R L%d %d\n", j, l.Most)
	}
	for i := range in.Customers {
		fmt.Fprintf(w, " R C%d 1\n", i)
	}
	fmt.Fprintln(w, "BOUNDS")
	for i := range in.Customers {
		for k := range in.Offers {
			if values[i*in.Offers+k] > budget.Never {
				fmt.Fprintf(w, " UP B X%d_%d 1\n", i, k)
			}
		}
	}
	fmt.Fprintln(w, "ENDATA")
	return w.Flush()
}
