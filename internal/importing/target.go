package importing

import "slices"

// Kind is the type of a target's column.
type Kind uint8

// The kinds. Money, times and numbers travel as integers, never as floats.
const (
	Text      Kind = iota // a string
	Integer               // a whole number within the column's range
	Amount                // minor units of the row's currency
	Instant               // seconds since 1970 UTC
	Day                   // days since 1970
	Key                   // 64 bits: the number itself, or the hash of several columns
	Zone                  // an IANA time zone; an unknown one is kept as '' and counted
	Choice                // one of a column's words
	Attribute             // named texts
)

// A Field is a column of a target.
type Field struct {
	Name     string
	Kind     Kind
	Required bool     // a row without it is rejected
	Personal bool     // never shown, logged or quarantined in the clear
	Min, Max int64    // of an Integer
	Words    []string // of a Choice; the position is the value
	Default  string   // what a mapping that doesn't name the column means
}

// A Target is a table that rows can be imported into.
type Target struct {
	Name     string
	Customer bool // rows belong to a customer, by the user's own id in the field "id"
	Fields   []Field
}

const (
	maxInt32 = 1<<31 - 1
	minInt32 = -1 << 31
)

var customerID = Field{Name: "id", Kind: Text, Required: true, Personal: true}

// Transaction kinds, as the values of the warehouse's enum less one.
var transactionKinds = []string{"purchase", "refund", "cancellation"}

// targets in the order in which they are published: who before what.
var targets = []Target{
	{"customers", true, []Field{
		customerID,
		{Name: "segment", Kind: Text},
		{Name: "region", Kind: Text},
		{Name: "zone", Kind: Zone},
		{Name: "language", Kind: Text},
		{Name: "gender", Kind: Text},
		{Name: "birth_year", Kind: Integer, Min: 0, Max: 2200},
		{Name: "joined", Kind: Day},
		{Name: "attributes", Kind: Attribute},
	}},
	{"identities", true, []Field{
		customerID,
		{Name: "name", Kind: Text, Required: true, Personal: true},
	}},
	{"contacts", true, []Field{
		customerID,
		{Name: "channel", Kind: Text, Required: true},
		{Name: "address", Kind: Text, Required: true, Personal: true},
	}},
	{"consents", true, []Field{
		customerID,
		{Name: "channel", Kind: Text, Required: true},
		{Name: "purpose", Kind: Text, Required: true},
		{Name: "night", Kind: Choice, Words: []string{"no", "yes"}, Default: "no"},
		{Name: "at", Kind: Instant, Required: true},
		{Name: "granted", Kind: Choice, Words: []string{"no", "yes"}, Required: true},
		{Name: "evidence", Kind: Text, Required: true},
	}},
	{"suppressions", true, []Field{
		customerID,
		{Name: "channel", Kind: Text},
		{Name: "reason", Kind: Text, Required: true},
		{Name: "at", Kind: Instant, Required: true},
		{Name: "until", Kind: Instant},
	}},
	{"merchants", false, []Field{
		{Name: "merchant", Kind: Text, Required: true},
		{Name: "name", Kind: Text},
		{Name: "category", Kind: Text},
		{Name: "region", Kind: Text},
	}},
	{"brands", false, []Field{
		{Name: "brand", Kind: Text, Required: true},
		{Name: "name", Kind: Text},
		{Name: "category", Kind: Text},
	}},
	{"products", false, []Field{
		{Name: "product", Kind: Text, Required: true},
		{Name: "name", Kind: Text},
		{Name: "category", Kind: Text},
		{Name: "brand", Kind: Text},
		{Name: "merchant", Kind: Text},
		{Name: "attributes", Kind: Attribute},
	}},
	{"transactions", true, []Field{
		customerID,
		{Name: "at", Kind: Instant, Required: true},
		{Name: "purchase", Kind: Key, Required: true},
		{Name: "line", Kind: Integer, Min: 1, Max: 65535},
		{Name: "kind", Kind: Choice, Words: transactionKinds, Default: "purchase"},
		{Name: "amount", Kind: Amount, Required: true},
		{Name: "currency", Kind: Text},
		{Name: "quantity", Kind: Integer, Min: minInt32, Max: maxInt32, Default: "1"},
		{Name: "product", Kind: Text},
		{Name: "category", Kind: Text},
		{Name: "brand", Kind: Text},
		{Name: "merchant", Kind: Text},
		{Name: "channel", Kind: Text},
		{Name: "original", Kind: Key},
		{Name: "reference", Kind: Text},
		{Name: "nature", Kind: Text},
	}},
	{"interactions", true, []Field{
		customerID,
		{Name: "at", Kind: Instant, Required: true},
		{Name: "kind", Kind: Text, Required: true},
		{Name: "channel", Kind: Text},
		{Name: "campaign", Kind: Text},
		{Name: "occurrence", Kind: Integer, Min: 0, Max: 1<<32 - 1},
		{Name: "touch", Kind: Text},
		{Name: "key", Kind: Key, Required: true},
	}},
}

// Targets lists every table that can be imported into, in the order in which
// they have to be published.
func Targets() []Target { return slices.Clone(targets) }

func targetNamed(name string) (Target, bool) {
	if name == offersTarget.Name {
		return offersTarget, true
	}
	i := slices.IndexFunc(targets, func(t Target) bool { return t.Name == name })
	if i < 0 {
		return Target{}, false
	}
	return targets[i], true
}

// Index is the position of a field, or -1.
func (t Target) Index(field string) int {
	return slices.IndexFunc(t.Fields, func(f Field) bool { return f.Name == field })
}

func (t Target) fieldNames() []string {
	names := make([]string, len(t.Fields))
	for i, f := range t.Fields {
		names[i] = f.Name
	}
	return names
}
