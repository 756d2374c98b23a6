package features

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/danbi-project/danbi/internal/campaign"
)

// Own is a feature of the user's: one aggregate over the rows of one source that lie before the snapshot's instant, and
// within the window where it has one. It has no way to name another table, a clock or an instant of its own.
type Own struct {
	Name      string         `yaml:"name" json:"name"`
	Meaning   campaign.Text  `yaml:"meaning" json:"meaning"`
	Type      string         `yaml:"type" json:"type"`
	From      string         `yaml:"from" json:"from"`
	Window    string         `yaml:"window" json:"window,omitempty"` // such as 60d; empty: all that came before
	SQL       string         `yaml:"sql" json:"sql"`
	Params    map[string]any `yaml:"params" json:"params,omitempty"`
	Owner     string         `yaml:"owner" json:"owner"`
	Sensitive bool           `yaml:"sensitive" json:"sensitive,omitempty"`
}

// MostOwn keeps a customer's row small, and a snapshot quick.
const MostOwn = 50

// Sources are what a feature of one's own may read, with the columns that it may name. at is whole seconds since 1970.
var Sources = map[string][]string{
	transactions: {"at", "id", "line", "kind", "amount", "currency", "quantity", "product", "category", "brand", "merchant", "channel"},
	interactions: {"at", "kind", "channel", "campaign", "touch", "id"},
	deliveries:   {"at", "state", "channel", "campaign", "touch"},
}

var types = []string{TypeCount, TypeAmount, TypeDays, TypeShare, TypeRatio, TypeNumber}

// Feature is the catalogue's view of it.
func (o Own) Feature() Feature {
	window := o.Window
	if window == "" {
		window = "all"
	}
	return Feature{Name: o.Name, Meaning: o.Meaning, SQL: strings.TrimSpace(o.SQL), Window: window, Type: o.Type, Sources: []string{o.From}, Owner: o.Owner, Sensitive: o.Sensitive}
}

// Days is the length of the window, 0 for all.
func (o Own) Days() int {
	n, _ := strconv.Atoi(strings.TrimSuffix(o.Window, "d"))
	return n
}

// Counts is whether a customer without any row has 0, and not an unknown value.
func (o Own) Counts() bool { return o.Type == TypeCount || o.Type == TypeAmount }

// ParseOwn reads a file of features and checks every word of it. All faults are told at once, each with its feature and,
// within its sql, with line and column.
func ParseOwn(data []byte) ([]Own, error) {
	var file struct {
		Features []Own `yaml:"features"`
	}
	if err := yaml.UnmarshalWithOptions(data, &file, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("the file of features can't be read:\n%s", yaml.FormatError(err, false, true))
	}
	return file.Features, CheckOwn(file.Features)
}

// CheckOwn tells everything that is wrong with features of one's own.
func CheckOwn(all []Own) error {
	var faults []error
	if len(all) > MostOwn {
		faults = append(faults, fmt.Errorf("there are %d features of your own: at most %d fit", len(all), MostOwn))
	}
	seen := map[string]bool{}
	for _, f := range Builtin {
		seen[f.Name] = true
	}
	for i, o := range all {
		at := fmt.Sprintf("features[%d]", i)
		if o.Name != "" {
			at = "feature " + o.Name
		}
		for _, err := range o.check() {
			faults = append(faults, fmt.Errorf("%s: %w", at, err))
		}
		if seen[o.Name] {
			faults = append(faults, fmt.Errorf("%s: there is a feature of this name already: give it another", at))
		}
		seen[o.Name] = true
	}
	return errors.Join(faults...)
}

var (
	nameRule   = regexp.MustCompile(`^[a-z][a-z0-9_]{1,39}$`)
	windowRule = regexp.MustCompile(`^[1-9][0-9]{0,3}d$`)
)

func (o Own) check() []error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if !nameRule.MatchString(o.Name) {
		fault("name %q must be 2 to 40 small letters, digits and _, and begin with a letter", o.Name)
	}
	if o.Meaning["en"] == "" || o.Meaning["ko"] == "" {
		fault("meaning must say in en and ko what it is: people choose by it")
	}
	if !slices.Contains(types, o.Type) {
		fault("type %q must be one of %s", o.Type, strings.Join(types, ", "))
	}
	if o.Owner == "" {
		fault("owner must name who answers for it")
	}
	if o.Window != "" && !windowRule.MatchString(o.Window) {
		fault("window %q must be a number of days, as in 60d", o.Window)
	}
	columns, known := Sources[o.From]
	if !known {
		fault("from %q must be one of transactions, interactions, delivery_events", o.From)
		return faults
	}
	_, err := o.Compile("", columns)
	return append(faults, err...)
}
