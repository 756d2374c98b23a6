package world

// Season by month, January first, an assumption: December and the autumn holiday are strong, February is weak.
var season = [12]float64{0.97, 0.93, 0.98, 0.99, 1.04, 0.97, 0.99, 0.98, 1.05, 0.99, 1.02, 1.09}

// Weekday factors, Sunday first, an assumption too: for people who shop at weekends, evenly, and on workdays.
var weekdays = [3][7]float64{
	{1.55, 0.72, 0.72, 0.76, 0.82, 1.05, 1.60},
	{1.02, 0.95, 0.96, 0.98, 1.00, 1.06, 1.08},
	{0.62, 1.14, 1.14, 1.14, 1.14, 1.12, 0.70},
}

// Hour archetypes, assumptions: relative activity from midnight on.
var archetypes = [6][24]float64{
	{1, 1, 0, 0, 1, 4, 10, 14, 12, 8, 6, 6, 7, 5, 4, 4, 4, 4, 4, 3, 2, 2, 1, 1},   // early
	{1, 0, 0, 0, 0, 1, 2, 6, 8, 4, 4, 9, 16, 12, 4, 4, 4, 5, 8, 7, 5, 4, 3, 2},    // office, lunch
	{2, 1, 0, 0, 0, 0, 1, 3, 4, 3, 3, 4, 5, 4, 3, 4, 4, 6, 11, 14, 13, 10, 6, 4},  // office, evening
	{1, 0, 0, 0, 0, 1, 2, 4, 6, 11, 13, 12, 9, 10, 11, 9, 7, 5, 4, 4, 4, 3, 2, 1}, // at home by day
	{10, 7, 4, 2, 1, 0, 0, 1, 2, 2, 3, 4, 5, 5, 5, 5, 5, 5, 6, 7, 8, 10, 13, 13},  // night
	{3, 2, 1, 1, 1, 1, 2, 4, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 5, 4, 4},      // at any time
}

// archetypeShares are how many people have each of the archetypes.
func (p *Parameters) archetypeShares() []float64 {
	return []float64{p.HourEarly, p.HourLunch, p.HourEvening, p.HourDay, p.HourNight, p.HourAny}
}
