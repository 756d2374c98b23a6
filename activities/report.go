package activities

import (
	"context"
	"encoding/json"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/ledger"
	"github.com/danbi-project/danbi/internal/measurement/report"
)

// WriteReportInput asks to write a run's report from the warehouse and what the workflow knows.
type WriteReportInput struct {
	Run        campaign.Run           `json:"run"`
	Stage      campaign.Stage         `json:"stage"`
	Snapshot   Snapshot               `json:"snapshot"`
	Times      campaign.Times         `json:"times"`
	Clock      clock.Clock            `json:"clock"`
	Funnel     Funnel                 `json:"funnel"`
	Model      Model                  `json:"model"`
	Prices     Prices                 `json:"prices"`
	Deliveries map[string]uint64      `json:"deliveries"` // by state
	Settled    QualifyCustomersOutput `json:"settled"`
	Paid       PayDuesOutput          `json:"paid"`
	Reconciled ReconcilePayoutsOutput `json:"reconciled"`
	Books      CheckBooksOutput       `json:"books"`
	Head       string                 `json:"head"`
	Effect     *MeasureEffectOutput   `json:"effect,omitempty"`
	Final      bool                   `json:"final"`
	Cancelled  time.Time              `json:"cancelled,omitzero"` // campaign time
}

// WriteReportOutput says where the report is.
type WriteReportOutput struct {
	Bytes int `json:"bytes"`
}

// ReportStore is where reports are kept, and what the warehouse knows of a run.
type ReportStore interface {
	ReportFacts(ctx context.Context, run campaign.Run, q report.Question) (report.Facts, error)
	SaveReport(ctx context.Context, run campaign.Run, text string, at time.Time) error
}

// Reports writes what a run brought.
type Reports struct {
	Store  ReportStore
	Briefs Briefs
}

// WriteReport writes the report of a run, from what the workflow knows and what the warehouse adds.
func (a *Reports) WriteReport(ctx context.Context, in WriteReportInput) (WriteReportOutput, error) {
	stop := heartbeat(ctx)
	defer stop()
	out, err := a.write(ctx, in)
	return out, Classify(err)
}

func (a *Reports) write(ctx context.Context, in WriteReportInput) (WriteReportOutput, error) {
	brief, err := a.Briefs.Brief(ctx, in.Run)
	if err != nil {
		return WriteReportOutput{}, err
	}
	facts, err := a.Store.ReportFacts(ctx, in.Run, report.Question{
		Snapshot: in.Snapshot.ID, Zone: brief.Spec.Zone, Currency: brief.Spec.Currency, Opens: in.Times.Opens, Closes: in.Times.Closes,
	})
	if err != nil {
		return WriteReportOutput{}, err
	}
	at := in.Clock.At(clock.Wall())
	d := document(in, brief.Spec, facts, at)
	if err := d.Account(brief.Spec.Budget.Contact, facts.Expected, in.Cancelled); err != nil {
		return WriteReportOutput{}, err
	}
	text, err := json.Marshal(d)
	if err != nil {
		return WriteReportOutput{}, err
	}
	return WriteReportOutput{Bytes: len(text)}, a.Store.SaveReport(ctx, in.Run, string(text), at)
}

func document(in WriteReportInput, spec campaign.Spec, facts report.Facts, at time.Time) *report.Document {
	d := &report.Document{
		Campaign: in.Run.Campaign, Occurrence: in.Run.Occurrence, Plan: in.Run.Plan, Title: spec.Title, Stage: in.Stage, Final: in.Final,
		Currency: spec.Currency, Zone: spec.Zone, Rehearsal: in.Clock.Rehearsal, Delivered: spec.Measurement.Delivered, Times: in.Times, At: at,
		Snapshot: report.Snapshot{ID: in.Snapshot.ID, Instant: in.Snapshot.Instant, Customers: in.Snapshot.Customers},
		Model:    report.Model{Kind: in.Model.Kind, Rows: in.Model.Rows, AUC: in.Model.AUC, Note: in.Model.Note},
		Funnel:   in.Funnel, Arms: facts.Arms, Offers: facts.Offers, Thresholds: facts.Thresholds, Hours: facts.Hours, HourSources: facts.HourSources,
		Deliveries: facts.Deliveries, Left: facts.Left, Overlaps: facts.Overlaps, Days: facts.Days, Attributed: facts.Attributed,
		Settlement: report.Settlement{
			Reached: in.Settled.Reached, Qualified: in.Settled.Qualified, Due: in.Settled.Due,
			Paid: in.Paid.Paid, PaidAmount: in.Paid.Amount, Refused: in.Paid.Refused, Unknown: in.Paid.Unknown,
			Theirs: in.Reconciled.Theirs, TheirsAmount: in.Reconciled.TheirsAmount, Clawed: facts.Clawed, ClawedAmount: facts.Clawback,
		},
		Ledger: report.Ledger{Accounts: in.Books.Accounts, Sum: in.Books.Sum, Intact: in.Books.Intact, Findings: in.Books.Findings, Batches: facts.Batches, Head: in.Head},
		Budget: report.Budget{
			Expected: spec.Budget.Expected, Exposure: spec.Budget.Exposure, Out: in.Prices.Out,
			Rewards: in.Books.Accounts[string(ledger.RewardExpense)],
		},
		Forecast: report.Forecast{Cost: in.Prices.Cost, Value: in.Prices.Value},
	}
	d.Budget.More = in.Prices.More
	for _, l := range in.Prices.Limits {
		d.Budget.Limits = append(d.Budget.Limits, report.Limit{Name: l.Name, Price: l.Price, Used: l.Used, Most: l.Most})
	}
	titles := map[string]campaign.Text{}
	for _, offer := range spec.Offers {
		titles[offer.ID] = offer.Title
	}
	for i := range d.Offers {
		d.Offers[i].Title = titles[d.Offers[i].ID]
	}
	for _, f := range in.Reconciled.Differences {
		d.Settlement.Differences = append(d.Settlement.Differences, report.Difference{Kind: f.Kind, Payouts: f.Customers, Customer: f.Example})
	}
	if e := in.Effect; e != nil {
		d.Effect = &report.Effect{
			Metric: e.Metric, Money: e.Currency != "", Confidence: e.Confidence, Claim: e.Claim,
			Treated: report.Side(e.Treated), Control: report.Side(e.Control),
			Difference: e.Difference, Low: e.Low, High: e.High, Relative: e.Relative, RelativeLow: e.RelativeLow, RelativeHigh: e.RelativeHigh,
			Adjusted: e.Adjusted, Reduction: e.Reduction, Mismatch: e.Mismatch, Cap: e.Cap, Smallest: e.Smallest,
		}
		for _, b := range e.Beside {
			d.Effect.Beside = append(d.Effect.Beside, shown(b))
		}
		for _, s := range e.Segments {
			d.Effect.Segments = append(d.Effect.Segments, shown(s))
		}
		for _, c := range e.Factors {
			d.Effect.Factors = append(d.Effect.Factors, report.Contrast(c))
		}
		for _, l := range e.Looks {
			d.Effect.Looks = append(d.Effect.Looks, report.Look(l))
		}
	}
	return d
}

func shown(e Estimate) report.Estimate {
	return report.Estimate{
		Name: e.Name, Money: e.Money, Treated: report.Side(e.Treated), Control: report.Side(e.Control),
		Difference: e.Difference, Low: e.Low, High: e.High, Relative: e.Relative, RelativeLow: e.RelativeLow, RelativeHigh: e.RelativeHigh,
		Adjusted: e.Adjusted, P: e.P, Corrected: e.Corrected, Claim: e.Claim,
	}
}
