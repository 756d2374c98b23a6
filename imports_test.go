package danbi_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// law says which of our packages a package may import; its tests may import what they like. A package that is not
// listed has no law yet, and the test says so.
var law = map[string][]string{
	"internal/money":                     {},
	"internal/clock":                     {},
	"internal/circuit":                   {},
	"internal/campaign":                  {"internal/money"},
	"internal/features":                  {"internal/campaign", "internal/money"},
	"internal/targeting":                 {"internal/campaign", "internal/money", "internal/features"},
	"internal/targeting/forest":          {},
	"internal/targeting/xgboost":         {"internal/targeting/forest", "internal/targeting/learn"},
	"internal/targeting/propensity":      {"internal/targeting/learn", "internal/targeting/uplift"},
	"internal/targeting/registry":        {"internal/features", "internal/targeting"},
	"internal/targeting/learn":           {"internal/targeting/forest"},
	"internal/targeting/learn/learntest": {"internal/targeting/forest", "internal/targeting/learn"},
	"internal/targeting/uplift":          {"internal/targeting/forest", "internal/targeting/learn"},
	"internal/offers":                    {"internal/campaign", "internal/money", "internal/features", "internal/offers/budget"},
	"internal/offers/budget":             {},
	"internal/dispatch":                  {"internal/campaign", "internal/money"},
	"internal/ledger":                    {"internal/campaign", "internal/money"},
	"internal/settlement":                {"internal/campaign", "internal/money", "internal/ledger"},
	"internal/measurement":               {"internal/campaign", "internal/money"},
	"internal/importing":                 {"internal/campaign", "internal/money"},
	"internal/measurement/ope":           {},
	"internal/measurement/forecast":      {},
	"internal/world/likeness":            {"internal/world", "internal/importing", "internal/money"},
	"internal/measurement/report":        {"internal/campaign", "internal/money", "internal/measurement", "internal/measurement/forecast"},
	"schema":                             {"internal/campaign", "internal/money"},

	"activities": {"internal/campaign", "internal/money", "internal/clock", "internal/features", "internal/targeting", "internal/offers",
		"internal/dispatch", "internal/ledger", "internal/settlement", "internal/measurement", "internal/measurement/report", "internal/circuit"},
	"workflows": {"activities", "internal/campaign", "internal/clock", "internal/money"},

	"internal/warehouse": {"internal/campaign", "internal/money", "internal/clock", "internal/features", "internal/targeting", "internal/offers",
		"internal/dispatch", "internal/ledger", "internal/settlement", "internal/measurement", "internal/measurement/report", "internal/importing", "internal/trust"},
	"internal/trust":                {},
	"internal/dispatch/smtp":        {"internal/dispatch", "internal/campaign", "internal/dispatch/inquiry", "internal/trust"},
	"internal/dispatch/smpp":        {"internal/dispatch", "internal/dispatch/inquiry", "internal/clock", "internal/trust"},
	"internal/dispatch/inquiry":     {"internal/dispatch"},
	"internal/dispatch/token":       {"internal/campaign", "internal/trust"},
	"internal/dispatch/receipts":    {"internal/dispatch", "internal/campaign"},
	"internal/dispatch/webhook":     {"internal/dispatch", "internal/dispatch/token"},
	"internal/dispatch/gateway":     {"internal/dispatch", "internal/dispatch/inquiry", "internal/circuit", "internal/clock", "internal/trust"},
	"internal/settlement/provider":  {"internal/settlement", "internal/campaign", "internal/money"},
	"internal/world":                {"internal/campaign", "internal/money", "internal/warehouse"},
	"internal/settlement/batchfile": {"internal/settlement", "internal/campaign", "internal/money"},
}

// free are the packages that put everything together. Only programs import compose and stack.
var free = []string{"internal/compose", "internal/stack", "worker", "starter", "bench", "deploy", "integration"}

// foreign says which packages of others a package must not import, by the beginning of their paths.
var foreign = map[string][]string{
	"activities": {"github.com/ClickHouse", "net/http"},
	"workflows":  {"github.com/ClickHouse", "net/http", "database/sql"},
}

// pure packages know no engine, no network and no clock but the one they are given.
var pure = []string{"internal/money", "internal/campaign", "internal/features", "internal/targeting", "internal/targeting/forest", "internal/targeting/learn", "internal/targeting/uplift", "internal/targeting/propensity", "internal/targeting/registry", "internal/offers", "internal/ledger", "internal/settlement", "internal/circuit", "internal/measurement", "internal/measurement/ope", "internal/measurement/forecast"}

func TestImportLaw(t *testing.T) {
	const module = "github.com/danbi-project/danbi/"
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(p.ImportPath, module)
		if within(name, free) || !strings.HasPrefix(p.ImportPath, module) {
			continue
		}
		allowed, known := law[name]
		if !known {
			t.Errorf("%s has no line in the import law: add one", name)
		}
		for _, imported := range p.Imports {
			ours, isOurs := strings.CutPrefix(imported, module)
			if isOurs && !within(ours, allowed) {
				t.Errorf("%s must not import %s", name, ours)
			}
			for _, banned := range forbidden(name) {
				if strings.HasPrefix(imported, banned) {
					t.Errorf("%s must not import %s", name, imported)
				}
			}
		}
	}
}

func forbidden(name string) []string {
	banned := foreign[name]
	for _, p := range pure {
		if p == name {
			banned = append(banned, "github.com/ClickHouse", "go.temporal.io", "net/http", "database/sql")
		}
	}
	return banned
}

func within(name string, list []string) bool {
	for _, one := range list {
		if name == one || strings.HasPrefix(name, one+"/") && one != "internal/dispatch" && one != "internal/settlement" && one != "internal/measurement" {
			return true
		}
	}
	return false
}
