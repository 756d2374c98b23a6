package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/importing"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/warehouse"
	"github.com/danbi-project/danbi/internal/world"
	"github.com/danbi-project/danbi/internal/world/likeness"
)

// likeOptions say which files a world shall be like, and what becomes of the comparison.
type likeOptions struct {
	data    string // folder; empty: like no files
	mapping string
	page    string
	compare bool // only
}

// like fits a population's parameters to files and shows how like them it is.
func (a *App) like(ctx context.Context, o likeOptions, p *world.Population) error {
	report, parameters, err := a.compareWith(ctx, o, p.Seed)
	if err != nil {
		return err
	}
	p.Parameters = parameters
	if o.page != "" {
		file, err := os.Create(o.page)
		if err != nil {
			return fmt.Errorf("write the page: %w", err)
		}
		if err := errors.Join(report.HTML(file, a.Lang), file.Close()); err != nil {
			return fmt.Errorf("write %s: %w", o.page, err)
		}
		a.note(a.text("wrote "+o.page, o.page+"에 썼습니다"))
	}
	if a.JSON {
		if o.compare {
			return a.PrintJSON(report)
		}
		return nil // the world's own summary is the result
	}
	a.printLikeness(report)
	return nil
}

// mappingOf is how the files are to be read.
func (a *App) mappingOf(o likeOptions) (*importing.Mapping, error) {
	if o.mapping == "" {
		o.mapping = filepath.Join("examples", filepath.Base(filepath.Clean(o.data)), "import.yaml")
	}
	m, err := importing.Load(o.mapping)
	if errors.Is(err, os.ErrNotExist) {
		return nil, withExit(ExitUsage, fmt.Errorf(a.text("there is no %s: say with --mapping how the files in %s are to be read (docs/import.md)", "%s 파일이 없습니다. %s의 파일을 읽는 방법을 --mapping으로 알려 주세요 (docs/import.md)"), o.mapping, o.data))
	}
	return m, withExit(ExitInvalid, err)
}

// compareWith fits a world to the files, and holds one of that kind against them.
func (a *App) compareWith(ctx context.Context, o likeOptions, seed uint64) (*likeness.Report, world.Parameters, error) {
	var none world.Parameters
	m, err := a.mappingOf(o)
	if err != nil {
		return nil, none, err
	}
	zone := world.Home
	if m.Zone != "" {
		found, err := campaign.LoadZone(m.Zone)
		if err != nil {
			return nil, none, withExit(ExitInvalid, err)
		}
		zone = found
	}
	reader := likeness.NewReader(zone)
	rejected, err := warehouse.ScanImport(ctx, m, o.data, reader.Add)
	if err != nil {
		return nil, none, withExit(ExitInvalid, err)
	}
	book, err := reader.Book()
	if err != nil {
		return nil, none, withExit(ExitInvalid, fmt.Errorf("%s: %w", o.data, err))
	}
	book.Rejected = rejected
	fit := likeness.Fitting(book)
	simulated, err := likeness.Simulate(fit, book, seed)
	if err != nil {
		return nil, none, err
	}
	places, err := money.Exponent(m.Currency)
	if err != nil {
		places = 0
	}
	return &likeness.Report{
		Source: m.Name, Customers: len(book.Customers), Purchases: book.Purchases, Categories: book.Categories, Rejected: rejected, Days: book.Days(),
		Simulated: len(simulated.Customers), Currency: m.Currency, Scale: fit.Scale, Fitted: fit.Fitted, NotFitted: fit.NotFitted(),
		Marginals: likeness.Compare(book, simulated, fit.Scale, math.Pow10(places)),
	}, fit.Parameters, nil
}

// printLikeness draws both sides of each marginal as bars.
func (a *App) printLikeness(r *likeness.Report) {
	a.Sayf("%s", r.Facts(a.Lang))
	const room = 24
	for _, m := range r.Marginals {
		a.Sayf("\n%s (%s)", r.Title(m, a.Lang), fmt.Sprintf(a.text("%.0f %% apart", "%.0f%% 차이"), 100*m.Distance))
		most := 0.0
		for i := range m.Bins {
			most = max(most, m.Files[i], m.World[i])
		}
		for i, name := range m.Bins {
			a.Sayf("  %8s  %5.1f%% %-*s  %5.1f%% %s", name, 100*m.Files[i], room, strings.Repeat("█", int(m.Files[i]/most*room+0.5)), 100*m.World[i], strings.Repeat("▒", int(m.World[i]/most*room+0.5)))
		}
	}
	a.Sayf("\n  █ %s  ▒ %s", a.text("files", "실제"), a.text("world", "가상"))
	var rows [][]string
	for _, f := range r.Fitted {
		rows = append(rows, []string{f.Name, likeness.Number(f.Value), likeness.Number(f.Usual), f.How(a.Lang)})
	}
	a.PrintTable([]Column{{Title: a.text("Fitted", "맞춘 것")}, {Title: a.text("here", "값"), Right: true}, {Title: a.text("usual", "기본값"), Right: true}, {Title: a.text("how", "방법")}}, rows)
	a.Sayf(a.text("Not in files of purchases, left as they are: %s.", "구매 기록으로는 알 수 없어 그대로 둔 것: %s."), strings.Join(r.NotFitted, ", "))
	if r.Rejected > 0 {
		a.Sayf(a.text("%d rows could not be read.", "%d행은 읽지 못했습니다."), r.Rejected)
	}
}
