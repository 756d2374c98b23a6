package importing

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/danbi-project/danbi/internal/money"
)

// A Mapping says which files hold what, as a person wrote it.
type Mapping struct {
	Name     string   `json:"name"`
	Currency string   `json:"currency,omitempty"` // of amounts whose row names none
	Zone     string   `json:"zone,omitempty"`     // of times without an offset; UTC when empty
	Layouts  []string `json:"layouts,omitempty"`  // how dates are written; iso when empty
	Sources  []Source `json:"sources"`
	Rules    []Rule   `json:"rules"`

	file string
}

// A Source is one table of the user's, in one or more files.
type Source struct {
	Name      string   `json:"name"`
	Files     []string `json:"files"`              // globs below the data folder
	Format    Format   `json:"format,omitempty"`   // by the file's name when empty
	Encoding  string   `json:"encoding,omitempty"` // of text files; UTF-8 when empty
	Delimiter string   `json:"delimiter,omitempty"`
	Columns   []string `json:"columns,omitempty"` // of a CSV file without a header line
	Nulls     []string `json:"nulls,omitempty"`   // texts that stand for nothing, besides the empty one
	Decimal   string   `json:"decimal,omitempty"` // the decimal sign; a point when empty
	Group     string   `json:"group,omitempty"`   // the sign between thousands; none when empty

	at ast.Node
}

// Format is how a file holds its rows.
type Format string

// The formats. gzip and zstd around CSV and JSON lines are told by the name.
const (
	CSV     Format = "csv"
	JSONL   Format = "jsonl"
	Parquet Format = "parquet"
)

// A Rule makes rows of one target out of rows of one or more sources.
type Rule struct {
	Target  string   `json:"target"`
	From    []string `json:"from"`
	Where   string   `json:"where,omitempty"` // rows for which it is false are passed over
	Aside   []Aside  `json:"aside,omitempty"`
	Joins   []Join   `json:"joins,omitempty"`
	Columns []Column `json:"columns"`

	at, whereAt ast.Node
}

// An Aside puts rows into the quarantine on purpose, with a reason; they are
// no rejects.
type Aside struct {
	When   string `json:"when"`
	Reason string `json:"reason"`

	at ast.Node
}

// A Join finds the row of another source by a key. A row that is not found is
// kept, with empty texts, and counted.
type Join struct {
	Name   string `json:"name"`
	Source string `json:"source"`
	On     string `json:"on"`  // the column here
	Key    string `json:"key"` // the column there

	at ast.Node
}

// A Column says where one field of the target comes from: exactly one of
// Column, Value, Expr, Key or Parts.
type Column struct {
	Field     string            `json:"field"`
	Column    string            `json:"column,omitempty"`
	Value     *string           `json:"value,omitempty"`
	Expr      string            `json:"expr,omitempty"`
	Key       []string          `json:"key,omitempty"`   // columns hashed into 64 bits
	Parts     []Column          `json:"parts,omitempty"` // of attributes
	Words     map[string]string `json:"words,omitempty"` // what the file's words mean
	Otherwise *string           `json:"otherwise,omitempty"`
	Default   string            `json:"default,omitempty"` // in place of nothing
	Layouts   []string          `json:"layouts,omitempty"`
	Zone      string            `json:"zone,omitempty"`
	Times     string            `json:"times,omitempty"` // another column to multiply an amount by
	Round     string            `json:"round,omitempty"`
	Absolute  bool              `json:"absolute,omitempty"` // the sign of an amount is told by the kind

	at ast.Node
}

// Hash identifies what the mapping says, whatever its comments and spaces.
func (m *Mapping) Hash() string {
	text, err := json.Marshal(m)
	if err != nil {
		panic(fmt.Sprintf("a mapping of plain texts can't be written as JSON: %v", err)) // a programming error
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Source is the source of a name.
func (m *Mapping) Source(name string) (Source, bool) {
	for _, s := range m.Sources {
		if s.Name == name {
			return s, true
		}
	}
	return Source{}, false
}

func (m *Mapping) sourceNames() []string {
	names := make([]string, len(m.Sources))
	for i, s := range m.Sources {
		names[i] = s.Name
	}
	return names
}

// Load reads a mapping file. The error joins all faults, each with its line.
func Load(path string) (*Mapping, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the mapping: %w", err)
	}
	return Parse(filepath.Base(path), text)
}

// Parse is Load for a text; file names it in errors.
func Parse(file string, text []byte) (*Mapping, error) {
	d := &decoder{file: file}
	m := &Mapping{file: file}
	if body := d.document(text); body != nil {
		d.mapping(m, body)
	}
	if err := d.err(); err != nil {
		return nil, err
	}
	return m, nil
}

func (d *decoder) mapping(m *Mapping, body ast.Node) {
	top := d.keys(body, "the mapping", "name", "currency", "zone", "layouts", "sources", "targets")
	m.Name = d.text(top["name"], "name")
	m.Currency = d.text(top["currency"], "currency")
	if m.Currency != "" {
		if _, err := money.Exponent(m.Currency); err != nil {
			d.fault(top["currency"], "currency %q: write its ISO 4217 code, as USD", m.Currency)
		}
	}
	m.Zone = d.zone(top["zone"])
	m.Layouts = d.layouts(top["layouts"])
	if top["sources"] == nil {
		d.fault(body, "the mapping names no sources")
	} else {
		for _, p := range d.pairs(top["sources"], "sources") {
			m.Sources = append(m.Sources, d.source(p))
		}
	}
	if top["targets"] == nil {
		d.fault(body, "the mapping names no targets")
		return
	}
	names := []string{offersTarget.Name}
	for _, t := range targets {
		names = append(names, t.Name)
	}
	for _, p := range d.pairs(top["targets"], "targets") {
		target, ok := targetNamed(p.name)
		if !ok {
			d.fault(p.key, "there is no target %q%s", p.name, meant(p.name, names))
			continue
		}
		rules := []ast.Node{p.value}
		if list, ok := p.value.(*ast.SequenceNode); ok {
			rules = list.Values
		}
		for _, n := range rules {
			m.Rules = append(m.Rules, d.rule(m, target, n))
		}
	}
}

func (d *decoder) source(p pair) Source {
	s := Source{Name: p.name, at: p.key}
	if !isMapping(p.value) {
		s.Files = d.texts(p.value, "files")
	} else {
		keys := d.keys(p.value, "source "+p.name, "files", "format", "encoding", "delimiter", "columns", "nulls", "decimal", "group")
		s.Files = d.texts(keys["files"], "files")
		s.Format = Format(d.text(keys["format"], "format"))
		s.Encoding = d.text(keys["encoding"], "encoding")
		if _, ok := encodings[s.Encoding]; !ok && s.Encoding != "" {
			d.fault(keys["encoding"], "encoding %q: write one of %s; UTF-8 needs none", s.Encoding, strings.Join(slices.Sorted(maps.Keys(encodings)), ", "))
		}
		s.Delimiter = d.text(keys["delimiter"], "delimiter")
		s.Columns = d.texts(keys["columns"], "columns")
		s.Nulls = d.texts(keys["nulls"], "nulls")
		s.Decimal = d.text(keys["decimal"], "decimal")
		s.Group = d.text(keys["group"], "group")
		if s.Format != "" && s.Format != CSV && s.Format != JSONL && s.Format != Parquet {
			d.fault(keys["format"], "format %q: write csv, jsonl or parquet", s.Format)
		}
		for _, sign := range []string{"delimiter", "decimal", "group"} {
			if keys[sign] != nil && len(d.text(keys[sign], sign)) != 1 {
				d.fault(keys[sign], "%s must be one ASCII character", sign)
			}
		}
		if s.Group != "" && s.Group == s.decimalSign() {
			d.fault(keys["group"], "%q can't be the decimal sign and the sign between thousands", s.Group)
		}
	}
	if len(s.Files) == 0 {
		d.fault(p.key, "source %s names no files", p.name)
	}
	return s
}

func (s Source) decimalSign() string {
	if s.Decimal == "" {
		return "."
	}
	return s.Decimal
}

func (d *decoder) zone(n ast.Node) string {
	name := d.text(n, "zone")
	if name != "" && !knownZone(name) {
		d.fault(n, "there is no time zone %q; write one such as Asia/Seoul", name)
	}
	return name
}

func (d *decoder) layouts(n ast.Node) []string {
	all := d.texts(n, "layouts")
	for _, l := range all {
		if _, err := ParseLayout(l); err != nil {
			d.fault(n, "%s", err.Error())
		}
	}
	return all
}

// knownZone refuses "Local" too, which means something else on each machine.
func knownZone(name string) bool {
	if name == "" || name == "Local" {
		return false
	}
	_, err := time.LoadLocation(name)
	return err == nil
}
