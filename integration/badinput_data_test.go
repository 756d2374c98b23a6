package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/workflows"
)

// said is what a command printed, and how it ended.
type said struct {
	code     int
	out, err string
}

// try runs the starter as a person does who reads lang, and expects nothing.
func (l *local) try(lang string, args ...string) said {
	l.t.Helper()
	return runStarter(l.t, lang, append(args, "--dir", l.dir)...)
}

func runStarter(t *testing.T, lang string, args ...string) said {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), starter, append(args, "--lang", lang)...)
	cmd.Dir = ".."
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if cmd.ProcessState == nil {
		require.NoError(t, err)
	}
	return said{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

// ends checks the exit code and each sentence, wherever it was printed.
func (s said) ends(t *testing.T, code int, sentences ...string) {
	t.Helper()
	require.Equal(t, code, s.code, "%s%s", s.out, s.err)
	for _, sentence := range sentences {
		assert.Contains(t, strings.Join(strings.Fields(strings.ReplaceAll(s.out+s.err, "│", " ")), " "), sentence) // tables break lines
	}
	require.NotContains(t, s.out+s.err, "goroutine ", "no stack traces")
}

// rows is how many rows each table has.
func (l *local) rows() map[string]uint64 {
	l.t.Helper()
	rows, err := l.store.Conn().Query(l.t.Context(), `SELECT name, ifNull(total_rows, 0) FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'`)
	require.NoError(l.t, err)
	defer func() { _ = rows.Close() }()
	counts := map[string]uint64{}
	for rows.Next() {
		var name string
		var n uint64
		require.NoError(l.t, rows.Scan(&name, &n))
		counts[name] = n
	}
	require.NoError(l.t, rows.Err())
	return counts
}

// spec writes the card example under another name, with texts replaced, and returns its path.
func (l *local) spec(name string, replace ...string) string {
	l.t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "examples", "card-spend.yaml"))
	require.NoError(l.t, err)
	changed := string(text)
	pairs := append([]string{"card-spend-autumn", name, "size: 20000", "size: 2000"}, replace...)
	for i := 0; i < len(pairs); i += 2 {
		require.Contains(l.t, changed, pairs[i])
		changed = strings.ReplaceAll(changed, pairs[i], pairs[i+1])
	}
	path := filepath.Join(l.t.TempDir(), name+".yaml")
	require.NoError(l.t, os.WriteFile(path, []byte(changed), 0o600))
	return path
}

// policy writes the example policy with texts replaced.
func (l *local) policy(replace ...string) string {
	l.t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "examples", "policy.yaml"))
	require.NoError(l.t, err)
	changed := string(text)
	for i := 0; i < len(replace); i += 2 {
		require.Contains(l.t, changed, replace[i])
		changed = strings.ReplaceAll(changed, replace[i], replace[i+1])
	}
	path := filepath.Join(l.t.TempDir(), "policy.yaml")
	require.NoError(l.t, os.WriteFile(path, []byte(changed), 0o600))
	return path
}

func occurrence(name string) campaign.Run {
	return campaign.Run{Campaign: name, Occurrence: 1, Plan: 1}
}

// empty checks that a run left nothing in the books and no message behind.
func (l *local) empty(run campaign.Run) {
	l.t.Helper()
	require.Zero(l.t, l.count(`SELECT count() FROM postings WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32}`, named(run)...), "postings")
	require.Zero(l.t, l.count(`SELECT count() FROM delivery_events WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND state IN ('attempting', 'sent', 'delivered')`, named(run)...), "messages")
}

func at(stage campaign.Stage) func(workflows.Status) bool {
	return func(s workflows.Status) bool { return s.Stage == stage }
}

// The shop's members: most are well; the last of them lack what a campaign needs.
const (
	shopMembers = 900
	noConsent   = 10  // the last but
	unknownZone = 150 // the last
)

const shopMapping = `name: shop
currency: KRW
zone: Asia/Seoul
layouts: [iso]
sources:
  members: members.csv
  sales: sales*.csv
targets:
  customers:
    from: members
    columns: {id: member, zone: zone, language: {value: ko}}
  identities:
    from: members
    columns: {id: member, name: name}
  contacts:
    from: members
    columns: {id: member, channel: {value: email}, address: email}
  consents:
    from: members
    where: agreed != ""
    columns: {id: member, channel: {value: email}, purpose: {value: marketing}, granted: {value: "yes"}, at: agreed, evidence: {value: form}}
  transactions:
    from: sales
    columns: {id: member, at: at, purchase: receipt, line: {value: "1"}, amount: amount}
`

// shop writes a shop's exports and the mapping to a folder of its own.
func shop(t *testing.T, members int, months ...string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	write(t, dir, "mapping.yaml", shopMapping)
	var people strings.Builder
	people.WriteString("member,name,email,zone,agreed\n")
	for i := range members {
		zone, agreed := "Asia/Seoul", "2026-01-05"
		if left := members - i; left <= unknownZone {
			zone = "Asia/Soul"
		} else if left <= unknownZone+noConsent {
			agreed = ""
		}
		fmt.Fprintf(&people, "M-%d,회원 %d,m%d@example.invalid,%s,%s\n", i, i, i, zone, agreed)
	}
	write(t, dir, "members.csv", people.String())
	for m, month := range months {
		write(t, dir, "sales-"+month+".csv", sales(members, m, month))
	}
	return dir
}

// sales are a month's: each member buys three times.
func sales(members, month int, name string) string {
	var out strings.Builder
	out.WriteString("member,at,receipt,amount\n")
	for i := range members {
		for k := range 3 {
			fmt.Fprintf(&out, "M-%d,%s-%02dT%02d:30:00+09:00,%d,%d\n", i, name, 3+(i+8*k)%25, 10+(i+k)%9, 1+k+3*i+3*members*month, 20000+1000*(i%40)+5000*k)
		}
	}
	return out.String()
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
}
