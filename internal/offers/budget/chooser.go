package budget

// Chooser decides customer by customer at prices that were found, as the sums did.
type Chooser struct {
	one          *Table
	rates, lower *rates
}

// NewChooser reads prices in the order of the limits. There are so many classes of customers.
func NewChooser(limits []Limit, ask Ask, classes, options, columns int) (*Chooser, error) {
	one, err := NewTable(options, columns)
	if err != nil {
		return nil, err
	}
	c := &Chooser{one: one, rates: newRates(limits, ask.Prices, classes, options, columns, forValue)}
	c.lower = c.rates
	if ask.Lower != nil {
		c.lower = newRates(limits, ask.Lower, classes, options, columns, forValue)
	}
	return c, nil
}

// Choose is the choice at the prices, and that of who is lucky, at the lower ones.
func (c *Chooser) Choose(class uint16, options []Option) (choice, lucky int) {
	t := c.one
	t.class, t.lucks, t.values = t.class[:0], t.lucks[:0], t.values[:0]
	for i := range t.costs {
		t.costs[i] = t.costs[i][:0]
	}
	t.Add(class, 0, options)
	choice = named(c.rates.choose(int(class), t.values, t.costs, 0), t.options)
	if c.lower == c.rates {
		return choice, choice
	}
	return choice, named(c.lower.choose(int(class), t.values, t.costs, 0), t.options)
}

func named(choice, options int) int {
	if choice == options {
		return None
	}
	return choice
}

// Reasonable says whether an option's figures can be reckoned with: finite, whole to within rounding, and at most Largest.
func (o Option) Reasonable() bool { return reasonable(o) }
