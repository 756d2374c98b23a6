package campaign

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/danbi-project/danbi/internal/money"
)

// Decode reads a spec strictly: an unknown key, a wrong type or a missing key is a Fault, and all of them are returned
// at once. Defaults are filled in. On an error the spec is empty. What needs knowledge beyond one key is Validate's.
func Decode(name string, data []byte) (Spec, error) {
	spec, _, err := DecodeSource(name, data)
	return spec, err
}

// DecodeSource is Decode that also gives the source, by which later faults are located. The source is nil when
// the file is not YAML, or so far from a spec that nothing more can be said.
func DecodeSource(name string, data []byte) (Spec, *Source, error) {
	spec, source, all := decode[Spec](name, data)
	if len(all) > 0 {
		return Spec{}, source, all.err()
	}
	return spec, source, nil
}

// Load is Decode and Validate at once: every fault of both, in the order of the file.
func Load(name string, data []byte, options ...Option) (Spec, error) {
	spec, source, all := decode[Spec](name, data)
	if source != nil {
		all = append(all, source.further(all, spec.Validate(options...))...)
	}
	if len(all) > 0 {
		return Spec{}, all.err()
	}
	return spec, nil
}

// further locates the faults of a check that ran after a decoding with faults, without those that only follow from it:
// a key that could not be read is not also missing.
func (s *Source) further(known faults, err error) faults {
	var all faults
	for _, fault := range Faults(s.Locate(err)) {
		follows := slices.ContainsFunc(known, func(earlier Fault) bool {
			return earlier.Field == "" || within(fault.Field, earlier.Field) || within(earlier.Field, fault.Field)
		})
		if !follows && !slices.ContainsFunc(s.guessed, func(guess string) bool { return within(fault.Field, guess) }) {
			all = append(all, fault)
		}
	}
	return all
}

// within says that a field is another or lies below it.
func within(field, parent string) bool {
	rest, below := strings.CutPrefix(field, parent)
	return below && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// decode reads a file into a T. What could be read is returned even with faults, for further checks only.
func decode[T any](name string, data []byte) (value T, source *Source, all faults) {
	source, err := open(name, data)
	if err != nil {
		return value, nil, Faults(err)
	}
	d := decoder{source: source, zone: time.UTC}
	d.value(source.root, "", reflect.ValueOf(&value).Elem(), "")
	if source.nodes > mostNodes || len(d.faults) > mostFaults { // too much to be a mistyped spec: no further check would help
		source = nil
	}
	return value, source, d.faults
}

// decoder walks the file and the type together, so that every fault has both a place and a meaning.
type decoder struct {
	source   *Source
	faults   faults
	currency string // of the amounts below: the nearest key currency above them
	zone     *time.Location
}

// defaulter is a part of the spec with defaults: they are set before the keys are read, so that a zero that is written stays.
type defaulter interface{ setDefaults() }

func (d *decoder) value(node ast.Node, field string, into reflect.Value, tag reflect.StructTag) {
	d.source.nodes++
	if d.source.nodes > mostNodes {
		d.faults = nil
		d.fault(node, field, say("the file holds too many values", "파일에 값이 너무 많습니다"), nil)
		return
	}
	alias, isAlias := node.(*ast.AliasNode)
	if node = d.source.resolve(node); node == nil && isAlias {
		d.fault(alias, field, say("the alias names no anchor", "별칭이 가리키는 앵커가 없습니다"), say("write the value itself", "값을 직접 쓰세요"))
	}
	if node == nil || node.Type() == ast.NullType {
		return // a key without a value is as if it were not there; a required one is missed by its parent
	}
	switch into.Interface().(type) {
	case Moment, Duration, Share, Clock, money.Minor:
		d.scalar(node, field, into, tag)
		return
	}
	switch into.Kind() {
	case reflect.Pointer:
		fresh := reflect.New(into.Type().Elem())
		d.value(node, field, fresh.Elem(), tag)
		into.Set(fresh)
	case reflect.Struct:
		d.structure(node, field, into)
	case reflect.Map:
		d.mapping(node, field, into)
	case reflect.Slice:
		d.list(node, field, into)
	default:
		d.scalar(node, field, into, tag)
	}
}

func (d *decoder) structure(node ast.Node, field string, into reflect.Value) {
	entries, ok := d.entries(node, field)
	if !ok {
		return
	}
	if part, has := into.Addr().Interface().(defaulter); has {
		part.setDefaults()
	}
	outer := *d
	d.context(entries)
	defer func() { d.currency, d.zone = outer.currency, outer.zone }()

	known := fieldsOf(into.Type())
	names := make([]string, len(known))
	for i, k := range known {
		names[i] = k.name
	}
	var meant []string // known keys that an unknown one stands for: not reported as missing too
	for _, entry := range entries {
		index := slices.Index(names, entry.name)
		if index < 0 {
			hint := sayf("known keys: %s", "쓸 수 있는 항목: %s", strings.Join(names, ", "))
			if guess := nearest(entry.name, names); guess != "" {
				hint = sayf("did you mean %s?", "%s 아닌가요?", guess)
				meant = append(meant, guess)
				d.source.guessed = append(d.source.guessed, key(field, guess))
			}
			at := where(entry.key)
			d.faults = append(d.faults, Fault{File: d.source.name, Line: at.line, Column: at.column, Field: key(field, entry.name),
				Message: sayf("unknown key %s", "모르는 항목 %s", entry.name), Hint: hint})
			continue
		}
		d.value(entry.value, key(field, entry.name), into.FieldByIndex(known[index].index), known[index].tag)
	}
	for _, k := range known {
		given := slices.ContainsFunc(entries, func(e entry) bool { return e.name == k.name && !d.absent(e.value) })
		if k.required && !given && !slices.Contains(meant, k.name) {
			d.fault(node, key(field, k.name), say("is missing", "항목이 없습니다"), sayf("add the key %s", "%s 항목을 추가하세요", k.name))
		}
	}
}

// absent says that a key stands without a value; an alias of nothing is a fault of its own.
func (d *decoder) absent(node ast.Node) bool {
	_, alias := node.(*ast.AliasNode)
	return !alias && empty(d.source.resolve(node))
}

func empty(node ast.Node) bool { return node == nil || node.Type() == ast.NullType }

// context takes currency and zone from a mapping for all that lies below it, wherever in the mapping they stand.
func (d *decoder) context(entries []entry) {
	for _, entry := range entries {
		text, is := d.source.resolve(entry.value).(*ast.StringNode)
		switch {
		case !is:
		case entry.name == "currency":
			d.currency = text.Value
		case entry.name == "zone":
			if zone, err := LoadZone(text.Value); err == nil {
				d.zone = zone
			}
		}
	}
}

func (d *decoder) mapping(node ast.Node, field string, into reflect.Value) {
	entries, ok := d.entries(node, field)
	if !ok {
		return
	}
	into.Set(reflect.MakeMapWithSize(into.Type(), len(entries)))
	for _, entry := range entries {
		value := reflect.New(into.Type().Elem()).Elem()
		d.value(entry.value, key(field, entry.name), value, "")
		into.SetMapIndex(reflect.ValueOf(entry.name), value)
	}
}

func (d *decoder) list(node ast.Node, field string, into reflect.Value) {
	sequence, is := node.(*ast.SequenceNode)
	if !is {
		d.mismatch(node, field, say("a list", "목록"), say("begin each item with a hyphen: - item", "각 줄을 하이픈으로 시작하세요: - 항목"))
		return
	}
	items := reflect.MakeSlice(into.Type(), len(sequence.Values), len(sequence.Values))
	for i, item := range sequence.Values {
		name := field + "[" + strconv.Itoa(i) + "]"
		d.source.positions[name] = where(item)
		if empty(d.source.resolve(item)) {
			d.fault(item, name, say("the item is empty", "목록의 항목이 비어 있습니다"), say("write a value or remove the hyphen", "값을 쓰거나 하이픈을 지우세요"))
			continue
		}
		d.value(item, name, items.Index(i), "")
	}
	into.Set(items)
}

// entry is one key of a mapping with its value.
type entry struct {
	name  string
	key   ast.Node
	value ast.Node
}

// entries lists a mapping's keys once each, and records where they stand.
func (d *decoder) entries(node ast.Node, field string) ([]entry, bool) {
	mapping, is := node.(ast.MapNode)
	if !is {
		d.mismatch(node, field, say("keys with values", "항목과 값"), say("write key: value, indented below", "아래에 들여쓰기하여 항목: 값을 쓰세요"))
		return nil, false
	}
	var all []entry
	for at := mapping.MapRange(); at.Next(); {
		name, is := plainKey(at.Key())
		full := key(field, name)
		switch {
		case at.Key().IsMergeKey():
			d.fault(at.Key(), field, say("<< is not supported", "<<는 쓸 수 없습니다"), say("write the keys out", "항목을 직접 쓰세요"))
		case !is:
			d.fault(at.Key(), field, say("a key must be a plain word", "항목 이름은 낱말이어야 합니다"), nil)
		case slices.ContainsFunc(all, func(e entry) bool { return e.name == name }):
			d.fault(at.Key(), full, say("the key is written twice", "같은 항목이 두 번 있습니다"), say("keep one of them", "하나만 남기세요"))
		default:
			all = append(all, entry{name, at.Key(), at.Value()})
			d.source.positions[full] = where(at.Key())
		}
	}
	return all, true
}

func plainKey(node ast.MapKeyNode) (string, bool) {
	at := node.GetToken()
	if _, complex := node.(*ast.MappingKeyNode); complex || at == nil {
		return "", false
	}
	return at.Value, at.Type != token.AliasType && at.Type != token.AnchorType && at.Type != token.TagType
}

// fieldOf is a key that a type knows. A key without omitempty must be given.
type knownField struct {
	name     string
	index    []int
	required bool
	tag      reflect.StructTag
}

func fieldsOf(t reflect.Type) []knownField {
	var all []knownField
	for i := range t.NumField() {
		if f := t.Field(i); f.Anonymous { // its keys stand beside the others
			for _, inner := range fieldsOf(f.Type) {
				inner.index = append([]int{i}, inner.index...)
				all = append(all, inner)
			}
			continue
		}
		name, options, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		if name != "" && name != "-" {
			all = append(all, knownField{name, []int{i}, !strings.Contains(options, "omitempty"), t.Field(i).Tag})
		}
	}
	return all
}

func (d *decoder) fault(node ast.Node, field string, message, hint Text) {
	at := where(node)
	d.faults = append(d.faults, Fault{File: d.source.name, Line: at.line, Column: at.column, Field: field, Message: message, Hint: hint})
}
