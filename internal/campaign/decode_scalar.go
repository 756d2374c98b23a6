package campaign

import (
	"errors"
	"reflect"
	"strconv"

	"github.com/goccy/go-yaml/ast"

	"github.com/danbi-project/danbi/internal/money"
)

// scalar reads one value from its text in the file, never from YAML's own idea of it: 25.10 is no float here.
func (d *decoder) scalar(node ast.Node, field string, into reflect.Value, tag reflect.StructTag) {
	text, quoted, is := textOf(node)
	if !is {
		expected, example := describe(into.Type())
		d.mismatch(node, field, expected, example)
		return
	}
	d.source.positions[field] = where(node)
	if err := d.set(into, text, quoted, node, tag); err != nil {
		var fault Fault
		if !errors.As(err, &fault) {
			fault = Fault{Message: say(err.Error(), err.Error())}
		}
		d.fault(node, field, fault.Message, fault.Hint)
	}
}

// textOf is the text of a scalar as it stands in the file, and whether it is text to YAML too.
func textOf(node ast.Node) (text string, isText, isScalar bool) {
	switch node := node.(type) {
	case *ast.StringNode:
		return node.Value, true, true
	case *ast.LiteralNode:
		return node.Value.Value, true, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return node.GetToken().Value, false, true
	}
	return "", false, false
}

func (d *decoder) set(into reflect.Value, text string, isText bool, node ast.Node, tag reflect.StructTag) (err error) {
	expected, example := describe(into.Type())
	unlike := wrong(sayf("%q: %s is expected", "%q: %s 값이어야 합니다", text, expected), example)
	switch target := into.Addr().Interface().(type) {
	case *Moment:
		*target, err = ParseMoment(text, d.zone, tag.Get("moment") == "end")
		return err
	case *Duration:
		*target, err = ParseDuration(text)
		return err
	case *Share:
		*target, err = ParseShare(text)
		return err
	case *Clock:
		*target, err = ParseClock(text)
		return err
	case *money.Minor:
		*target, err = d.amount(text)
		return err
	}
	switch into.Kind() {
	case reflect.String:
		if !isText {
			return wrong(sayf("%s: text is expected", "%s: 글이어야 합니다", text), sayf("put it in quotes: \"%s\"", "따옴표로 묶으세요: \"%s\"", text))
		}
		into.SetString(text)
	case reflect.Bool:
		if _, is := node.(*ast.BoolNode); !is {
			return unlike
		}
		into.SetBool(text == "true" || text == "True" || text == "TRUE")
	case reflect.Int:
		if _, is := node.(*ast.IntegerNode); !is {
			return unlike
		}
		number, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			return unlike
		}
		into.SetInt(number)
	case reflect.Float64:
		number, err := strconv.ParseFloat(text, 64)
		if err != nil || isText || number-number != 0 { // an infinity and a NaN are no numbers here
			return unlike
		}
		into.SetFloat(number)
	default:
		return unlike
	}
	return nil
}

func (d *decoder) amount(text string) (money.Minor, error) {
	if _, err := money.Exponent(d.currency); err != nil {
		// The unknown currency is a fault of its own; an amount can be checked for its form only.
		amount, err := money.Parse(text, "KWD")
		if err == nil || errors.Is(err, money.ErrOverflow) {
			return amount, nil
		}
	}
	amount, err := money.Parse(text, d.currency)
	switch {
	case errors.Is(err, money.ErrCurrency):
		return 0, wrong(sayf("%q is not an amount", "%q: 금액이 아닙니다", text), say("write 300000, 300,000 or \"25.00\"", "300000, 300,000 또는 \"25.00\"처럼 쓰세요"))
	case errors.Is(err, money.ErrOverflow):
		return 0, wrong(sayf("%q is too large an amount", "%q: 금액이 너무 큽니다", text), nil)
	case err != nil:
		exponent, _ := money.Exponent(d.currency)
		return 0, wrong(Text{"en": err.Error(), "ko": sayf("", "%q: %s 금액이 아닙니다", text, d.currency)["ko"]},
			sayf("write units of %s, with at most %d decimals, as in 300000 or 300,000", "%s 단위로, 소수점 아래 %d자리까지 300000 또는 300,000처럼 쓰세요", d.currency, exponent))
	}
	return amount, nil
}

// mismatch says what stands at a place and what was expected there.
func (d *decoder) mismatch(node ast.Node, field string, expected, hint Text) {
	found := say("a value", "값")
	switch node.(type) {
	case *ast.SequenceNode:
		found = say("a list", "목록")
	case ast.MapNode:
		found = say("keys with values", "항목과 값")
	case *ast.TagNode:
		found = say("a YAML tag", "YAML 태그")
	}
	d.fault(node, field, sayf("%s is expected, but here is %s", "%s 자리에 다른 것이 있습니다: %s", expected, found), hint)
}

// describe says what a type is written as, with an example.
func describe(t reflect.Type) (expected, example Text) {
	switch reflect.Zero(t).Interface().(type) {
	case Moment:
		return say("a date", "날짜"), say("as in 2026-03-01", "예: 2026-03-01")
	case Duration:
		return say("a length of time", "기간"), say("as in 36h, 14d or 2w", "예: 36h, 14d, 2w")
	case Share:
		return say("a share", "비율"), say("as in 10%", "예: 10%")
	case Clock:
		return say("a time of day", "시각"), say("as in 09:00", "예: 09:00")
	case money.Minor:
		return say("an amount", "금액"), say("as in 300000 or 300,000", "예: 300000, 300,000")
	}
	switch t.Kind() {
	case reflect.Bool:
		return say("true or false", "true 또는 false"), nil
	case reflect.Int:
		return say("a whole number", "정수"), say("as in 20000", "예: 20000")
	case reflect.Float64:
		return say("a number", "숫자"), say("as in 1.5", "예: 1.5")
	}
	return say("text", "글"), say("as in \"text\"", "예: \"글\"")
}
