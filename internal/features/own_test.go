package features

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

const file = `features:
  - name: coffee_60d
    meaning: {en: coffees of 60 days, ko: 최근 60일 커피}
    type: count
    from: transactions
    window: 60d
    owner: crm
    sql: countIf(category = {category:String} AND kind = 'purchase')
    params: {category: coffee}
`

func TestAFileOfFeatures(t *testing.T) {
	own, err := ParseOwn([]byte(file))
	require.NoError(t, err)
	require.Len(t, own, 1)
	require.Equal(t, 60, own[0].Days())
	sql, faults := own[0].Compile("p_", Sources["transactions"])
	require.Empty(t, faults)
	require.Equal(t, "countIf(category = {p_category:String} AND kind = 'purchase')", sql)
	require.Equal(t, map[string]any{"p_category": "coffee"}, own[0].Values("p_"))
	_, err = ParseOwn([]byte("features:\n  - nmae: x\n"))
	require.ErrorContains(t, err, "nmae")
	_, err = ParseOwn(nil)
	require.NoError(t, err, "none at all")
}

// What a feature could use to see the future, other tables or other customers is refused, with its place.
func TestExpressionsSeeOnlyTheirRows(t *testing.T) {
	for sql, says := range map[string]string{
		"countIf(at > now())": "sql 1:14: now reads a clock",
		"sum(amount) + (SELECT sum(amount) FROM danbi.transactions)": "SELECT can't be used",
		"sum(\n  amuont)":                         "sql 2:3: transactions has no column amuont; did you mean amount?",
		"dictGet('d', 'x', 1)":                    "no function dictGet",
		"sumIF(amount, 1)":                        "did you mean sumIf?",
		"count() -- all":                          "a comment can't stand here",
		"count(); DROP TABLE features":            `";" can't stand here`,
		"count() /* 1 */":                         "a comment can't stand here",
		"sum(danbi.transactions.amount)":          "transactions has no column danbi",
		"sum(amount))":                            "this ) closes nothing",
		"sum((amount)":                            "1 ( are not closed",
		"sum({x:String})":                         "the parameter x has no value",
		"sum({x:Identifier})":                     "must be written as {name:Type}",
		"sum({a:b}{x})":                           "must be written as",
		"quantile(0.5)(amount) + toUnixTimestamp": "has no column toUnixTimestamp",
		"sum(amount) SETTINGS max_threads = 1":    "SETTINGS can't be used",
		"file('/etc/passwd')":                     "no function file",
		"today() - 3":                             "reads a clock",
		"`amount`":                                "can't stand here",
		"\"amount\"":                              "can't stand here",
		"":                                        "is empty",
		"sum(amount) AS x":                        "has no column AS",
	} {
		o := Own{Name: "x1", Type: TypeNumber, From: "transactions", SQL: sql}
		_, faults := o.Compile("", Sources["transactions"])
		require.NotEmpty(t, faults, sql)
		found := ""
		for _, f := range faults {
			found += f.Error() + "\n"
		}
		require.Contains(t, found, says, sql)
	}
}

func TestFaultsOfAFileAreToldTogether(t *testing.T) {
	_, err := ParseOwn([]byte(`features:
  - {name: age, meaning: {en: x}, type: colour, from: customers, owner: "", sql: count()}
  - {name: B, meaning: {en: x, ko: x}, type: count, from: transactions, window: 2w, owner: crm, sql: "count()", params: {x: 1}}
`))
	for _, says := range []string{"feature age: meaning", `type "colour"`, "owner must", `from "customers"`, "there is a feature of this name", `name "B"`, `window "2w"`, "params.x is not used"} {
		require.ErrorContains(t, err, says)
	}
}

func FuzzExpressions(f *testing.F) {
	for _, sql := range []string{"countIf(at > 3)", "sum({x:String})", "';--", "{", "quantile(0.9)(amount)", "'\\"} {
		f.Add(sql)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		o := Own{From: "transactions", SQL: sql, Params: map[string]any{"x": "y"}}
		compiled, faults := o.Compile("p_", Sources["transactions"])
		again, _ := o.Compile("p_", Sources["transactions"])
		require.Equal(t, compiled, again)
		if len(faults) == 0 {
			require.NotRegexp(t, `(?i)\b(select|from|join|now)\b`, literals.ReplaceAllString(compiled, ""))
			for _, sign := range []string{";", "--", "/*", "`", "\""} {
				require.NotContains(t, literals.ReplaceAllString(compiled, ""), sign)
			}
		}
	})
}

var literals = regexp.MustCompile(`'(?:[^'\\]|\\.|'')*'`)
