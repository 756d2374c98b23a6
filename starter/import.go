package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/danbi-project/danbi/internal/importing"
	"github.com/danbi-project/danbi/internal/warehouse"
)

func newImportCommand(a *App) *cobra.Command {
	var data, maxRejects string
	var check bool
	cmd := &cobra.Command{
		Use:     "import MAPPING",
		Short:   "Import customers, products and transactions from files",
		GroupID: groupData,
		Long: `Reads CSV, JSON lines and Parquet (gzip and zstd too) as MAPPING says, a YAML file that names which
columns of which files mean what. docs/import.md explains it; examples/import holds a small one.

A row that can't be read goes to the table quarantine, with its file, line and reason. When more than
--max-rejects of a table's rows can't be read, or a file is missing or damaged, nothing is imported.

Importing twice is importing once: files that were imported by the same mapping are skipped, an import
that was killed is finished by the next, and rows that overlap with earlier files are not added again.`,
		Example: `  starter import examples/completejourney/import.yaml --data ../shared/data/completejourney --check
  starter import mapping.yaml --data exports --max-rejects 0.5%`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			share, err := parseShare(maxRejects)
			if err != nil {
				return withExit(ExitUsage, err)
			}
			store, err := a.Warehouse(cmd.Context())
			if err != nil {
				return err
			}
			defer func() { _ = store.Close() }()
			if err := warehouse.Migrate(cmd.Context(), store); err != nil {
				return err
			}
			return a.runImport(cmd.Context(), store, args[0], data, warehouse.ImportOptions{Check: check, MaxRejects: share})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&data, "data", ".", "folder of the files that the mapping names")
	flags.BoolVar(&check, "check", false, "only say what would be done")
	flags.StringVar(&maxRejects, "max-rejects", "5%", "the share of a table's rows that may be rejected")
	_ = cmd.MarkFlagDirname("data")
	return cmd
}

// parseShare reads 5% or 0.05. The warehouse takes 0 for its default, so none
// at all is negative there.
func parseShare(text string) (float64, error) {
	number, percent := strings.CutSuffix(strings.TrimSpace(text), "%")
	share, err := strconv.ParseFloat(number, 64)
	if percent {
		share /= 100
	}
	switch {
	case err != nil || share < 0 || share > 1:
		return 0, fmt.Errorf("--max-rejects is %q; write a share as 5%% or 0.05", text)
	case share == 0:
		return -1, nil
	}
	return share, nil
}

// importData imports with the defaults, for commands that need data first.
func (a *App) importData(ctx context.Context, store *warehouse.Warehouse, mapping, data string) error {
	return a.runImport(ctx, store, mapping, data, warehouse.ImportOptions{})
}

func (a *App) runImport(ctx context.Context, store *warehouse.Warehouse, mapping, data string, o warehouse.ImportOptions) error {
	m, err := importing.Load(mapping)
	if err != nil {
		return withExit(ExitInvalid, err)
	}
	if m.HasOffers() {
		return withExit(ExitInvalid, fmt.Errorf(a.text("%s: targets.offers makes offers of a spec, not rows of the warehouse: write them below offers: of the spec, and remove the target",
			"%s: targets.offers는 데이터가 아니라 스펙의 혜택입니다. 스펙의 offers:에 쓰고 이 대상은 지우세요"), mapping))
	}
	o.Log = a.Log
	bar := a.newImportBar()
	o.Progress = bar.show
	summary, err := warehouse.Import(ctx, store, m, data, o)
	bar.end()
	if summary != nil && (err == nil || errors.Is(err, warehouse.ErrRefused) && summary.Records > 0) {
		if err := a.printImport(summary); err != nil {
			return err
		}
	}
	if errors.Is(err, warehouse.ErrRefused) {
		return withExit(ExitInvalid, err)
	}
	return err
}

// importBar shows the stages of an import, one bar a stage that reads files.
type importBar struct {
	a       *App
	stage   string
	waiting string
	bar     *progressbar.ProgressBar
	since   time.Time
}

func (a *App) newImportBar() *importBar { return &importBar{a: a} }

func (b *importBar) show(p warehouse.ImportProgress) {
	if p.Waiting != b.waiting {
		b.waiting = p.Waiting
		if p.Waiting != "" {
			fmt.Fprintln(b.a.Err, p.Waiting)
		}
	}
	if p.Stage != b.stage {
		b.end()
		b.stage, b.since = p.Stage, time.Now()
		total := p.TotalBytes
		if total == 0 {
			total = -1
		}
		if p.Stage != "" {
			b.bar = b.a.NewBar(b.name(p), total)
			if total > 0 {
				progressbar.OptionShowBytes(true)(b.bar)
			}
		}
	}
	if b.bar == nil {
		return
	}
	if p.TotalBytes > 0 {
		b.bar.Describe(b.name(p))
		_ = b.bar.Set64(min(p.Bytes, p.TotalBytes))
		return
	}
	_ = b.bar.Set64(0) // turns the spinner
}

func (b *importBar) name(p warehouse.ImportProgress) string {
	switch p.Stage {
	case "fingerprint":
		return b.a.text("checking files", "파일 확인")
	case "read":
		name := b.a.text("reading files", "파일 읽기")
		if seconds := time.Since(b.since).Seconds(); seconds > 1 {
			name += b.a.text(fmt.Sprintf(" (%.0f rows/s)", float64(p.Rows)/seconds), fmt.Sprintf(" (초당 %.0f행)", float64(p.Rows)/seconds))
		}
		return name
	case "decide":
		return b.a.text("comparing with what is there", "기존 자료와 비교")
	}
	return b.a.text("putting rows in place", "자료 반영")
}

func (b *importBar) end() {
	if b.bar != nil {
		_ = b.bar.Exit()
		b.bar = nil
	}
}

func (a *App) printImport(s *warehouse.ImportSummary) error {
	if a.JSON {
		return a.PrintJSON(s)
	}
	if s.AlreadyDone {
		a.Sayf("%s", a.text("These files were imported by this mapping before: nothing to do.", "이 파일들은 이 매핑으로 이미 가져왔습니다. 할 일이 없습니다."))
		return nil
	}
	number := func(n uint64) string { return groupDigits(n) }
	var rows [][]string
	for _, t := range s.Targets {
		rows = append(rows, []string{t.Target, number(t.Read), number(t.New), number(t.Already), number(t.Rejected), number(t.Aside + t.Passed)})
	}
	written := a.text("new or changed", "추가·변경")
	a.PrintTable([]Column{
		{Title: a.text("table", "테이블")}, {Title: a.text("rows read", "읽은 행"), Right: true}, {Title: written, Right: true},
		{Title: a.text("already there", "이미 있음"), Right: true}, {Title: a.text("rejected", "거부"), Right: true}, {Title: a.text("set aside", "제외"), Right: true},
	}, rows)
	if len(s.Rejects) > 0 {
		rows = nil
		for _, r := range s.Rejects {
			rows = append(rows, []string{r.Target, r.Field, r.Reason, number(r.Rows), strings.Join(r.Samples, ", ")})
		}
		a.PrintTable([]Column{
			{Title: a.text("table", "테이블")}, {Title: a.text("column", "열")}, {Title: a.text("in quarantine because", "격리 사유")},
			{Title: a.text("rows", "행"), Right: true}, {Title: a.text("as", "예")},
		}, rows)
	}
	a.Sayf(a.text("%s new customers, %s lines of unknown products (kept), %s amounts rounded, %s customers with an unknown time zone (kept).",
		"새 고객 %s명, 알 수 없는 상품 %s행(보존), 반올림한 금액 %s건, 알 수 없는 시간대의 고객 %s명(보존)."),
		number(s.NewCustomers), number(s.UnknownProducts), number(s.Rounded), number(s.UnknownZones))
	if s.Check {
		a.Sayf("%s", a.text("Nothing was changed (--check).", "바뀐 것은 없습니다(--check)."))
		return nil
	}
	a.Sayf(a.text("%s rows of files in %.1f s.", "파일의 %s행을 %.1f초에 읽었습니다."), number(s.Records), s.Seconds)
	return nil
}

// groupDigits writes 75000 as 75,000.
func groupDigits(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
