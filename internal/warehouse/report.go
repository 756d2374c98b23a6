package warehouse

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/measurement/report"
	"github.com/danbi-project/danbi/internal/money"
)

// ErrNoReport says that a run has no report yet.
var ErrNoReport = errors.New("there is no report yet")

// ErrNoCampaign says that the warehouse knows no such campaign.
var ErrNoCampaign = errors.New("there is no such campaign")

// SaveReport keeps a report; the last one of a run is the one that is read.
func (w *Warehouse) SaveReport(ctx context.Context, run campaign.Run, text string, at time.Time) error {
	batch, err := w.conn.PrepareBatch(ctx, "INSERT INTO reports (campaign, occurrence, plan, report, at)")
	if err == nil {
		err = batch.Append(run.Campaign, run.Occurrence, run.Plan, text, at.UTC())
	}
	if err == nil {
		err = batch.Send()
	}
	if err != nil {
		return fmt.Errorf("keep the report: %w", err)
	}
	return nil
}

// LatestReport is the JSON of an occurrence's last report, or ErrNoReport.
func (w *Warehouse) LatestReport(ctx context.Context, name string, occurrence uint32) (string, error) {
	var text string
	found := false
	err := w.each(ctx, "report_latest", args{"campaign": name, "occurrence": occurrence}, func(rows driver.Rows) error {
		found = true
		return rows.Scan(&text)
	})
	if err == nil && !found {
		err = fmt.Errorf("campaign %s, occurrence %d: %w", name, occurrence, ErrNoReport)
	}
	return text, err
}

// LatestRun is the last plan of an occurrence, 0 meaning the last one too. ErrNoCampaign if there is none.
func (w *Warehouse) LatestRun(ctx context.Context, name string, occurrence uint32) (campaign.Run, error) {
	var runs []campaign.Run
	err := w.each(ctx, "report_runs", args{"campaign": name, "occurrence": occurrence}, func(rows driver.Rows) error {
		run := campaign.Run{Campaign: name}
		runs = append(runs, run)
		r := &runs[len(runs)-1]
		return rows.Scan(&r.Occurrence, &r.Plan, &r.Launch)
	})
	if err == nil && len(runs) == 0 {
		return campaign.Run{}, fmt.Errorf("campaign %s: %w", name, ErrNoCampaign)
	}
	if err != nil {
		return campaign.Run{}, err
	}
	return runs[0], nil
}

// ReportFacts is what the warehouse knows of a run. Customers whose zone is missing or unknown live in the question's.
func (w *Warehouse) ReportFacts(ctx context.Context, run campaign.Run, q report.Question) (report.Facts, error) {
	var f report.Facts
	planned := runOnly(run).with(args{"plan": run.Plan})
	err := errors.Join(
		w.each(ctx, "report_arms", planned, func(rows driver.Rows) error {
			var a report.Arm
			err := rows.Scan(&a.Arm, &a.Reason, &a.Customers)
			f.Arms = append(f.Arms, a)
			return err
		}),
		w.each(ctx, "report_offers", planned, func(rows driver.Rows) error {
			var o report.Offer
			var expected float64
			err := rows.Scan(&o.ID, &o.Customers, &o.Explored, (*int64)(&o.Exposure), (*int64)(&o.ExpectedCost), (*int64)(&o.Value),
				&o.Reach, &o.Without, &expected, (*int64)(&o.Least), (*int64)(&o.Median), (*int64)(&o.Greatest))
			f.Offers = append(f.Offers, o)
			if o.Exposure > 0 {
				f.Expected += expected
			}
			return err
		}),
		w.each(ctx, "report_deliveries", runOnly(run), func(rows driver.Rows) error {
			var touch, state, channel string
			var n uint64
			err := rows.Scan(&touch, &state, &channel, &n)
			if last := len(f.Deliveries) - 1; last < 0 || f.Deliveries[last].Touch != touch {
				f.Deliveries = append(f.Deliveries, report.Touch{Touch: touch, States: map[string]uint64{}, Channels: map[string]uint64{}})
			}
			f.Deliveries[len(f.Deliveries)-1].States[state] += n
			if channel != "" {
				f.Deliveries[len(f.Deliveries)-1].Channels[channel] += n
			}
			return err
		}),
		w.each(ctx, "report_sources", planned, func(rows driver.Rows) error {
			var source string
			var n uint64
			err := rows.Scan(&source, &n)
			if f.HourSources == nil {
				f.HourSources = map[string]uint64{}
			}
			f.HourSources[source] += n
			return err
		}),
		w.reportHours(ctx, "report_hours", run, q.Snapshot, q.Zone, &f.Hours),
		w.reportHours(ctx, "report_hours_left", run, q.Snapshot, q.Zone, &f.Left),
		w.reportOverlaps(ctx, run, q, &f),
		w.reportRedemptions(ctx, run, q.Zone, &f),
		w.reportAttributed(ctx, run, q, &f),
		w.each(ctx, "report_clawbacks", runOnly(run), func(rows driver.Rows) error {
			return rows.Scan(&f.Clawed, (*int64)(&f.Clawback))
		}),
	)
	if err != nil {
		return f, err
	}
	if err := w.reportThresholds(ctx, run, &f); err != nil {
		return f, err
	}
	batches, err := w.Batches(ctx, run)
	f.Batches = uint64(len(batches))
	return f, err
}

func (w *Warehouse) reportAttributed(ctx context.Context, run campaign.Run, q report.Question, f *report.Facts) error {
	a := report.Attributed{Within: report.AttributedWithin}
	parameters := runOnly(run).with(args{"currency": q.Currency, "opens": second(q.Opens), "closes": second(q.Closes), "within": uint32(a.Within.Seconds())})
	return w.each(ctx, "report_attributed", parameters, func(rows driver.Rows) error {
		err := rows.Scan(&a.Opened, &a.Clicked, (*int64)(&a.AfterOpen), (*int64)(&a.AfterClick))
		if a.Opened > 0 {
			f.Attributed = &a
		}
		return err
	})
}

// reportHours counts messages by the hour of each customer's own zone, from a statement that counts them by zone and hour
// since 1970.
func (w *Warehouse) reportHours(ctx context.Context, statement string, run campaign.Run, snapshot, zone string, hours *[24]uint64) error {
	home, err := campaign.LoadZone(zone)
	if err != nil {
		return err
	}
	places := map[string]*time.Location{}
	return w.each(ctx, statement, runOnly(run).with(args{"plan": run.Plan, "snapshot": snapshot}), func(rows driver.Rows) error {
		var name string
		var hour uint32
		var n uint64
		if err := rows.Scan(&name, &hour, &n); err != nil {
			return err
		}
		place, known := places[name]
		if !known {
			if place, err = campaign.LoadZone(name); err != nil {
				place = home
			}
			places[name] = place
		}
		hours[time.Unix(int64(hour)*3600, 0).In(place).Hour()] += n
		return nil
	})
}

func (w *Warehouse) reportRedemptions(ctx context.Context, run campaign.Run, zone string, f *report.Facts) error {
	met := map[string]report.Offer{}
	err := w.each(ctx, "report_redemptions", runOnly(run).with(args{"zone": zone}), func(rows driver.Rows) error {
		var offer, day string
		var n uint64
		var owed int64
		if err := rows.Scan(&offer, &day, &n, &owed); err != nil {
			return err
		}
		o := met[offer]
		o.Redeemed, o.Due = o.Redeemed+n, o.Due+money.Minor(owed)
		met[offer] = o
		if last := len(f.Days) - 1; last < 0 || f.Days[last].Day != day {
			f.Days = append(f.Days, report.Day{Day: day})
		}
		last := &f.Days[len(f.Days)-1]
		last.Redeemed, last.Due = last.Redeemed+n, last.Due+money.Minor(owed)
		return nil
	})
	for i := range f.Offers {
		o := &f.Offers[i]
		o.Redeemed, o.Due = met[o.ID].Redeemed, met[o.ID].Due
	}
	return err
}

func (w *Warehouse) reportThresholds(ctx context.Context, run campaign.Run, f *report.Facts) error {
	var least, greatest money.Minor
	for i, o := range f.Offers {
		if o.Exposure == 0 {
			continue
		}
		if i == 0 || least == 0 || o.Least < least {
			least = o.Least
		}
		greatest = max(greatest, o.Greatest)
	}
	if greatest == 0 {
		return nil
	}
	step := report.Step(greatest - least)
	return w.each(ctx, "report_thresholds", runOnly(run).with(args{"plan": run.Plan, "step": int64(step)}), func(rows driver.Rows) error {
		var b report.Bin
		err := rows.Scan((*int64)(&b.Low), &b.Customers, &b.Redeemed)
		b.High = b.Low + step
		for n := len(f.Thresholds); n > 0 && f.Thresholds[n-1].High < b.Low; n++ { // nobody's threshold lies there
			low := f.Thresholds[n-1].High
			f.Thresholds = append(f.Thresholds, report.Bin{Low: low, High: low + step})
		}
		f.Thresholds = append(f.Thresholds, b)
		return err
	})
}

// each runs a query and hands every row over.
func (w *Warehouse) each(ctx context.Context, name string, parameters args, row func(driver.Rows) error) error {
	rows, err := w.conn.Query(ctx, query(name), parameters.list()...)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := row(rows); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
