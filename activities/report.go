package activities

import "context"

// ReportStore is where reports are kept and what they are made of.
type ReportStore interface{}

// Reports writes what a run brought.
type Reports struct {
	Store  ReportStore
	Briefs Briefs
}

// WriteReport writes the report of a run.
func (a *Reports) WriteReport(ctx context.Context, in WriteReportInput) (WriteReportOutput, error) {
	return WriteReportOutput{}, errUnwritten
}
