package campaign

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestEachContradictionIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		change         func(*Spec)
		field, english string
	}{
		"id":                         {func(s *Spec) { s.Campaign = "Spring Coffee" }, "campaign", "is not an id"},
		"id with a slash":            {func(s *Spec) { s.Campaign = "a/b" }, "campaign", "is not an id"},
		"goal":                       {func(s *Spec) { s.Goal = "spends" }, "goal", "did you mean spend?"},
		"currency":                   {func(s *Spec) { s.Currency = "WON" }, "currency", "is not a currency"},
		"zone":                       {func(s *Spec) { s.Zone = "Seoul" }, "zone", "is not a time zone"},
		"language":                   {func(s *Spec) { s.Language = "Korean" }, "language", "is not a language"},
		"title in its language":      {func(s *Spec) { delete(s.Title, "ko") }, "title", "no text in the campaign's language ko"},
		"window backwards":           {func(s *Spec) { s.Window.Ends = s.Window.Starts }, "window.ends", "ends before it starts"},
		"window without an end":      {func(s *Spec) { s.Window.Ends = Moment{} }, "window", "has no end"},
		"window with two ends":       {func(s *Spec) { s.Window.Length = Duration(day) }, "window", "both an end and a length"},
		"window without a start":     {func(s *Spec) { s.Window.Starts = Moment{} }, "window", "no start"},
		"window over a year":         {func(s *Spec) { s.Window.Ends = Moment{s.Window.Starts.AddDate(2, 0, 0)} }, "window", "longer than a year"},
		"schedule with dates":        {func(s *Spec) { s.Schedule = &Schedule{Cron: "0 0 1 * *"} }, "window", "with a schedule the window has no dates"},
		"schedule that is none":      {scheduled("every day"), "schedule.cron", "is not a schedule"},
		"schedule with seconds":      {scheduled("0 0 0 1 * *"), "schedule.cron", "is not a schedule"},
		"schedule that never fires":  {scheduled("0 0 30 2 *"), "schedule.cron", "never fires"},
		"schedule that overlaps":     {scheduled("0 0 * * 1"), "schedule.cron", "before the one before it has ended"},
		"model":                      {func(s *Spec) { s.Audience.Model = "respons" }, "audience.model", "did you mean response?"},
		"worth of nothing":           {func(s *Spec) { s.Audience.Model, s.Budget.Margin = ModelWorth, .01 }, "audience.model", "needs an offer that earns"},
		"no rank":                    {func(s *Spec) { s.Audience.Model = ModelNone }, "audience.rank", "nothing says who comes first"},
		"rank beside a model":        {func(s *Spec) { s.Audience.Rank = "spend" }, "audience.rank", "ranks already"},
		"negative size":              {func(s *Spec) { s.Audience.Size = -1 }, "audience.size", "is negative"},
		"no control":                 {func(s *Spec) { s.Audience.Control = 0 }, "audience.control", "cannot be measured"},
		"nearly all control":         {func(s *Spec) { s.Audience.Control = 0.91 }, "audience.control", "cannot be measured"},
		"excludes itself":            {func(s *Spec) { s.Audience.Exclude.Campaigns = []string{s.Campaign} }, "audience.exclude.campaigns", "excludes itself"},
		"no offers":                  {func(s *Spec) { s.Offers = nil }, "offers", "no offer"},
		"offer id twice":             {func(s *Spec) { s.Offers[1].ID = s.Offers[0].ID }, "offers[1].id", "also the id of offers[0]"},
		"offer id":                   {func(s *Spec) { s.Offers[1].ID = "a b" }, "offers[1].id", "is not an id"},
		"offer kind":                 {func(s *Spec) { s.Offers[0].Kind = "threshold" }, "offers[0].kind", "is not known here"},
		"no reward":                  {func(s *Spec) { s.Offers[0].Reward = 0 }, "offers[0].reward", "more than zero"},
		"negative reward":            {func(s *Spec) { s.Offers[0].Reward = -1 }, "offers[0].reward", "more than zero"},
		"information with a reward":  {func(s *Spec) { s.Offers[0].Kind = OfferInform }, "offers[0].reward", "gives nothing"},
		"fixed and personal":         {func(s *Spec) { s.Offers[0].Threshold.Fixed = 50000 }, "offers[0].threshold", "both fixed and personal"},
		"asks for nothing":           {func(s *Spec) { s.Offers[0].Threshold.Step = 0 }, "offers[0].threshold", "nothing more"},
		"min above max":              {func(s *Spec) { s.Offers[0].Threshold.Max = 40000 }, "offers[0].threshold.min", "min is more than max"},
		"round and min":              {func(s *Spec) { s.Offers[0].Threshold.Min = 55000 }, "offers[0].threshold.round_to", "not multiples"},
		"round to less than nothing": {func(s *Spec) { s.Offers[0].Threshold.RoundTo = -1 }, "offers[0].threshold.round_to", "is negative"},
		"stretch":                    {func(s *Spec) { s.Offers[0].Threshold.Stretch = -1 }, "offers[0].threshold.stretch", "more than zero"},
		"reward above threshold":     {func(s *Spec) { s.Offers[0].Reward = 50000 }, "offers[0].threshold", "costs more than it can bring"},
		"budget of zero":             {func(s *Spec) { s.Budget.Expected = 0 }, "budget.expected", "more than zero"},
		"budget below zero":          {func(s *Spec) { s.Budget.Expected = -1 }, "budget.expected", "more than zero"},
		"exposure below expected":    {func(s *Spec) { s.Budget.Exposure = 29_000_000 }, "budget.exposure", "less than the expected cost"},
		"exposure below a reward":    {func(s *Spec) { s.Budget.Expected, s.Budget.Exposure = 20_000, 23_000 }, "budget.exposure", "less than one reward"},
		"no margin":                  {func(s *Spec) { s.Budget.Margin = 0 }, "budget.margin", "no reward ever pays"},
		"mostly random":              {func(s *Spec) { s.Budget.Explore = 0.6 }, "budget.explore", "leave too little"},
		"no touches":                 {func(s *Spec) { s.Touches = nil }, "touches", "nobody is contacted"},
		"touch id twice":             {func(s *Spec) { s.Touches = append(s.Touches, s.Touches[0]) }, "touches[1].id", "also the id of touches[0]"},
		"touches out of order":       {func(s *Spec) { s.Touches = append(s.Touches, s.Touches[0]) }, "touches[1].after", "does not come after"},
		"touch after the end":        {func(s *Spec) { s.Touches[0].After = Duration(28 * day) }, "touches[0].after", "after the window has ended"},
		"no spread":                  {func(s *Spec) { s.Touches[0].Spread = 0 }, "touches[0].spread", "more than zero"},
		"only":                       {func(s *Spec) { s.Touches[0].Only = "unredeemed" }, "touches[0].only", "write one of: not_redeemed"},
		"only at first":              {func(s *Spec) { s.Touches[0].Only = OnlyNotRedeemed }, "touches[0].only", "before the first touch"},
		"channel":                    {func(s *Spec) { s.Touches[0].Channels = []string{"emial"} }, "touches[0].channels[0]", "did you mean email?"},
		"no channel":                 {func(s *Spec) { s.Touches[0].Channels = nil }, "touches[0].channels", "is empty"},
		"channel twice":              {func(s *Spec) { s.Touches[0].Channels = []string{"email", "email"} }, "touches[0].channels[1]", "twice"},
		"no message":                 {func(s *Spec) { s.Touches[0].Message = nil }, "touches[0].message", "no message for the channel email"},
		"a message too many":         {func(s *Spec) { s.Touches[0].Message["sms"] = nil }, "touches[0].message.sms", "not among the touch's channels"},
		"a language missing":         {func(s *Spec) { delete(s.Touches[0].Message["email"], "en") }, "touches[0].message.email", "no message in en"},
		"default language missing":   {func(s *Spec) { delete(s.Touches[0].Message["email"], "ko") }, "touches[0].message.email", "no message in ko"},
		"no subject":                 {template(func(m *Template) { m.Subject = " " }), "touches[0].message.email.en.subject", "needs a subject"},
		"subject of two lines":       {template(func(m *Template) { m.Subject = "a\nBcc: b" }), "touches[0].message.email.en.subject", "more than one line"},
		"no plain text":              {template(func(m *Template) { m.Text = "" }), "touches[0].message.email.en.text", "is empty"},
		"content id twice":           {func(s *Spec) { s.Contents[1].ID = "price" }, "contents[1].id", "also the id of"},
		"content language":           {func(s *Spec) { delete(s.Contents[0].Text, "ko") }, "contents[0].text", "no text in"},
		"hours backwards":            {func(s *Spec) { s.Timing.From, s.Timing.Until = 1200, 540 }, "timing", "less than an hour"},
		"day":                        {func(s *Spec) { s.Timing.Days = []string{"monday"} }, "timing.days[0]", "is not known here"},
		"no allowed day":             {func(s *Spec) { s.Timing.Days = []string{"sun"} }, "touches[0]", "no allowed hour"},
		"capacity":                   {func(s *Spec) { s.Timing.PerHour = -5 }, "timing.per_hour", "is negative"},
		"measure":                    {func(s *Spec) { s.Settlement.Measure = "sum" }, "settlement.measure", "is not known here"},
		"within without receipt":     {func(s *Spec) { s.Settlement.Within = Duration(day) }, "settlement.within", "settlement.from is window"},
		"within too long": {func(s *Spec) { s.Settlement.From, s.Settlement.Within = FromReceipt, Duration(60*day) },
			"settlement.within", "longer than the window"},
		"counted and excluded": {func(s *Spec) { s.Settlement.Categories, s.Settlement.Excluded = []string{"fuel"}, []string{"fuel"} },
			"settlement.excluded_categories", "both counts and is excluded"},
		"payout":              {func(s *Spec) { s.Settlement.Payout = "cash" }, "settlement.payout", "is not known here"},
		"metric":              {func(s *Spec) { s.Measurement.Metric = "spent" }, "measurement.metric", "did you mean spend?"},
		"factor":              {func(s *Spec) { s.Measurement.Factors = []string{"hour"} }, "measurement.factors[0]", "write one of"},
		"factor without lot":  {func(s *Spec) { s.Measurement.Factors, s.Timing.Explore = []string{"offer", "timing"}, 0 }, "measurement.factors[1]", "write timing.explore"},
		"factor twice":        {func(s *Spec) { s.Measurement.Factors = []string{"offer", "offer"} }, "measurement.factors[1]", "remove one of them"},
		"confidence":          {func(s *Spec) { s.Measurement.Confidence = 95 }, "measurement.confidence", "is not a confidence"},
		"own limits":          {func(s *Spec) { s.Limits = &Limits{Expected: 1000} }, "budget.expected", "the spec's own limit"},
		"own limits' coinage": {func(s *Spec) { s.Limits = &Limits{Currency: "USD"} }, "limits.currency", "campaign's currency is KRW"},
	} {
		t.Run(name, func(t *testing.T) {
			spec, err := Decode("spec.yaml", []byte(cardSpend(t)))
			require.NoError(t, err)
			require.NoError(t, spec.Validate())
			c.change(&spec)
			err = spec.Validate()
			fault := faultOf(t, err, c.field)
			require.Contains(t, fault.In("en"), c.english)
			require.NotEmpty(t, fault.Message["ko"])
			require.NotContains(t, fault.In("ko")+fault.In("en"), "%!", "a text with a value left out")
		})
	}
}

func scheduled(cron string) func(*Spec) {
	return func(s *Spec) {
		s.Window = Window{Length: Duration(21 * day)}
		s.Schedule = &Schedule{Cron: cron}
	}
}

func template(change func(*Template)) func(*Spec) {
	return func(s *Spec) {
		english := s.Touches[0].Message["email"]["en"]
		change(&english)
		s.Touches[0].Message["email"]["en"] = english
	}
}

func TestChecksOfOtherPackagesAreAskedAndLocated(t *testing.T) {
	text := cardSpend(t)
	var asked []string
	_, err := Load("spec.yaml", []byte(text),
		WithRules(func(rule string) error {
			asked = append(asked, rule)
			return errors.New("unknown feature purchases_9d")
		}),
		WithFeatures(func(string) error { return errors.New("not asked: there is no rank") }),
		WithTemplates(func(channel, language string, m Template) error {
			if language == "en" {
				return errors.Join(Fault{Message: say("unknown field nmae", "모르는 항목 nmae")})
			}
			return nil
		}))
	require.Equal(t, []string{"purchases_90d >= 1 && recency_days <= 60"}, asked)
	require.Len(t, Faults(err), 2)
	rule := faultOf(t, err, "audience.rule")
	require.Equal(t, lineOf(text, "rule: purchases"), rule.Line)
	require.Equal(t, "unknown feature purchases_9d", rule.Message["en"])
	template := faultOf(t, err, "touches[0].message.email.en")
	require.Equal(t, lineOf(text, "        en:\n"), template.Line)
	require.Equal(t, "모르는 항목 nmae", template.Message["ko"])
}

func TestTimes(t *testing.T) {
	spec, err := Decode("spec.yaml", []byte(cardSpend(t)))
	require.NoError(t, err)
	times, err := spec.Times(time.Time{})
	require.NoError(t, err)
	opens := time.Date(2026, 8, 31, 15, 0, 0, 0, time.UTC)
	require.Equal(t, Times{Plans: opens, Opens: opens, Closes: opens.Add(28 * day), Settles: opens.Add(30 * day), Ends: opens.Add(60 * day)}, times)
	run, err := spec.Run(1, 2, time.Time{})
	require.NoError(t, err)
	require.Equal(t, Run{Campaign: "card-spend-autumn", Occurrence: 1, Plan: 2, Launch: opens}, run)

	spec.Window = Window{Length: Duration(7 * day)}
	_, err = spec.Times(time.Time{})
	require.ErrorContains(t, err, "has no start")
	times, err = spec.Times(opens)
	require.NoError(t, err)
	require.Equal(t, opens.Add(7*day), times.Closes)

	spec.Window = Window{Starts: Moment{opens}, Ends: Moment{opens}}
	_, err = spec.Times(opens)
	require.ErrorContains(t, err, "ends before it starts")
}

func TestScheduleNamesTheStartsOfWindowsInTheZone(t *testing.T) {
	spec := Spec{Zone: "America/New_York", Window: Window{Length: Duration(7 * day)}, Schedule: &Schedule{Cron: "0 9 1 * *", Lead: Duration(2 * day)}}
	at := time.Date(2026, 2, 15, 0, 0, 0, 0, time.UTC)
	var starts []string
	for range 3 {
		next, there, err := spec.NextStart(at)
		require.NoError(t, err)
		require.True(t, there)
		starts = append(starts, next.Format(time.RFC3339))
		at = next
	}
	require.Equal(t, []string{"2026-03-01T14:00:00Z", "2026-04-01T13:00:00Z", "2026-05-01T13:00:00Z"}, starts, "nine o'clock stays nine o'clock over the change of clocks")
	times, err := spec.Times(at)
	require.NoError(t, err)
	require.Equal(t, at.Add(-2*day), times.Plans)

	spec.Schedule.Until = Moment{at}
	_, there, err := spec.NextStart(at.Add(-time.Hour))
	require.NoError(t, err)
	require.False(t, there, "until is exclusive")
	spec.Schedule = nil
	_, there, err = spec.NextStart(at)
	require.NoError(t, err)
	require.False(t, there)
}

func TestStagesAreDescribedInBothLanguages(t *testing.T) {
	require.Len(t, Stages, len(stageTexts))
	for _, stage := range Stages {
		for _, language := range []string{"ko", "en"} {
			require.NotEmpty(t, stage.Describe(language), stage)
			require.NotEmpty(t, stage.Waits(language), stage)
		}
		require.NotEqual(t, stage.Describe("ko"), stage.Describe("en"))
		require.False(t, strings.Contains(stage.Describe("en"), "\n"))
	}
	require.True(t, StageClosed.Final())
	require.False(t, StageSettled.Final(), "cancelled purchases still count")
}
