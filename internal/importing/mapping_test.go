package importing

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const goodMapping = `
name: shop
currency: KRW
sources:
  sales: sales.csv
  items: items.csv
targets:
  customers:
    from: sales
    columns: {id: member}
  transactions:
    from: sales
    join: {item: {source: items, on: sku, key: code}}
    columns:
      id: member
      at: {column: sold, layouts: [YYYY-MM-DD]}
      purchase: {key: [shop, receipt]}
      amount: {column: price, times: count}
      category: item.kind
      kind: {expr: 'receipt startsWith "C" ? "cancellation" : "purchase"'}
`

// parts of the good mapping, replaced by bad ones, with what the error says.
func TestMappingFaultsNameLineAndNearestKey(t *testing.T) {
	_, err := Parse("m.yaml", []byte(goodMapping))
	require.NoError(t, err)
	for name, c := range map[string]struct{ old, new, says string }{
		"unknown key":         {"currency: KRW", "curency: KRW", `m.yaml:3:1: the mapping has no key "curency"; did you mean "currency"?`},
		"unknown target":      {"  transactions:", "  transaction:", `m.yaml:11:3: there is no target "transaction"; did you mean "transactions"?`},
		"unknown column":      {"amount: {", "amonut: {", `m.yaml:18:7: transactions has no column "amonut"; did you mean "amount"?`},
		"unknown source":      {"    from: sales\n    columns", "    from: sale\n    columns", `m.yaml:9:11: there is no source "sale"; did you mean "sales"?`},
		"unknown currency":    {"currency: KRW", "currency: WON", `m.yaml:3:11: currency "WON": write its ISO 4217 code`},
		"unknown zone":        {"currency: KRW", "currency: KRW\nzone: Seoul", `m.yaml:4:7: there is no time zone "Seoul"`},
		"missing column":      {"      purchase: {key: [shop, receipt]}\n", "", "must say where purchase comes from"},
		"two origins":         {"{column: price, times", "{column: price, value: '3', times", "column amount must have exactly one of column, value, expr"},
		"encoding":            {"  items: items.csv", "  items: {files: items.csv, encoding: utf8}", `encoding "utf8": write one of cp949, euc-kr`},
		"layout":              {"YYYY-MM-DD", "yyyy-mm-dd", `"yyyy" means nothing here`},
		"syntax":              {`startsWith "C" ?`, `startsWith "C`, "m.yaml:20:20: expression"},
		"key of a column":     {"times: count", "time: count", `column amount has no key "time"; did you mean "times"?`},
		"join without source": {"source: items, on", "source: item, on", `there is no source "item"; did you mean "items"?`},
		"no currency":         {"currency: KRW\n", "", "the amounts have no currency"},
		"not YAML":            {"sources:", "sources: [", "this is not YAML"},
		"a list for a text":   {"name: shop", "name: [shop]", "m.yaml:2:7: name must be a text"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, goodMapping, c.old)
			_, err := Parse("m.yaml", []byte(strings.Replace(goodMapping, c.old, c.new, 1)))
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestAllFaultsAreToldAtOnce(t *testing.T) {
	bad := strings.NewReplacer("currency: KRW", "currency: WON", "amount: {", "amonut: {", "key: [shop, receipt]", "kee: receipt").Replace(goodMapping)
	_, err := Parse("m.yaml", []byte(bad))
	for _, says := range []string{"WON", "amonut", "kee", "must say where amount comes from"} {
		require.ErrorContains(t, err, says)
	}
}

func TestHashFollowsMeaning(t *testing.T) {
	hash := func(text string) string {
		m, err := Parse("m.yaml", []byte(text))
		require.NoError(t, err)
		return m.Hash()
	}
	require.Equal(t, hash(goodMapping), hash("# a comment\n"+strings.ReplaceAll(goodMapping, "{id: member}", "{ id:  member }")))
	require.NotEqual(t, hash(goodMapping), hash(strings.Replace(goodMapping, "times: count", "times: number", 1)))
	require.NotEqual(t, hash(goodMapping), hash(strings.Replace(goodMapping, `"C"`, `"D"`, 1)))
}

func bindAll(t *testing.T, mapping string, headers map[string][]string) error {
	t.Helper()
	m, err := Parse("m.yaml", []byte(mapping))
	require.NoError(t, err)
	var lookups []*Lookup
	for _, j := range m.Joins() {
		lookups = append(lookups, NewLookup(j.Source, j.Key, headers[j.Source]))
	}
	for _, s := range m.Sources {
		if m.Feeds(s.Name) {
			if _, err := NewBinder(m, lookups).Bind(s, headers[s.Name]); err != nil {
				return err
			}
		}
	}
	return nil
}

func TestColumnsAndTypesAreCheckedAgainstTheHeader(t *testing.T) {
	headers := map[string][]string{"sales": {"member", "sold", "shop", "receipt", "price", "count", "sku"}, "items": {"code", "kind"}}
	require.NoError(t, bindAll(t, goodMapping, headers))
	for name, c := range map[string]struct{ old, new, says string }{
		"column":         {"id: member\n      at", "id: memberr\n      at", `m.yaml:15:11: source sales has no column "memberr"; did you mean "member"?`},
		"times":          {"times: count", "times: cuont", `has no column "cuont"; did you mean "count"?`},
		"join's column":  {"item.kind", "item.knid", `join item has no column "knid"; did you mean "kind"?`},
		"join's on":      {"on: sku", "on: skuu", `has no column "skuu"; did you mean "sku"?`},
		"name":           {"'receipt starts", "'receit starts", "character 1: unknown name receit"},
		"type":           {`receipt startsWith "C" ?`, `receipt + 1 > 2 ?`, "character 9: invalid operation: + (mismatched types string and int)"},
		"not a truth":    {`receipt startsWith "C" ?`, `receipt ?`, "character"},
		"a float":        {`'receipt startsWith "C" ? "cancellation" : "purchase"'`, `'float(price) * 2'`, "for amounts use times"},
		"the clock":      {`'receipt startsWith "C" ? "cancellation" : "purchase"'`, `'string(now())'`, "now"},
		"unknown member": {`'receipt startsWith "C" ?`, `'item.knid == "" ?`, "knid"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, goodMapping, c.old)
			require.ErrorContains(t, bindAll(t, strings.Replace(goodMapping, c.old, c.new, 1), headers), c.says)
		})
	}
	headers["sales"] = append(headers["sales"], "sku")
	require.ErrorContains(t, bindAll(t, goodMapping, headers), `the column "sku" twice`)
}
