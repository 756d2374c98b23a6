package targeting

// Trial is what a past campaign did to customers whom it might have treated or not, as they were just before it. All
// slices have one place a customer; Bins are by feature, then customer.
type Trial struct {
	Bins       [][]uint8
	Customers  []uint32
	Treated    []bool
	Propensity []float32 // the chance of treatment among the two arms
	Spend      []float32 // within the window, net, minor units
	Before     []float32 // of the 90 days before
	Bought     []bool
	Responded  []bool
}

// Seeds name the people whom an interest is learned from: buyers of categories, brands or products, or of products that share
// at least two in three of the attributes, and responders to campaigns.
type Seeds struct {
	Categories, Brands, Campaigns, Products []string
	Attributes                              map[string]string // of products; category, brand and merchant are columns of theirs
}

// Add appends customers with copies of their bins.
func (t *Trial) Add(customers []uint32, bins [][]uint8) {
	if t.Bins == nil {
		t.Bins = make([][]uint8, len(bins))
	}
	t.Customers = append(t.Customers, customers...)
	for f, column := range bins {
		t.Bins[f] = append(t.Bins[f], column...)
	}
}

// Append appends all of another trial.
func (t *Trial) Append(o Trial) {
	t.Add(o.Customers, o.Bins)
	t.Treated, t.Propensity = append(t.Treated, o.Treated...), append(t.Propensity, o.Propensity...)
	t.Spend, t.Before = append(t.Spend, o.Spend...), append(t.Before, o.Before...)
	t.Bought, t.Responded = append(t.Bought, o.Bought...), append(t.Responded, o.Responded...)
}

// Take gives the customers at the given places.
func (t Trial) Take(rows []int) Trial {
	out := Trial{Customers: at(t.Customers, rows), Treated: at(t.Treated, rows), Propensity: at(t.Propensity, rows), Spend: at(t.Spend, rows),
		Before: at(t.Before, rows), Bought: at(t.Bought, rows), Responded: at(t.Responded, rows)}
	for _, column := range t.Bins {
		out.Bins = append(out.Bins, at(column, rows))
	}
	return out
}

func at[T any](values []T, rows []int) []T {
	out := make([]T, len(rows))
	for i, r := range rows {
		out[i] = values[r]
	}
	return out
}
