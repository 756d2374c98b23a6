package warehouse_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/danbi-project/danbi/internal/importing"
)

// A statement is one that Danbi sends to ClickHouse, as text of ClickHouse's dialect. Where a name is put in by Go
// code or by an {x:Identifier}, names says which tables it may be.
type statement struct {
	origin string // file, and line where it stands in Go code
	text   string
	ddl    bool                // goes through Config.DDL
	names  map[string][]string // by the text of a {x:Identifier} or of a placeholder
}

var notWord = regexp.MustCompile(`\W`)

// placeholder stands in a statement's text for a Go expression; it reads as an identifier.
func placeholder(expression string) string {
	return "`go_" + notWord.ReplaceAllString(expression, "_") + "`"
}

// built says what the Go expressions are that are put into statements, by file: only these may be. They are names made
// of constants and hashes of ours, quoted literals and lists of columns; never a value that came from outside.
var built = map[string]func() []string{
	"features_staging.go staging":                      names("features_staging_x"),
	"features_staging.go attempt":                      names("features_attempt_x"),
	"features_staging.go whole":                        names("features_whole_x"),
	"features_staging.go name":                         names("features_staging_x", "features_attempt_x", "features_whole_x"), // swept
	"features_staging.go table":                        names("features_attempt_x", "features_whole_x"),                       // dropped
	"features_staging.go into":                         names("features_staging_x", "features"),
	"features_staging.go from":                         names("features_attempt_x", "features_whole_x"),
	"features_staging.go featureColumns":               columns,
	"features_staging.go binned(own)":                  columns, // query files, with expressions of features that were checked word by word
	"features_staging.go quoteText(of.ID)":             literal, // a snapshot's name: "s" and a hash
	"features_staging.go quoteText(snapshot)":          literal,
	"import_stage.go quoteName(readyTable(name))":      readyTables,
	"import_stage.go quoteName(name)":                  importTables,
	"import_publish.go quoteName(readyTable(target))":  readyTables,
	"import_publish.go quoteName(target)":              importTables,
	"import_publish.go quoteText(partition)":           literal, // as ClickHouse named it
	"migrate.go quoteName(c.Database)":                 names("danbi"),
	"targeting_model.go strings.Join(signals, \", \")": columns, // names of features, which are constants
}

// identifiers says which tables the {x:Identifier} of a query file may be.
var identifiers = map[string]func() []string{
	"features_checksum.sql table":    names("features_whole_x"),
	"features_count.sql table":       names("features_staging_x", "features_attempt_x", "features"),
	"import_count.sql name":          rawTables,
	"import_drop.sql name":           importStaging,
	"import_partitions.sql ready":    readyTables,
	"import_resume.sql target":       importTables,
	"import_resume.sql ready":        readyTables,
	"import_span.sql raw":            rawTables,
	"import_strangers.sql raw":       rawTables,
	"import_strangers_count.sql raw": rawTables,
	"retention_count.sql table":      aboutCustomers,
	"retention_prune.sql table":      aboutCustomers,
	"retention_erase.sql table":      names("identities", "contacts"),
	"world_clear.sql table":          clearedTables,
	"world_ids.sql table":            names("transactions", "interactions"),
	"world_remember.sql table":       rememberedTables,
	"world_rows.sql table":           worldTables,
	"world_rows_campaign.sql table":  worldTables,
}

// replaced are variables that hold a statement when it is sent: what they hold is collected where it is written.
var replaced = map[string]string{
	"import_stage.go statement":      "an element of statements, or import_drop",
	"migrate.go statement":           "CREATE DATABASE, for an administrator",
	"migrate.go m.statement":         "a migration",
	"features.go statement":          "query files by name",
	"features_own.go ownQuery(i, o)": "features_own_*, with expressions that were checked word by word",
	"features_binning.go text":       "features_sample and features_extract, with names of features",
	"features_bins.go statement":     "features_bins_before, features_binned and features_extract, with names of features",
	"targeting.go text":              "targeting_candidates, targeting_matches and targeting_behaviour, with a rule compiled into known columns, operators and parameters",
	"targeting_model.go statement":   "query files by name",
	"world_columns.go statement":     "world_insert_* and import_insert_*",
	"ledger.go query(name)":          "query files by name",
	"measurement.go query(name)":     "query files by name",
	"report.go query(name)":          "query files by name",
	"world_read.go query(name)":      "query files by name",
	"import_stage.go query(name)":    "query files by name",
	"import_decide.go query(name)":   "query files by name",
	"import_publish.go query(name)":  "query files by name",
	"settlement_sets.go statement":   "settlement_candidates, followed by settlement_judge",
	"offers.go strings.Replace(query(\"offers_customers\"), rulesMark, strings.Join(conditions, \", \"), 1)": "rules compiled into known columns, operators and parameters",
}

// rewritten are statements that stand in one place and go through Config.DDL in another.
var rewritten = []string{"migrate.go createMigrations", "import_stage.go statements"}

var aboutCustomers = names("audience", "score_reasons", "assignments", "planned_deliveries", "delivery_events", "candidates", "late_redemptions")

func names(all ...string) func() []string { return func() []string { return all } }
func literal() []string                   { return nil }
func columns() []string                   { return nil }

func prefixed(prefix string, all []string) []string {
	out := make([]string, len(all))
	for i, name := range all {
		out[i] = prefix + name
	}
	return out
}

func importTargets() []string {
	var all []string
	for _, t := range importing.Targets() {
		all = append(all, t.Name)
	}
	return all
}

func importTables() []string { return append([]string{"quarantine"}, importTargets()...) }
func rawTables() []string    { return prefixed("import_raw_", importTargets()) }
func readyTables() []string  { return prefixed("import_ready_", importTables()) }

func importStaging() []string {
	return slices.Concat([]string{"import_keys", "import_lock"}, rawTables(), readyTables())
}

func worldTables() []string {
	files, _ := filepath.Glob("sql/world_insert_*.sql")
	var all []string
	for _, file := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "world_insert_"), ".sql")
		if name != "world" {
			all = append(all, name)
		}
	}
	return all
}

var (
	worldConstant = regexp.MustCompile(`(World\w+)\s+WorldTable = "(\w+)"`)
	element       = regexp.MustCompile(`"(\w+)"|(World\w+)`)
)

// listed are the tables that a list in the world's Go code names.
func listed(list string) []string {
	var source []byte
	for _, file := range []string{"world.go", "world_read.go"} {
		text, _ := os.ReadFile(file)
		source = append(source, text...)
	}
	constants := map[string]string{}
	for _, m := range worldConstant.FindAllStringSubmatch(string(source), -1) {
		constants[m[1]] = m[2]
	}
	body := regexp.MustCompile(`(?s)\b` + list + `\s+= \[\]\w+\{(.*?)\}`).FindStringSubmatch(string(source))
	if body == nil {
		panic("the world has no list " + list + " any more")
	}
	var all []string
	for _, m := range element.FindAllStringSubmatch(body[1], -1) {
		all = append(all, m[1]+constants[m[2]])
	}
	return all
}

func clearedTables() []string    { return slices.Concat(worldTables(), listed("worldDependents")) }
func rememberedTables() []string { return listed("worldSources") }

// fileStatements are the query files and the migrations.
func fileStatements(t *testing.T) []statement {
	t.Helper()
	var all []statement
	for _, pattern := range []string{"sql/*.sql", "migrations/*.sql"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s := statement{origin: filepath.Base(file), text: string(text), ddl: pattern == "migrations/*.sql", names: map[string][]string{}}
			for _, m := range regexp.MustCompile(`\{(\w+):Identifier\}`).FindAllStringSubmatch(s.text, -1) {
				known, ok := identifiers[s.origin+" "+m[1]]
				if !ok {
					t.Errorf("%s: say in identifiers which tables %s may be", s.origin, m[0])
					continue
				}
				s.names[m[0]] = known()
			}
			all = append(all, s)
		}
	}
	return all
}

// statements are all that Danbi sends.
func statements(t *testing.T) []statement {
	t.Helper()
	files := fileStatements(t)
	schema := map[string]bool{}
	for _, s := range files {
		if !s.ddl && changesSchema(bare(s.text)) {
			schema[s.origin] = true
		}
	}
	for i := range files {
		files[i].ddl = files[i].ddl || schema[files[i].origin]
	}
	return append(files, goStatements(t, schema)...)
}

// An entry of the tables above that nothing uses would hide that a statement went away.
func TestNothingOutdatedIsAllowed(t *testing.T) {
	var sources strings.Builder
	files, _ := filepath.Glob("*.go")
	for _, file := range files {
		if !strings.HasSuffix(file, "_test.go") {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&sources, "%s\n%s\n", file, text)
		}
	}
	for _, key := range slices.Concat(slices.Collect(maps.Keys(built)), slices.Collect(maps.Keys(replaced))) {
		file, expression, _ := strings.Cut(key, " ")
		if !strings.Contains(sources.String(), file+"\n") || !strings.Contains(sources.String(), expression) {
			t.Errorf("%q allows what is not there any more: take it out", key)
		}
	}
	for key := range identifiers {
		file, name, _ := strings.Cut(key, " ")
		if text, err := os.ReadFile("sql/" + file); err != nil || !strings.Contains(string(text), "{"+name+":Identifier}") {
			t.Errorf("%q allows what is not there any more: take it out", key)
		}
	}
}
