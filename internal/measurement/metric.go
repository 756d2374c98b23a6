package measurement

// Metric is what a comparison counts per customer over the window.
type Metric string

// The metrics that are added up for every run. Which of them is the headline stands in the spec, and so in the plan's
// hash: it can't be chosen after the fact.
const (
	Spend      Metric = "spend"            // purchases less refunds and cancellations, in minor units
	Winsorised Metric = "spend_winsorised" // the same, and whoever spent more than the cap counts as the cap
	Purchases  Metric = "purchases"        // how many
	Response   Metric = "response"         // 1 for who bought at all
	Basket     Metric = "basket"           // spend per purchase: a ratio of two sums, not a mean over customers
)

// Metrics is all of them, in the order in which a report shows them.
var Metrics = []Metric{Spend, Winsorised, Response, Purchases, Basket}

// Money says whether the metric is in minor units of the currency.
func (m Metric) Money() bool { return m == Spend || m == Winsorised || m == Basket }

// Cell names one sum: a metric over one arm's customers, of all segments or of one, to the end of one period or of the
// whole window.
type Cell struct {
	Metric  Metric
	Arm     string
	Segment string // empty: all
	Period  int    // cumulative to the end of this one, from 1; 0: the whole window
}

// Study is everything that the warehouse adds up of a run: sums, so that shards, and days of looking, add up to the same.
type Study map[Cell]Sums

// Add takes in the sums of other customers.
func (s Study) Add(o Study) {
	for cell, sums := range o {
		s[cell] = s[cell].Plus(sums)
	}
}

// Total adds up the segments of every metric, which a shard's sums are given by.
func (s Study) Total() {
	total := Study{}
	for cell, sums := range s {
		if cell.Segment != "" {
			cell.Segment = ""
			total[cell] = total[cell].Plus(sums)
		}
	}
	s.Add(total)
}

// Compare is one metric of one segment ("" for all) to the end of one period (0 for the whole window).
func (s Study) Compare(m Metric, segment string, period int, confidence float64) Effect {
	treated, control := s[Cell{m, Treated, segment, period}], s[Cell{m, Control, segment, period}]
	if m == Basket {
		return CompareRatio(treated, control, confidence)
	}
	return Compare(treated, control, confidence)
}

// The arms that are compared, by their names in the warehouse.
const (
	Treated = "treated"
	Control = "control"
)
