package world

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Version changes with everything that makes the same seed give other people: a world can be lived on only by the
// version that made it.
const Version = 2

// MaxCustomers is how many telephone numbers of the range that is assigned to nobody there are.
const MaxCustomers = 20_000_000

// A Population says which world: the same one gives the same rows, whatever made them.
type Population struct {
	Customers  uint32    // keys 1 to Customers; customer k is the same in a larger population
	Months     int       // lived before Until
	Seed       uint64    //
	Until      time.Time // the world has lived up to here; midnight in Home
	Campaigns  int       // past campaigns, 0 to 2
	Parameters           // what its people are like; the zero value: DefaultParameters
}

// A World is a population and everything that follows from it. It holds no customers, so it is small, and is safe for
// use by many goroutines at once.
type World struct {
	Population
	seed          uint64
	origin, until int64
	year          int
	calendar      *calendar
	catalog       *catalog
	marketShares  []float64
	market        alias // categories
	brands        alias // within a category
	archetypes    alias
	past          []*pastCampaign
}

// New checks p and prepares its world. All faults are reported at once.
func New(p Population) (*World, error) {
	var faults []error
	if p.Customers < 1 || p.Customers > MaxCustomers {
		faults = append(faults, fmt.Errorf("a world has 1 to %d customers, not %d", MaxCustomers, p.Customers))
	}
	if p.Months < 1 || p.Months > 60 {
		faults = append(faults, fmt.Errorf("a world has lived 1 to 60 months, not %d", p.Months))
	}
	if p.Campaigns < 0 || p.Campaigns > len(pastDesigns) {
		faults = append(faults, fmt.Errorf("a world has 0 to %d past campaigns, not %d", len(pastDesigns), p.Campaigns))
	}
	until := p.Until.In(Home)
	if y := until.Year(); y < firstYear+6 || y > lastYear-5 {
		faults = append(faults, fmt.Errorf("a world lives between %d and %d; %s is outside", firstYear+6, lastYear-5, until.Format(time.DateOnly)))
	} else if !until.Equal(time.Date(y, until.Month(), until.Day(), 0, 0, 0, 0, Home)) {
		faults = append(faults, fmt.Errorf("a world has lived up to a midnight in Asia/Seoul; %s is none", until.Format(time.RFC3339)))
	}
	if p.Parameters == (Parameters{}) {
		p.Parameters = DefaultParameters()
	}
	faults = append(faults, p.check())
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	p.Until = until
	origin := until.AddDate(0, -p.Months, 0)
	w := &World{
		Population:   p,
		seed:         p.Seed,
		origin:       origin.Unix(),
		until:        until.Unix(),
		year:         origin.Year(),
		catalog:      theCatalog,
		marketShares: shares(powers(theCatalog.shares, p.CategorySkew)),
		brands:       newAlias(popularity(p.BrandZipf)),
		archetypes:   newAlias(p.archetypeShares()),
	}
	w.market = newAlias(w.marketShares)
	var err error
	if w.calendar, err = newCalendar(w.origin, w.until, p.SeasonDepth); err != nil {
		return nil, err
	}
	for _, d := range pastDesigns[:p.Campaigns] {
		w.past = append(w.past, w.place(d))
	}
	return w, nil
}

// From is when the world begins: nothing happened before, as far as the warehouse knows.
func (w *World) From() time.Time { return time.Unix(w.origin, 0).In(Home) }

// parameters is what, beside seed, customers and months, two worlds must share to be the same one.
type kept struct {
	Version    int        `json:"version"`
	Until      string     `json:"until"`
	Campaigns  int        `json:"past_campaigns"`
	Parameters Parameters `json:"parameters"`
}

func (p Population) parameters() string {
	text, err := json.Marshal(kept{Version, p.Until.In(Home).Format(time.DateOnly), p.Campaigns, p.Parameters})
	if err != nil {
		panic(err) // finite numbers and a string
	}
	return string(text)
}

// populationOf reads back what the warehouse keeps of a population.
func populationOf(seed uint64, customers uint32, months uint16, text string) (Population, error) {
	var kept kept
	if err := json.Unmarshal([]byte(text), &kept); err != nil {
		return Population{}, fmt.Errorf("the world table's parameters %q can't be read: %w", text, err)
	}
	if kept.Version != Version {
		return Population{}, fmt.Errorf("this warehouse's world was made by version %d of the simulation and this is version %d: make it anew with starter world --replace", kept.Version, Version)
	}
	until, err := time.ParseInLocation(time.DateOnly, kept.Until, Home)
	if err != nil {
		return Population{}, fmt.Errorf("the world table's date %q can't be read: %w", kept.Until, err)
	}
	return Population{customers, int(months), seed, until, kept.Campaigns, kept.Parameters}, nil
}

// String is how messages name the population.
func (p Population) String() string {
	return fmt.Sprintf("%d customers, %d months up to %s, seed %d, %d past campaigns",
		p.Customers, p.Months, p.Until.In(Home).Format(time.DateOnly), p.Seed, p.Campaigns) + p.note()
}
