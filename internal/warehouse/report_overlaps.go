package warehouse

import (
	"cmp"
	"context"
	"slices"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/measurement/report"
)

const (
	overlapAtOnce = 1 << 20 // keys of customers at once: what one statement may remember
	mostOverlaps  = 20      // a report names so many, those with the most common customers
)

// reportOverlaps finds the campaigns whose customers and windows are this one's too.
func (w *Warehouse) reportOverlaps(ctx context.Context, run campaign.Run, q report.Question, f *report.Facts) error {
	var others []report.Overlap
	var campaigns []string
	var occurrences []uint32
	var plans []uint16
	err := w.each(ctx, "report_beside", runOnly(run).with(args{"opens": second(q.Opens), "closes": second(q.Closes)}), func(rows driver.Rows) error {
		var o report.Overlap
		var plan uint16
		err := rows.Scan(&o.Campaign, &o.Occurrence, &plan, &o.Opens, &o.Closes)
		others, plans = append(others, o), append(plans, plan)
		campaigns, occurrences = append(campaigns, o.Campaign), append(occurrences, o.Occurrence)
		return err
	})
	if err != nil || len(others) == 0 {
		return err
	}
	last, err := w.LastDecided(ctx, run)
	if err != nil {
		return err
	}
	of := runOnly(run).with(args{"plan": run.Plan, "campaigns": campaigns, "occurrences": occurrences, "plans": plans})
	for low := uint64(1); low <= uint64(last); low += overlapAtOnce {
		err := w.each(ctx, "report_overlaps", of.with(args{"low": uint32(low), "high": uint32(min(low+overlapAtOnce-1, uint64(last)))}), func(rows driver.Rows) error {
			var part report.Overlap
			if err := rows.Scan(&part.Campaign, &part.Occurrence, &part.Both, &part.Treated, &part.Control); err != nil {
				return err
			}
			for i := range others {
				if o := &others[i]; o.Campaign == part.Campaign && o.Occurrence == part.Occurrence {
					o.Both, o.Treated, o.Control = o.Both+part.Both, o.Treated+part.Treated, o.Control+part.Control
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	others = slices.DeleteFunc(others, func(o report.Overlap) bool { return o.Both == 0 })
	slices.SortStableFunc(others, func(a, b report.Overlap) int { return cmp.Compare(b.Both, a.Both) })
	f.Overlaps = others[:min(len(others), mostOverlaps)]
	return nil
}
