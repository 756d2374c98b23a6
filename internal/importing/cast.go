package importing

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// text is a field's value before its cast.
func (w *Worker) text(f *boundField, record []string) (string, error) {
	var text string
	switch f.origin {
	case fromColumn:
		text = record[f.column]
	case fromValue:
		return f.value, nil
	case fromJoin:
		text = f.lookup.at(record[f.on], f.column)
	case fromExpr:
		var err error
		if text, err = w.evaluateText(f.expr, record); err != nil {
			return "", err
		}
	case fromNothing, fromKey:
	}
	if f.spec.Words != nil && text != "" {
		if word, ok := f.spec.Words[text]; ok {
			text = word
		} else if f.spec.Otherwise != nil {
			text = *f.spec.Otherwise
		}
	}
	if text == "" {
		text = f.spec.Default
	}
	return text, nil
}

// cast reads one field of a record into a cell. A reason says why it can't,
// with the value unless that is personal.
func (w *Worker) cast(f *boundField, record []string, out *cell, c *Counts) (reason, value string) {
	*out = cell{}
	if f.parts != nil {
		return w.castParts(f, record, out, c)
	}
	if f.origin == fromKey {
		return w.castKey(f, record, out)
	}
	text, err := w.text(f, record)
	if err != nil {
		return "the expression fails: " + err.Error(), ""
	}
	value = text
	if f.Personal {
		value = ""
	}
	if !utf8.ValidString(text) {
		return "not valid UTF-8", value
	}
	if f.decoded && strings.ContainsRune(text, utf8.RuneError) {
		return "a character that is none in the file's encoding", value
	}
	if f.Kind == Text {
		text = strings.TrimSpace(text)
	}
	if text == "" {
		if f.Required {
			return "empty", ""
		}
		return "", ""
	}
	return w.castText(f, text, out, c), value
}

func (w *Worker) castText(f *boundField, text string, out *cell, c *Counts) (reason string) {
	var err error
	switch f.Kind {
	case Text:
		out.text = text
	case Zone:
		if w.zone(text) {
			out.text = text
		} else {
			c.UnknownZones++
		}
	case Integer:
		if out.n, err = parseInteger(text); err != nil {
			return err.Error()
		}
		if out.n < f.Min || out.n > f.Max {
			return "out of range"
		}
	case Choice:
		var ok bool
		if out.n, ok = choose(f.Field, text); !ok {
			return "none of " + strings.Join(f.Words, ", ")
		}
	case Key:
		if out.key, err = parseKey(text); err != nil {
			return "not a whole number; name key: [column] in the mapping to use any text"
		}
	case Instant, Day:
		t, err := parseTime(text, f.layouts, f.zone)
		if err != nil {
			return err.Error()
		}
		return castTime(f.Kind, t, out)
	case Amount, Attribute:
	}
	return ""
}

// parseKey reads a number; spreadsheets and R write long ones as 4.0128e+10,
// which is exact when it is a whole number.
func parseKey(text string) (uint64, error) {
	n, err := strconv.ParseUint(text, 10, 64)
	if err == nil {
		return n, nil
	}
	if signed, other := parseInteger(text); other == nil && signed >= 0 {
		return uint64(signed), nil
	}
	return 0, err
}

// castTime keeps to what the warehouse's DateTime and Date can hold.
func castTime(kind Kind, t time.Time, out *cell) string {
	if kind == Day {
		// The day that is written, wherever it is.
		y, m, d := t.Date()
		out.n = time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400
		if out.n < 0 || out.n > math.MaxUint16 {
			return "a date before 1970 or after 2149"
		}
		return ""
	}
	out.n = t.Unix()
	if out.n < 0 || out.n > math.MaxUint32 {
		return "a time before 1970 or after 2105"
	}
	return ""
}

func (w *Worker) castParts(f *boundField, record []string, out *cell, c *Counts) (reason, value string) {
	out.m = make(map[string]string, len(f.parts))
	for i := range f.parts {
		var part cell
		if reason, value := w.cast(&f.parts[i], record, &part, c); reason != "" {
			return reason, value
		}
		if part.text != "" {
			out.m[f.parts[i].Name] = part.text
		}
	}
	return "", ""
}

// lineOfFile names the number of the record's line in a key: for events that nothing else tells apart.
const lineOfFile = "$line"

// castKey hashes the key columns, apart by a sign that no text file holds, so
// that (1, 23) and (12, 3) differ.
func (w *Worker) castKey(f *boundField, record []string, out *cell) (reason, value string) {
	w.hash.Reset()
	empty := true
	for _, k := range f.keys {
		empty = empty && record[k] == ""
		_, _ = w.hash.WriteString(record[k]) // never fails
		_, _ = w.hash.Write([]byte{0})
	}
	if f.lines {
		_, _ = w.hash.WriteString(strconv.FormatUint(w.line, 10))
		_, _ = w.hash.Write([]byte{0})
	}
	if empty {
		if f.Required {
			return "empty", ""
		}
		return "", ""
	}
	out.key = w.hash.Sum64()
	return "", ""
}

// zone remembers which names are zones: loading one reads a file.
func (w *Worker) zone(name string) bool {
	known, ok := w.zones[name]
	if !ok {
		known = knownZone(name)
		if len(w.zones) < 10_000 {
			w.zones[name] = known
		}
	}
	return known
}

// amount casts an amount of money, exactly.
func (w *Worker) amount(f *boundField, unit exponent, record []string, out *cell, c *Counts) (reason, value string) {
	*out = cell{}
	text, err := w.text(f, record)
	if err != nil {
		return "the expression fails: " + err.Error(), ""
	}
	if text == "" {
		return "empty", ""
	}
	d, err := parseDecimal(text, f.point, f.sign)
	if err != nil {
		return err.Error(), text
	}
	factor := decimal{coefficient: 1}
	value = text
	if f.times >= 0 {
		value += " x " + record[f.times]
		if factor, err = parseDecimal(record[f.times], f.point, f.sign); err != nil {
			return err.Error(), value
		}
	}
	var rounded bool
	if out.n, rounded, err = d.minor(factor, unit.places, f.round); err != nil {
		return err.Error(), value
	}
	if out.n < 0 {
		if !f.spec.Absolute || out.n == math.MinInt64 {
			return errNegative.Error(), value
		}
		out.n = -out.n
	}
	if rounded {
		c.Rounded++
	}
	return "", ""
}

var errNegative = errors.New("a negative amount; say in the mapping what it is: a kind of refund or cancellation, and absolute: true")
