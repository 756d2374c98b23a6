package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/spf13/cobra"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/compose/preview"
	"github.com/danbi-project/danbi/internal/measurement"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/warehouse"
)

// powerOptions say how customers vary where no warehouse can.
type powerOptions struct {
	policy      string
	asOf        string
	customers   uint64  // treated and control together
	mean        float64 // of the metric per customer over the window, in units of the currency where it is money
	deviation   float64
	correlation float64 // with the same before
	lift        float64 // that is looked for
	power       float64
}

// sight is what a comparison sees with one share of control.
type sight struct {
	Share    float64 `json:"control_share"`
	Treated  uint64  `json:"treated"`
	Control  uint64  `json:"control"`
	Lift     float64 `json:"smallest_lift"`            // relative
	Each     float64 `json:"smallest_difference"`      // per customer
	Together float64 `json:"smallest_total,omitempty"` // over all treated
	Own      bool    `json:"of_the_spec,omitempty"`
}

// sights is all that the calculator says.
type sights struct {
	Campaign   string   `json:"campaign"`
	Metric     string   `json:"metric"`
	Customers  uint64   `json:"customers"`
	Looked     uint64   `json:"looked_at,omitempty"` // customers whose past says how they vary; 0: flags say it
	Mean       float64  `json:"mean"`
	Deviation  float64  `json:"deviation"`
	Reduction  float64  `json:"reduction"` // of the variance, by what customers did before
	Confidence float64  `json:"confidence"`
	Power      float64  `json:"power"`
	Shares     []sight  `json:"shares"`
	Wanted     float64  `json:"wanted_lift,omitempty"`
	Needed     uint64   `json:"needed_control,omitempty"` // 0 beside a wanted lift: not even halves would do
	Factors    []string `json:"factors,omitempty"`
	Contrast   float64  `json:"smallest_contrast,omitempty"` // relative, between halves of the treated
	design     measurement.Design
}

func newPowerCommand(a *App) *cobra.Command {
	var o powerOptions
	cmd := &cobra.Command{
		Use: "power SPEC", Short: "How small an effect a campaign's control group would show, by its size", GroupID: groupCampaign, Args: cobra.ExactArgs(1),
		Long: `How small an effect the comparison with the control group would show four times out of five, for control groups of many
sizes, by the metric of the spec. How customers vary is read from the warehouse: the customers whom the plan would choose, over as long a
time as the window, just before; what they did before that takes away part of the variance, as it will in the report. Without a warehouse,
or for other customers, flags say it: the mean per customer over the window, the deviation, the correlation with the time before.

Nothing is written.`,
		Example: `  starter power examples/card-spend.yaml
  starter power examples/card-spend.yaml --lift 3
  starter power examples/card-spend.yaml --customers 500000 --mean 310000 --deviation 400000 --correlation 0.6`,
		ValidArgsFunction: yamlFiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			brief, err := a.loadBrief(args[0], o.policy)
			if err != nil {
				return err
			}
			s, err := a.power(cmd.Context(), brief, o)
			if err != nil {
				return err
			}
			if a.JSON {
				return a.PrintJSON(s)
			}
			a.printPower(brief.Spec, s)
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.policy, "policy", "", "policy file (default: policy.yaml beside the spec or above it)")
	flags.StringVar(&o.asOf, "as-of", "", "date (2006-01-02) whose customers are looked at")
	flags.Uint64Var(&o.customers, "customers", 0, "customers whom the campaign chooses, treated and control together (default: as a preview finds them)")
	flags.Float64Var(&o.mean, "mean", 0, "of the metric per customer over the window, in place of the warehouse's; of response, a share")
	flags.Float64Var(&o.deviation, "deviation", 0, "of the metric over customers (default: of response as its mean says)")
	flags.Float64Var(&o.correlation, "correlation", 0, "of the metric with the same before the campaign, 0 to 1")
	flags.Float64Var(&o.lift, "lift", 0, "also say how large a control group would show this lift, in percent")
	flags.Float64Var(&o.power, "power", 0.8, "the chance to see it")
	_ = cmd.MarkFlagFilename("policy", "yaml", "yml")
	return cmd
}

func (a *App) power(ctx context.Context, brief campaign.Brief, o powerOptions) (sights, error) {
	spec := brief.Spec
	metric := measurement.Metric(spec.Measurement.Metric)
	s := sights{Campaign: spec.Campaign, Metric: string(metric), Customers: o.customers, Confidence: spec.Measurement.Confidence, Power: o.power, Factors: spec.Measurement.Factors}
	switch {
	case o.power <= 0 || o.power >= 1 || o.correlation < 0 || o.correlation >= 1 || o.lift < 0 || o.mean < 0 || o.deviation < 0:
		return s, withExit(ExitUsage, errors.New(a.text("--power and --correlation lie between 0 and 1, --lift, --mean and --deviation are not negative", "--power와 --correlation은 0과 1 사이, --lift, --mean, --deviation은 0 이상입니다")))
	case o.mean > 0:
		if err := a.byFlags(&s, metric, spec, o); err != nil {
			return s, err
		}
	default:
		if err := a.byPast(ctx, &s, metric, brief, o); err != nil {
			return s, err
		}
	}
	if s.Customers < 2 || s.design.Mean <= 0 || s.design.Deviation <= 0 {
		return s, errors.New(a.text("nobody can say how small an effect would be seen: the plan chooses nobody, or they bought nothing before; say --customers, --mean and --deviation", "볼 수 있는 최소 효과를 알 수 없습니다. 선정할 고객이 없거나 이전 구매가 없습니다. --customers, --mean, --deviation으로 알려 주세요"))
	}
	s.Mean, s.Deviation, s.Reduction = s.design.Mean, s.design.Deviation, s.design.Reduction
	s.look(float64(spec.Audience.Control))
	if o.lift > 0 {
		s.Wanted = o.lift / 100
		if n, ok := s.design.ControlFor(s.Customers, s.Wanted); ok {
			s.Needed = n
		}
	}
	return s, nil
}

// byFlags takes what the flags say of the customers.
func (a *App) byFlags(s *sights, metric measurement.Metric, spec campaign.Spec, o powerOptions) error {
	if metric == measurement.Response && o.deviation == 0 {
		o.deviation = math.Sqrt(o.mean * (1 - min(o.mean, 1)))
	}
	unit := 1.0
	if metric.Money() {
		one, err := money.Parse("1", spec.Currency)
		if err != nil {
			return err
		}
		unit = float64(one)
	}
	if s.Customers == 0 {
		s.Customers = uint64(max(spec.Audience.Size, 0))
	}
	s.design = measurement.Design{Mean: o.mean * unit, Deviation: o.deviation * unit, Reduction: o.correlation * o.correlation, Confidence: s.Confidence, Power: o.power}
	return nil
}

// byPast looks at what the customers whom a plan would choose did, in as long a time as the window's before it.
func (a *App) byPast(ctx context.Context, s *sights, metric measurement.Metric, brief campaign.Brief, o powerOptions) error {
	spec := brief.Spec
	instant, err := previewInstant(spec, o.asOf)
	if err != nil {
		return err
	}
	times, err := spec.Times(instant)
	if err != nil {
		return err
	}
	store, err := a.Warehouse(ctx)
	if err != nil {
		return fmt.Errorf(a.text("%w (or say --customers, --mean and --deviation)", "%w (또는 --customers, --mean, --deviation으로 알려 주세요)"), err)
	}
	defer func() { _ = store.Close() }()
	if err := warehouse.Migrate(ctx, store); err != nil {
		return err
	}
	how := preview.How{}
	if o.asOf == "" {
		how.Oldest = standIn
	}
	found, err := preview.Make(ctx, store, brief, instant, how)
	if err != nil {
		return err
	}
	if s.Customers == 0 {
		s.Customers = found.Treated + found.Control
	}
	past, err := store.Past(ctx, found.Drawn, spec.Currency, found.Instant.Add(-times.Closes.Sub(times.Opens)), found.Instant, spec.Measurement.Baseline.Std())
	if err != nil {
		return err
	}
	if metric == measurement.Basket || metric == measurement.Winsorised { // as the plan's checklist does: spend as it is errs to the safe side
		metric = measurement.Spend
	}
	s.Looked = past[metric].Customers
	s.design = measurement.DesignOf(past[metric], s.Confidence, o.power)
	return nil
}

// lookedAt are the shares of control that are shown beside the spec's own.
var lookedAt = []float64{.01, .02, .05, .1, .2, .3, .5}

func (s *sights) look(own float64) {
	shares := append([]float64{}, lookedAt...)
	if own > 0 && own < 1 {
		at := 0
		for at < len(shares) && shares[at] < own-1e-9 {
			at++
		}
		if at == len(shares) || shares[at] > own+1e-9 {
			shares = append(shares[:at], append([]float64{own}, shares[at:]...)...)
		}
	}
	for _, share := range shares {
		d := s.design
		d.Control = uint64(math.Round(share * float64(s.Customers)))
		d.Treated = s.Customers - d.Control
		each, lift := d.SmallestLift()
		if d.Control == 0 || d.Treated == 0 || math.IsInf(lift, 0) {
			continue
		}
		s.Shares = append(s.Shares, sight{Share: share, Treated: d.Treated, Control: d.Control, Lift: lift, Each: each, Together: each * float64(d.Treated), Own: math.Abs(share-own) < 1e-9})
	}
	if len(s.Factors) > 0 {
		d := s.design
		treated := uint64(float64(s.Customers) * (1 - own))
		d.Treated, d.Control = treated-treated/2, treated/2
		if _, lift := d.SmallestLift(); !math.IsInf(lift, 0) {
			s.Contrast = lift
		}
	}
}

func (a *App) printPower(spec campaign.Spec, s sights) {
	metric := measurement.Metric(s.Metric)
	show := func(v float64) string {
		switch {
		case metric.Money():
			return money.Format(money.Minor(math.Round(v)), spec.Currency, a.Lang)
		case metric == measurement.Response:
			return fmt.Sprintf(a.text("%.2f points", "%.2f%%p"), v*100)
		}
		return fmt.Sprintf("%.3f", v)
	}
	mean := show(s.Mean)
	if metric == measurement.Response {
		mean = fmt.Sprintf("%.1f %%", s.Mean*100)
	}
	a.Sayf(a.text("%s: %s customers, %s of %s each over the window, give or take %s; what they did before takes %.0f %% off the variance.",
		"%s: 고객 %s명, 집계 기간 중 고객당 %s 평균 %s, 표준편차 %s. 이전 구매가 분산의 %.0f%%를 설명합니다."),
		spec.Title.In(a.Lang), groups(s.Customers), a.metricName(metric), mean, show(s.Deviation), s.Reduction*100)
	if s.Looked > 0 {
		a.Sayf(a.text("By what %s of the customers did whom the plan would choose, in as long a time before it.", "계획이 선정할 고객 가운데 %s명이 같은 길이의 이전 기간에 한 일로 계산했습니다."), groups(s.Looked))
	}
	widest := 0.0
	for _, c := range s.Shares {
		widest = max(widest, c.Lift)
	}
	const cells = 24
	var rows [][]string
	for _, c := range s.Shares {
		mark := ""
		if c.Own {
			mark = a.text(" ← the spec's", " ← 이 스펙")
		}
		full := max(1, int(math.Round(c.Lift/widest*cells)))
		rows = append(rows, []string{
			fmt.Sprintf("%.3g %%", c.Share*100), groups(c.Control), fmt.Sprintf("%.1f %%", c.Lift*100), show(c.Each), strings.Repeat("█", full) + mark,
		})
	}
	a.PrintTable([]Column{
		{Title: a.text("Control", "대조군"), Right: true}, {Title: a.text("customers", "고객"), Right: true}, {Title: a.text("smallest lift", "볼 수 있는 최소 효과"), Right: true},
		{Title: a.text("per customer", "고객당"), Right: true}, {Title: ""},
	}, rows)
	for _, c := range s.Shares {
		if c.Own {
			a.Sayf(a.text("With %.3g %% control the smallest lift you can see is %.1f %% (%s a customer), %.0f times out of 100; a smaller one will most likely read \"inconclusive\".",
				"대조군이 %.3g%%면 볼 수 있는 최소 효과는 %.1f%%(고객당 %s)이며, 100번 중 %.0f번 찾아냅니다. 그보다 작은 효과는 대개 결론을 내지 못합니다."), c.Share*100, c.Lift*100, show(c.Each), s.Power*100)
		}
	}
	switch {
	case s.Wanted > 0 && s.Needed > 0:
		a.Sayf(a.text("To see a lift of %.3g %%, control needs %s customers (%.1f %%).", "%.3g%%의 효과를 보려면 대조군이 %s명(%.1f%%) 필요합니다."), s.Wanted*100, groups(s.Needed), 100*float64(s.Needed)/float64(s.Customers))
	case s.Wanted > 0:
		a.Sayf(a.text("A lift of %.3g %% can't be seen with %s customers, not even by halves: choose more of them, or a longer window.", "%.3g%%의 효과는 고객 %s명으로는 반반으로 나누어도 볼 수 없습니다. 고객을 늘리거나 기간을 늘리세요."), s.Wanted*100, groups(s.Customers))
	}
	if s.Contrast > 0 {
		a.Sayf(a.text("Between halves of the treated (%s) the smallest difference is %.1f %%.", "발송군을 반으로 나누어 비교하면(%s) 볼 수 있는 최소 차이는 %.1f%%입니다."), strings.Join(s.Factors, ", "), s.Contrast*100)
	}
}

// metricName is the metric in the middle of a sentence.
func (a *App) metricName(m measurement.Metric) string {
	names := map[measurement.Metric][2]string{
		measurement.Spend: {"spend", "구매액"}, measurement.Winsorised: {"spend (the largest capped)", "구매액(극단값 제한)"}, measurement.Response: {"response", "구매 고객 비율"},
		measurement.Purchases: {"purchases", "구매 횟수"}, measurement.Basket: {"spend per purchase", "건당 구매액"},
	}
	if pair, known := names[m]; known {
		return a.text(pair[0], pair[1])
	}
	return string(m)
}
