package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/world"
	"github.com/danbi-project/danbi/internal/world/likeness"
)

// The households of a real data set: how often, how much and what brands they buy is found again in a world like them.
func TestAWorldLikeRealHouseholds(t *testing.T) {
	data := os.Getenv("DANBI_DATA")
	if data == "" {
		data = filepath.Join("..", "..", "shared", "data")
	}
	data = filepath.Join(data, "completejourney")
	if _, err := os.Stat(data); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("the data set is missing: %v", err)
		}
		t.Skipf("needs the data set: %v", err)
	}
	page := filepath.Join(t.TempDir(), "like.html")
	code, out, errs := execute(t, "world", "--like", data, "--mapping", filepath.Join("..", "examples", "completejourney", "import.yaml"), "--compare", "--html", page, "--json", "--lang", "en")
	require.Equal(t, ExitOK, code, errs)
	var r likeness.Report
	require.NoError(t, json.Unmarshal([]byte(out), &r))
	require.InDelta(t, 2_373, r.Customers, 10)
	for _, m := range r.Marginals {
		most := 0.10
		switch m.Key {
		case "hour", "own_category": // six rhythms are fewer than people have
			most = 0.25
		case "category": // the files have three hundred, the world has thirty
			most = 0.60
		}
		require.Less(t, m.Distance, most, m.Key)
	}
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Equal(t, len(r.Marginals), strings.Count(string(text), "<svg"))
	for _, bad := range []string{"NaN", "Inf", "%!", "ZgotmplZ", "http://", "https://", "<script"} {
		require.NotContains(t, string(text), bad)
	}
}

// Any files of purchases do, with a mapping; without categories and brands those are left as they are.
func TestAWorldLikeAnyPurchases(t *testing.T) {
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(1, 2))
	var csv strings.Builder
	csv.WriteString("who,at,bill,sum\n")
	n := 0
	for who := range 400 {
		rate := 1 + 8*r.ExpFloat64()
		for range int(rate) + 1 {
			n++
			at := time.Date(2026, 1, 1, 9+r.IntN(11), r.IntN(60), 0, 0, time.UTC).AddDate(0, 0, r.IntN(180))
			fmt.Fprintf(&csv, "m%d,%s,%d,%d\n", who, at.Format(time.RFC3339), n, 3_000+r.IntN(90_000))
		}
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "sales.csv"), []byte(csv.String()), 0o600))
	mapping := filepath.Join(dir, "map.yaml")
	require.NoError(t, os.WriteFile(mapping, []byte(`name: shop
currency: KRW
zone: Asia/Seoul
layouts: [iso]
sources: {sales: sales.csv}
targets:
  customers: {from: sales, columns: {id: who}}
  transactions: {from: sales, columns: {id: who, at: at, purchase: bill, amount: sum}}
`), 0o600))
	code, out, errs := execute(t, "world", "--like", dir, "--mapping", mapping, "--compare", "--json", "--lang", "ko")
	require.Equal(t, ExitOK, code, errs)
	var report likeness.Report
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	require.Contains(t, report.NotFitted, "category_concentration")
	require.Contains(t, report.NotFitted, "brand_s")
	require.Len(t, report.Fitted, len(world.Table)-len(report.NotFitted))

	code, out, _ = execute(t, "world", "--like", dir, "--mapping", mapping, "--compare", "--lang", "ko")
	require.Equal(t, ExitOK, code)
	require.Contains(t, out, "고객당 구매 횟수")
	require.NotContains(t, out, "NaN")
	require.NotContains(t, out, "lognormal", "every method is told in Korean too")

	code, _, errs = execute(t, "world", "--like", dir, "--lang", "en")
	require.Equal(t, ExitUsage, code)
	require.Contains(t, errs, "--mapping")
	code, _, errs = execute(t, "world", "--compare", "--lang", "en")
	require.Equal(t, ExitUsage, code)
	require.Contains(t, errs, "--like")
}
