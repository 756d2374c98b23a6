// Command bench measures what the product runs, through the same entry points: `go run ./bench NAME [flags]`.
// Progress goes to standard error; the last line of standard output is one JSON object. It exits non-zero only when it
// could not measure, or when what it measured is wrong; never because it is slow.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// bench is one measurement: it declares its flags, then runs with --quick or in full.
type bench interface {
	flags(*flag.FlagSet)
	run(ctx context.Context, quick bool) (map[string]any, error)
}

var benches = map[string]bench{
	"coupons":              &couponsBench{},
	"settlement-starbucks": &starbucksBench{},
	"settlement":           &settlementBench{},
	"offers":               &offersBench{},
	"campaign":             &campaignBench{},
	"dispatch":             &dispatchBench{},
	"dispatch-crash":       &dispatchCrashBench{},
	"closed-loop":          &closedLoopBench{},
	"features":             &featuresBench{},
	"churn":                &churnBench{},
	"hillstrom":            &hillstromBench{},
	"import":               &importBench{},
	"intervals":            &intervalsBench{},
	"ope":                  &opeBench{},
	"regret":               &regretBench{},
	"rehearse":             &rehearseBench{},
	"score":                &scoreBench{},
	"sendtime":             &sendtimeBench{},
	"timing":               &timingBench{},
	"truth":                &truthBench{},
	"uplift-truth":         &upliftTruthBench{},
	"settlement-chaos":     &settlementChaosBench{},
	"preview":              &previewBench{},
	"punctuality":          &punctualityBench{},
	"knapsack":             &knapsackBench{},
	"offers-vs-lp":         &offersVsLPBench{},
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == generateCommand {
		exit(generate(os.Args[2:]))
	}
	if len(os.Args) > 1 && os.Args[1] == offersCommand {
		exit(generateOffers(os.Args[2:]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	exit(measure(ctx, os.Args[1:]))
}

// keep says that the temporary folder stays.
var keep bool

// standing is the folder of a stopped local stack that holds a world already: making sixteen million people takes longer
// than what is measured. Empty: each bench makes its own.
var standing string

// built is a starter to use instead of building one: a test has one already.
var built string

// errWrong is why a bench fails whose result is wrong.
var errWrong = errors.New("wrong result")

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func measure(ctx context.Context, args []string) error {
	names := strings.Join(slices.Sorted(maps.Keys(benches)), ", ")
	if len(args) == 0 {
		return fmt.Errorf("name one of: %s", names)
	}
	b, ok := benches[args[0]]
	if !ok {
		return fmt.Errorf("there is no bench %q; there are: %s", args[0], names)
	}
	set := flag.NewFlagSet(args[0], flag.ExitOnError)
	quick := set.Bool("quick", false, "the same at a reduced size, in under a minute")
	set.BoolVar(&keep, "keep", false, "keep the temporary folder, with the engines' data and all logs")
	set.StringVar(&built, "starter", "", "a built starter, instead of building one")
	set.StringVar(&standing, "stack", "", "folder of a stopped stack that holds the world already (features and preview only; its snapshots are thrown away)")
	b.flags(set)
	if err := set.Parse(args[1:]); err != nil {
		return err
	}
	out, err := b.run(ctx, *quick)
	if err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	out["bench"], out["version"], out["cores"], out["quick"] = args[0], version(), runtime.NumCPU(), *quick
	return json.NewEncoder(os.Stdout).Encode(out)
}

// version is the commit that is measured, with a plus when files differ from it.
func version() string {
	out, err := exec.Command("git", "describe", "--always", "--dirty=+").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}

func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%s  %s\n", time.Now().Format("15:04:05"), fmt.Sprintf(format, args...))
}
