package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/danbi-project/danbi/internal/features"
	"github.com/danbi-project/danbi/internal/warehouse"
)

// errDrifted ends drift --check with an exit code that scripts can branch on.
var errDrifted = errors.New("features have drifted so far that a model of the first snapshot must not score the second: fit it again")

// drifted is one feature's drift between two snapshots.
type drifted struct {
	Feature string  `json:"feature"`
	PSI     float64 `json:"psi"`
	Level   string  `json:"level"`
}

func newFeaturesDriftCommand(app *App) *cobra.Command {
	var check bool
	cmd := &cobra.Command{
		Use: "drift [BEFORE AFTER]", Short: "How far each feature has drifted between two snapshots (default: the latest two)", Args: cobra.MatchAll(cobra.MaximumNArgs(2), both),
		Long: `How far each feature has drifted between two snapshots, by the population stability index (PSI) over their bins:
from 0.1 on it is worth a look, from 0.25 on a model that was fitted on the one must not score the other. Both must share
their bins, as snapshots of one catalogue do.`,
		Example: "  starter features drift\n  starter features drift s0123456789ab sba9876543210 --check",
		RunE: func(cmd *cobra.Command, args []string) error {
			return app.withStore(cmd.Context(), func(store *warehouse.Warehouse) error {
				before, after, err := app.twoSnapshots(cmd.Context(), store, args)
				if err != nil {
					return err
				}
				all, err := drift(cmd.Context(), store, before, after)
				if err != nil {
					return err
				}
				if app.JSON {
					err = app.PrintJSON(map[string]any{"before": before.ID, "after": after.ID, "features": all})
				} else {
					app.printDrift(before, after, all)
				}
				if err == nil && check && all[0].Level == features.Blocked {
					return withExit(ExitInvalid, errDrifted)
				}
				return err
			})
		},
	}
	cmd.Flags().BoolVar(&check, "check", false, "fail if a feature has drifted by 0.25 or more")
	return cmd
}

func both(_ *cobra.Command, args []string) error {
	if len(args) == 1 {
		return errors.New("name both snapshots, or none")
	}
	return nil
}

// twoSnapshots are those that are named, or the latest two that share their bins.
func (a *App) twoSnapshots(ctx context.Context, store *warehouse.Warehouse, named []string) (before, after features.Snapshot, err error) {
	all, err := store.Snapshots(ctx)
	if err != nil {
		return before, after, err
	}
	find := func(id string) (features.Snapshot, error) {
		i := slices.IndexFunc(all, func(s features.Snapshot) bool { return s.ID == id })
		if i < 0 {
			return features.Snapshot{}, withExit(ExitInvalid, fmt.Errorf("%s: %w", id, features.ErrNoSnapshot))
		}
		return all[i], nil
	}
	if len(named) == 2 {
		if before, err = find(named[0]); err == nil {
			after, err = find(named[1])
		}
		if err == nil && before.Binning != after.Binning {
			err = withExit(ExitInvalid, fmt.Errorf(a.text("%s and %s have other bins, of other catalogues or of very different populations: compare snapshots of one", "%s와(과) %s의 구간이 서로 다릅니다. 같은 카탈로그의 스냅샷을 비교하세요"), before.ID, after.ID))
		}
		return before, after, err
	}
	for i, s := range all {
		if j := slices.IndexFunc(all[i+1:], func(o features.Snapshot) bool { return o.Binning == s.Binning && o.Instant.Before(s.Instant) }); j >= 0 && s.Binning != "" {
			return all[i+1+j], s, nil
		}
	}
	return before, after, withExit(ExitInvalid, errors.New(a.text("there are no two snapshots of one catalogue yet: take another with `starter features snapshot --as-of DATE`", "같은 카탈로그의 스냅샷이 아직 두 개가 아닙니다. `starter features snapshot --as-of 날짜`로 하나 더 만드세요")))
}

func drift(ctx context.Context, store *warehouse.Warehouse, before, after features.Snapshot) ([]drifted, error) {
	binnings, err := store.Binnings(ctx, before.ID)
	if err != nil {
		return nil, err
	}
	var counts [2][][]uint64
	for i, s := range []features.Snapshot{before, after} {
		if counts[i], err = store.FeatureCounts(ctx, s.ID); err != nil {
			return nil, err
		}
	}
	all := make([]drifted, len(binnings))
	for i, b := range binnings {
		psi := features.PSI(counts[0][i], counts[1][i])
		all[i] = drifted{Feature: b.Feature, PSI: psi, Level: features.Level(psi)}
	}
	slices.SortStableFunc(all, func(a, b drifted) int { return cmp.Compare(b.PSI, a.PSI) })
	return all, nil
}

func (a *App) printDrift(before, after features.Snapshot, all []drifted) {
	a.Sayf(a.text("From %s (%s, %s customers) to %s (%s, %s customers)", "%s (%s, 고객 %s명) → %s (%s, 고객 %s명)"),
		before.ID, before.Instant.Format("2006-01-02"), groups(before.Customers), after.ID, after.Instant.Format("2006-01-02"), groups(after.Customers))
	levels := map[string]string{features.Stable: a.text("stable", "안정"), features.Warned: a.text("look at it", "확인 필요"), features.Blocked: a.text("another population", "다른 집단")}
	var rows [][]string
	for _, d := range all {
		rows = append(rows, []string{d.Feature, fmt.Sprintf("%.3f", d.PSI), levels[d.Level]})
	}
	a.PrintTable([]Column{{Title: a.text("Feature", "특성")}, {Title: "PSI", Right: true}, {Title: ""}}, rows)
}
