package warehouse_test

import (
	"os"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/danbi-project/danbi/internal/warehouse"
)

// The roles of deploy/clickhouse/grants.sql.
const (
	roleWorker  = "danbi_worker"  // runs campaigns
	roleMigrate = "danbi_migrate" // brings the schema up to date
	roleImport  = "danbi_import"  // imports files
	roleWorld   = "danbi_world"   // makes, empties and lives the simulated population
	roleRetain  = "danbi_retain"  // deletes what need not be kept, and people who ask for it
	roleReader  = "danbi_reader"  // reads, but no names and addresses
)

// roles are who sends a statement, by the file that holds it.
func (s statement) roles() []string {
	text, origin := bare(s.text), s.origin
	switch {
	case strings.HasPrefix(text, "CREATE DATABASE"):
		return nil // an administrator, as grants.sql does
	case strings.HasPrefix(origin, "migrate.go") && !strings.HasPrefix(text, "INSERT"):
		return []string{roleMigrate, roleWorker} // a worker looks whether the schema is up to date
	case regexp.MustCompile(`^\d{4}_|^migrate\.go`).MatchString(origin):
		return []string{roleMigrate}
	case strings.HasPrefix(origin, "import"), strings.HasPrefix(origin, "ident.go"):
		return []string{roleImport}
	case strings.HasPrefix(origin, "retention"):
		return []string{roleRetain}
	case strings.HasPrefix(origin, "world"):
		return []string{roleWorld}
	default:
		return []string{roleWorker}
	}
}

// clustered is how a statement reads on a cluster of the user's.
func (s statement) clustered() string {
	if !s.ddl {
		return s.text
	}
	return warehouse.Config{Replicated: true, Cluster: "danbi"}.DDL(bare(s.text))
}

// grants are the privileges of each role, by privilege; objects may end in a wildcard.
type grants map[string]map[string][]string

var grantLine = regexp.MustCompile(`(?s)GRANT\s+(.+?)\s+ON\s+(\S+)\s+TO\s+(\w+)`)

func readGrants(t *testing.T) grants {
	t.Helper()
	text, err := os.ReadFile("../../deploy/clickhouse/grants.sql")
	if err != nil {
		t.Fatal(err)
	}
	all := grants{}
	for _, one := range strings.Split(commentLine.ReplaceAllString(string(text), ""), ";") {
		one = strings.TrimSpace(one)
		if one == "" || regexp.MustCompile(`^CREATE (ROLE|DATABASE) IF NOT EXISTS `).MatchString(one) {
			continue
		}
		m := grantLine.FindStringSubmatch(one)
		if m == nil {
			t.Fatalf("grants.sql: this test can't read %q", one)
		}
		for _, privilege := range strings.Split(m[1], ",") {
			privilege = space.ReplaceAllString(strings.TrimSpace(privilege), " ")
			if all[m[3]] == nil {
				all[m[3]] = map[string][]string{}
			}
			all[m[3]][privilege] = append(all[m[3]][privilege], m[2])
		}
	}
	return all
}

// covering is the object of a role's grant that covers a need.
func (g grants) covering(role string, n need) (string, bool) {
	for _, object := range g[role][n.privilege] {
		if prefix, wild := strings.CutSuffix(object, "*"); object == n.object || wild && strings.HasPrefix(n.object, prefix) {
			return object, true
		}
	}
	return "", false
}

// alwaysReadable need no grant, whatever the server's settings: rows that the user may not see are left out.
var alwaysReadable = []string{"system.tables", "system.columns", "system.databases", "system.one"}

// A user of the user's ClickHouse gets by on what grants.sql holds, and no grant is there that nothing needs.
func TestLeastPrivilege(t *testing.T) {
	given, used, missing := readGrants(t), map[string]bool{}, map[string][]string{}
	for _, s := range statements(t) {
		// On a single server and on a cluster: the engines differ.
		for _, text := range []string{s.text, s.clustered()} {
			needs, err := needsOf(text, s.names)
			if err != nil {
				t.Errorf("%s: %v: this test does not know what that needs", s.origin, err)
				continue
			}
			for _, n := range needs {
				if n.privilege == "SELECT" && slices.Contains(alwaysReadable, n.object) {
					continue
				}
				for _, role := range s.roles() {
					object, ok := given.covering(role, n)
					if !ok {
						line := "GRANT " + n.privilege + " ON " + n.object + " TO " + role + ";"
						if !slices.Contains(missing[line], s.origin) {
							missing[line] = append(missing[line], s.origin)
						}
					}
					used[role+" "+n.privilege+" "+object] = true
				}
			}
		}
	}
	lines := make([]string, 0, len(missing))
	for line, origins := range missing {
		lines = append(lines, line+" -- "+strings.Join(origins, ", "))
	}
	sort.Strings(lines)
	if len(lines) > 0 {
		t.Errorf("deploy/clickhouse/grants.sql lacks:\n%s", strings.Join(lines, "\n"))
	}
	for role, privileges := range given {
		for privilege, objects := range privileges {
			for _, object := range objects {
				if role != roleReader && !used[role+" "+privilege+" "+object] {
					t.Errorf("deploy/clickhouse/grants.sql: nothing needs %s ON %s TO %s", privilege, object, role)
				}
			}
		}
	}
}

// The reader is for dashboards and questions: it changes nothing and sees no names, addresses or raw rows.
func TestTheReaderSeesNoPersonalData(t *testing.T) {
	for privilege, objects := range readGrants(t)[roleReader] {
		if privilege != "SELECT" {
			t.Errorf("the reader may %s", privilege)
		}
		for _, object := range objects {
			for _, personal := range []string{"danbi.identities", "danbi.contacts", "danbi.quarantine", "danbi.import_raw_customers", "danbi.delivery_events"} {
				if prefix, wild := strings.CutSuffix(object, "*"); object == personal || wild && strings.HasPrefix(personal, prefix) {
					t.Errorf("the reader may read %s", personal)
				}
			}
		}
	}
}

// forbidden is what a cluster of replicated tables, or a user without administration, can't do, or what would make an
// outcome depend on which server ran the statement, and when.
var forbidden = map[string]string{
	`(?i)\bnow(64)?\s*\(|\btoday\s*\(|\byesterday\s*\(`:                    "reads the server's clock; pass the time as a parameter",
	`(?i)\brand(64|Canonical|omString)?\s*\(|\bgenerateUUIDv\d\s*\(`:       "is different each time; twice must be once",
	`(?i)\b(hostName|serverUUID|rowNumberInAllBlocks|runningDifference)\b`: "depends on the server or the block",
	`(?i)\bEXCHANGE\s+TABLES\b|\bRENAME\s+TABLE\b`:                         "needs an Atomic database and isn't replicated; use REPLACE PARTITION",
	`(?i)\bFINAL\b`: "merges at every read; collapse with LIMIT 1 BY or by aggregation",
	`(?i)^\s*(SYSTEM|KILL|OPTIMIZE|DELETE FROM|UPDATE|DETACH|BACKUP)\b`: "is an administrator's or a mutation",
	`(?i)\bALTER TABLE\b.*\b(UPDATE|DELETE WHERE|FREEZE|FETCH)\b`:       "is a mutation or an administrator's",
	`(?i)\bSETTINGS\b.*\b(allow_|enable_)experimental`:                  "needs a setting that a server may not allow",
	`(?i)\b(dictGet\w*|joinGet|remote|cluster|url|file|s3)\s*\(`:        "reads from elsewhere",
	`(?i)\bTEMPORARY\b`: "lasts as long as a connection of a server, which a pool does not promise",
}

// mutations are the statements that may delete rows. The law asks for it, replicated tables tell their replicas, and a role of
// its own runs them, by hand and months after a campaign; what a campaign does is never changed.
var mutations = []string{"retention_prune.sql", "retention_erase.sql"}

// Every statement works on Replicated tables, on a cluster and on a single server alike.
func TestStatementsFitReplicatedTables(t *testing.T) {
	for _, s := range statements(t) {
		text := bare(s.clustered())
		for pattern, why := range forbidden {
			if found := regexp.MustCompile(pattern).FindString(text); found != "" && (!strings.HasSuffix(found, "DELETE WHERE") || !slices.Contains(mutations, s.origin)) {
				t.Errorf("%s: %q %s", s.origin, found, why)
			}
		}
		switch {
		case strings.HasPrefix(text, "CREATE DATABASE"): // its cluster is named where it is built
		case changesSchema(text) && !strings.Contains(text, " ON CLUSTER `danbi`"):
			t.Errorf("%s: changes the schema of one server only: send it through Config.DDL", s.origin)
		case !changesSchema(text) && strings.Contains(text, " ON CLUSTER "):
			t.Errorf("%s: runs on a server that may not have all parts yet: a replicated table tells its replicas itself", s.origin)
		}
		if m := regexp.MustCompile(`\bENGINE\s*=\s*(\w+)`).FindStringSubmatch(text); m != nil && !strings.HasPrefix(m[1], "Replicated") {
			t.Errorf("%s: the engine %s keeps its rows on one server of a cluster", s.origin, m[1])
		}
		needs, err := needsOf(text, s.names)
		if err != nil {
			continue // told by TestLeastPrivilege
		}
		for _, n := range needs {
			if database, _, ok := strings.Cut(n.object, "."); ok && database != "danbi" && database != "*" && !slices.Contains(alwaysReadable, n.object) {
				t.Errorf("%s: reaches into %s", s.origin, n.object)
			}
		}
		if strings.Contains(text, "danbi.") {
			t.Errorf("%s: names the database, which is the user's to choose", s.origin)
		}
	}
}

// The words that these tests go by are themselves tested, or a mistake in them would pass everything.
func TestNeedsOfStatements(t *testing.T) {
	for text, want := range map[string][]need{
		"WITH a AS (SELECT 1 FROM one) SELECT x FROM a JOIN two USING k WHERE y IN (SELECT z FROM `three`) AND k IN four": {
			{"SELECT", "danbi.one"}, {"SELECT", "danbi.two"}, {"SELECT", "danbi.three"}, {"SELECT", "danbi.four"}},
		"INSERT INTO a (x, y) SELECT x, y FROM b ARRAY JOIN c":                 {{"INSERT", "danbi.a"}, {"SELECT", "danbi.b"}},
		"CREATE TABLE IF NOT EXISTS a (x UInt8) ENGINE = MergeTree ORDER BY x": {{"CREATE TABLE", "danbi.a"}, {"TABLE ENGINE", "MergeTree"}},
		"CREATE TABLE a ON CLUSTER `c` AS b":                                   {{"CREATE TABLE", "danbi.a"}, {"SELECT", "danbi.b"}, {"CLUSTER", "*.*"}},
		"ALTER TABLE a REPLACE PARTITION 'p' FROM b":                           {{"ALTER DELETE", "danbi.a"}, {"INSERT", "danbi.a"}, {"SELECT", "danbi.b"}},
		"ALTER TABLE a MOVE PARTITION ID 'p' TO TABLE b":                       {{"ALTER MOVE PARTITION", "danbi.a"}, {"INSERT", "danbi.b"}},
		"ALTER TABLE a DELETE WHERE 1":                                         {{"ALTER DELETE", "danbi.a"}},
		"ALTER TABLE a MODIFY SETTING x = 1":                                   {{"ALTER SETTINGS", "danbi.a"}},
		"DROP TABLE IF EXISTS a SYNC":                                          {{"DROP TABLE", "danbi.a"}},
		"SELECT count() FROM system.parts":                                     {{"SELECT", "system.parts"}},
	} {
		got, err := needsOf(text, nil)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s\nneeds %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"SYSTEM FLUSH LOGS", "KILL QUERY WHERE 1", "ALTER TABLE a UPDATE x = 1 WHERE 1", "SELECT 1 FROM numbers(3)", "CREATE VIEW a AS SELECT 1"} {
		if _, err := needsOf(text, nil); err == nil {
			t.Errorf("%s passes as known", text)
		}
	}
}
