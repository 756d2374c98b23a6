package importing

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/korean"
)

// castCSV runs a mapping over one CSV text of its source "rows".
func castCSV(t *testing.T, mapping, text string) (map[string]*Table, []Reject, map[string]*Counts) {
	t.Helper()
	m, err := Parse("m.yaml", []byte("sources: {rows: rows.csv}\n"+mapping))
	require.NoError(t, err)
	r, err := NewTextReader(m.Sources[0], CSV, strings.NewReader(text))
	require.NoError(t, err)
	b, err := NewBinder(m, nil).Bind(m.Sources[0], r.Header())
	require.NoError(t, err)
	w := NewWorker(1 << 20)
	tables := map[string]*Table{}
	w.Flush = func(t *Table) error {
		kept := *t
		kept.Cells = append([]Cells(nil), t.Cells...)
		for i, c := range kept.Cells { // the worker clears its own
			kept.Cells[i] = Cells{append([]string(nil), c.Texts...), append([]int64(nil), c.Ints...), append([]uint64(nil), c.Keys...), append([]map[string]string(nil), c.Maps...)}
		}
		kept.Line = append([]uint64(nil), t.Line...)
		tables[t.Target.Name] = &kept
		return nil
	}
	var rejects []Reject
	w.Reject = func(r Reject) error {
		rejects = append(rejects, r)
		return nil
	}
	for {
		block, err := r.Next()
		if err != nil {
			break
		}
		require.NoError(t, block.Each(
			func(line uint64, values []string) error { return w.Record(b, 0, line, values) },
			func(line uint64, reason string) error { return w.Unreadable(b, 0, line, reason) }))
	}
	require.NoError(t, w.Close())
	return tables, rejects, w.Counts
}

func (t *Table) field(name string) Cells { return t.Cells[t.Target.Index(name)] }

const salesMapping = `
currency: USD
zone: Asia/Seoul
layouts: [YYYY-MM-DD hh:mm]
targets:
  transactions:
    from: rows
    columns:
      id: member
      at: sold
      purchase: {key: [shop, receipt]}
      kind: {column: kind, words: {S: purchase, R: refund}, otherwise: cancellation}
      amount: {column: price, times: count, absolute: true}
      currency: currency
      quantity: count
      product: sku
`

const salesHeader = "member,sold,shop,receipt,kind,price,count,currency,sku\n"

func TestRowsAreCast(t *testing.T) {
	tables, rejects, _ := castCSV(t, salesMapping, salesHeader+
		"m1,2026-01-31 08:30,1,23,S,1.25,3,USD,a\n"+
		"m2,2026-01-31 08:30,12,3,R,-15000,1,KRW,b\n"+
		"m1,2026-01-31 08:31,1,23,X,1.005,2,KWD, c \n")
	require.Empty(t, rejects)
	sales := tables["transactions"]
	require.Equal(t, []string{"m1", "m2", "m1"}, sales.field("id").Texts)
	require.Equal(t, []int64{375, 15000, 2010}, sales.field("amount").Ints)
	require.Equal(t, []int64{0, 1, 2}, sales.field("kind").Ints)
	require.Equal(t, []int64{1769815800, 1769815800, 1769815860}, sales.field("at").Ints, "08:30 in Seoul is 23:30 the day before in UTC")
	require.Equal(t, []string{"a", "b", "c"}, sales.field("product").Texts)
	keys := sales.field("purchase").Keys
	require.NotEqual(t, keys[0], keys[1], "(1, 23) is not (12, 3)")
	require.Equal(t, keys[0], keys[2])
	require.Equal(t, []uint64{2, 3, 4}, sales.Line)
}

func TestEveryBadRowHasItsReason(t *testing.T) {
	good := "m1,2026-01-31 08:30,1,23,S,1.25,3,USD,a\n"
	for name, c := range map[string]struct{ row, field, reason, value string }{
		"no customer":      {",2026-01-31 08:30,1,23,S,1.25,3,USD,a", "id", "empty", ""},
		"another layout":   {"m1,31.01.2026 08:30,1,23,S,1.25,3,USD,a", "at", errNoLayout.Error(), "31.01.2026 08:30"},
		"no such day":      {"m1,2026-02-30 08:30,1,23,S,1.25,3,USD,a", "at", errNoLayout.Error(), "2026-02-30 08:30"},
		"before 1970":      {"m1,1969-12-31 08:30,1,23,S,1.25,3,USD,a", "at", "before 1970", "1969-12-31 08:30"},
		"unknown currency": {"m1,2026-01-31 08:30,1,23,S,1.25,3,XYZ,a", "currency", "unknown currency", "XYZ"},
		"too fine":         {"m1,2026-01-31 08:30,1,23,S,1.255,3,USD,a", "amount", errTooFine.Error(), "1.255 x 3"},
		"too fine for won": {"m1,2026-01-31 08:30,1,23,S,1.5,3,KRW,a", "amount", errTooFine.Error(), "1.5 x 3"},
		"not a number":     {"m1,2026-01-31 08:30,1,23,S,free,3,USD,a", "amount", errNotNumber.Error(), "free"},
		"no amount":        {"m1,2026-01-31 08:30,1,23,S,,3,USD,a", "amount", "empty", ""},
		"half a piece":     {"m1,2026-01-31 08:30,1,23,S,1.25,.5,USD,a", "quantity", errFraction.Error(), ".5"},
		"too many":         {"m1,2026-01-31 08:30,1,23,S,1.25,3000000000,USD,a", "quantity", "out of range", "3000000000"},
		"no key":           {"m1,2026-01-31 08:30,,,S,1.25,3,USD,a", "purchase", "empty", ""},
		"invalid UTF-8":    {"m1,2026-01-31 08:30,1,23,S,1.25,3,USD,\xff", "product", "not valid UTF-8", "�"},
		"a short row":      {"m1,2026-01-31 08:30", "", "2 columns where the header has 9", ""},
	} {
		t.Run(name, func(t *testing.T) {
			tables, rejects, counts := castCSV(t, salesMapping, salesHeader+good+c.row+"\n"+good)
			require.Equal(t, 2, tables["transactions"].Rows(), "the rows around it are kept")
			require.Len(t, rejects, 1)
			require.Equal(t, uint64(3), rejects[0].Line)
			require.Equal(t, c.field, rejects[0].Field)
			require.Contains(t, rejects[0].Reason, c.reason)
			require.Equal(t, c.value, rejects[0].Value)
			require.Equal(t, Counts{Read: 3, Rejected: 1, Rows: 2}, *counts["transactions"])
		})
	}
}

func TestNegativeAmountsHaveToBeMeant(t *testing.T) {
	mapping := strings.Replace(salesMapping, ", absolute: true", "", 1)
	_, rejects, _ := castCSV(t, mapping, salesHeader+"m1,2026-01-31 08:30,1,23,S,-1.25,3,USD,a\n")
	require.Len(t, rejects, 1)
	require.Equal(t, errNegative.Error(), rejects[0].Reason)
}

func TestRoundingIsNamedAndCounted(t *testing.T) {
	mapping := strings.Replace(salesMapping, "absolute: true", "absolute: true, round: half up", 1)
	tables, rejects, counts := castCSV(t, mapping, salesHeader+"m1,2026-01-31 08:30,1,23,S,1.255,1,USD,a\n")
	require.Empty(t, rejects)
	require.Equal(t, []int64{126}, tables["transactions"].field("amount").Ints)
	require.Equal(t, uint64(1), counts["transactions"].Rounded)
}

const peopleMapping = `
targets:
  customers:
    from: rows
    columns: {id: member, zone: zone, attributes: {size: size}}
  identities:
    from: rows
    where: 'name != ""'
    columns: {id: member, name: name}
  contacts:
    from: rows
    aside: {when: 'size == "0"', reason: moved away}
    columns: {id: member, channel: {value: email}, address: mail}
  consents:
    from: rows
    columns:
      id: member
      channel: {value: email}
      purpose: {value: marketing}
      at: {value: "2016-12-31"}
      granted: {column: agreed, words: {ja: "yes"}, otherwise: "no"}
      evidence: {value: form}
`

func TestUnknownZoneIsKeptAndCounted(t *testing.T) {
	tables, rejects, counts := castCSV(t, peopleMapping, "member,zone,size,name,mail,agreed\n"+
		"1,Asia/Seoul,3,Kim,a@example.invalid,ja\n2,Mars/Olympus,,,b@example.invalid,nein\n3,Local,0,,c@example.invalid,\n")
	require.Len(t, rejects, 2)
	require.Equal(t, "granted empty", rejects[1].Field+" "+rejects[1].Reason, "no answer is no consent and no withdrawal")
	require.Equal(t, []string{"Asia/Seoul", "", ""}, tables["customers"].field("zone").Texts)
	require.Equal(t, uint64(2), counts["customers"].UnknownZones)
	require.Equal(t, []map[string]string{{"size": "3"}, {}, {"size": "0"}}, tables["customers"].field("attributes").Maps)
	require.Equal(t, 1, tables["identities"].Rows(), "where passes over those without a name")
	require.Equal(t, uint64(2), counts["identities"].Passed)
	require.Equal(t, 2, tables["contacts"].Rows())
	require.Equal(t, Reject{Line: 4, Target: "contacts", Reason: "moved away", Aside: true, Raw: rejects[0].Raw}, rejects[0])
	require.Equal(t, []int64{1, 0}, tables["consents"].field("granted").Ints)
}

// Nothing personal may leave by the back door.
func TestRejectsShowNothingPersonal(t *testing.T) {
	_, rejects, _ := castCSV(t, peopleMapping, "member,zone,size,name,mail,agreed\n"+
		"secret-id,UTC,0,Secret Name,secret@example.invalid,ja\n"+
		"secret-id,UTC,2,Secret Name\xff,secret@example.invalid\xff,ja\n"+
		"secret-id,secret\n")
	require.NotEmpty(t, rejects)
	for _, r := range rejects {
		require.NotContains(t, strings.ToLower(fmt.Sprintf("%+v", r)), "secret")
	}
	var raw map[string]string
	require.NoError(t, json.Unmarshal([]byte(rejects[0].Raw), &raw))
	require.Equal(t, map[string]string{"member": "***", "zone": "UTC", "size": "0", "name": "***", "mail": "***", "agreed": "ja"}, raw)
}

func TestJoinsKeepWhatTheyDoNotFind(t *testing.T) {
	m, err := Parse("m.yaml", []byte(goodMapping))
	require.NoError(t, err)
	items := NewLookup("items", "code", []string{"code", "kind"})
	require.NoError(t, items.Header([]string{"kind", "code"}))
	items.Add([]string{"tea", "7"})
	items.Add([]string{"coffee", "7"}) // the first counts
	b, err := NewBinder(m, []*Lookup{items}).Bind(m.Sources[0], []string{"member", "sold", "shop", "receipt", "price", "count", "sku"})
	require.NoError(t, err)
	w := NewWorker(100)
	var kinds []string
	w.Flush = func(t *Table) error {
		if t.Target.Name == "transactions" {
			kinds = append(kinds, t.field("category").Texts...)
		}
		return nil
	}
	w.Reject = func(r Reject) error { return fmt.Errorf("%+v", r) }
	require.NoError(t, w.Record(b, 0, 2, []string{"1", "2026-01-01", "1", "C1", "5", "1", "7"}))
	require.NoError(t, w.Record(b, 0, 3, []string{"1", "2026-01-01", "1", "1", "5", "1", "8"}))
	require.NoError(t, w.Close())
	require.Equal(t, []string{"tea", ""}, kinds)
	require.Equal(t, uint64(1), w.Counts["transactions"].NotJoined)
}

func TestKoreanEncoding(t *testing.T) {
	text, err := korean.EUCKR.NewEncoder().String("회원,이름,등급\n1,김단비,일반\n2,똠방각하,우수\n")
	require.NoError(t, err)
	mapping := `
targets:
  customers:
    from: rows
    columns: {id: 회원, segment: {expr: '등급 == "우수" ? "vip" : "member"'}}
  products:
    from: rows
    columns: {product: 회원, name: 이름}
`
	m, err := Parse("m.yaml", []byte("sources: {rows: {files: rows.csv, encoding: cp949}}\n"+mapping))
	require.NoError(t, err)
	r, err := NewTextReader(m.Sources[0], CSV, strings.NewReader(text+"3,\xff\xff,x\n"))
	require.NoError(t, err)
	b, err := NewBinder(m, nil).Bind(m.Sources[0], r.Header())
	require.NoError(t, err)
	w := NewWorker(10)
	got := map[string][]string{}
	w.Flush = func(t *Table) error {
		for i, f := range t.Target.Fields {
			if f.Kind == Text {
				got[t.Target.Name+"."+f.Name] = append(got[t.Target.Name+"."+f.Name], t.Cells[i].Texts...)
			}
		}
		return nil
	}
	var rejects []Reject
	w.Reject = func(r Reject) error {
		rejects = append(rejects, r)
		return nil
	}
	block, err := r.Next()
	require.NoError(t, err)
	require.NoError(t, block.Each(func(line uint64, v []string) error { return w.Record(b, 0, line, v) }, nil))
	require.NoError(t, w.Close())
	require.Equal(t, []string{"member", "vip", "member"}, got["customers.segment"])
	require.Equal(t, []string{"김단비", "똠방각하"}, got["products.name"])
	require.Len(t, rejects, 1)
	require.Equal(t, uint64(4), rejects[0].Line)
}

func BenchmarkTransactions(b *testing.B) {
	m, err := Parse("m.yaml", []byte("sources: {rows: rows.csv}\n"+salesMapping))
	require.NoError(b, err)
	text := salesHeader + strings.Repeat("member-12345,2026-01-31 08:30,1,23456,S,1.25,3,USD,sku-99\n", 10_000)
	r, err := NewTextReader(m.Sources[0], CSV, strings.NewReader(text))
	require.NoError(b, err)
	binding, err := NewBinder(m, nil).Bind(m.Sources[0], r.Header())
	require.NoError(b, err)
	block, err := r.Next()
	require.NoError(b, err)
	w := NewWorker(1 << 16)
	w.Flush = func(*Table) error { return nil }
	w.Reject = func(r Reject) error { return fmt.Errorf("%+v", r) }
	b.ReportAllocs()
	for b.Loop() {
		err := block.Each(func(line uint64, v []string) error { return w.Record(binding, 0, line, v) }, func(uint64, string) error { return nil })
		require.NoError(b, err)
	}
	b.ReportMetric(float64(b.N)*10_000/b.Elapsed().Seconds(), "rows/s")
}
