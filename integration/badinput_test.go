package integration

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/stack"
	"github.com/danbi-project/danbi/workflows"
)

// What a person reads who gives bad input, and that nothing is half done. The same faults are proved in depth, on the
// real engine or by property, where they are found:
//
//	spec and policy, all faults at once   internal/campaign TestEachBadKeyIsNamedWithItsLineAndAWayOut, TestEachContradictionIsNamed, TestASpecMayOnlyTighten
//	templates                             internal/dispatch TestCheckTemplateNamesWhatIsWrong, activities TestADryRunNamesTemplateFaults
//	files, rows, dates, amounts           internal/warehouse TestFatalFaultsChangeNothing, TestBadRowsGoToTheQuarantine; internal/importing TestDatesAreNeverGuessed
//	imports killed, engine dying          internal/warehouse TestKilledImportIsFinished, TestTheEngineDiesDuringAnImport
//	signatures                            internal/campaign TestApprovals; workflows TestAPlanWaitsForAPersonWhoMaySignIt
//	consent and zones at sending          activities TestChangesSincePlanningAreHeeded; internal/dispatch TestNothingLeavesAtAForbiddenTime
//	full disk                             internal/stack/engine TestFullDisk
func TestBadInput(t *testing.T) {
	disk := smallDisk(t)
	base := upIn(t, disk.dir, map[string]string{"DANBI_SMTP_PER_SECOND": "25"})
	for _, part := range []struct {
		name string
		test func(*local)
	}{
		{"imports", (*local).badImports},
		{"specs", (*local).badSpecs},
		{"nobody", (*local).nobody},
		{"approvals", (*local).badApprovals},
		{"paused", (*local).pausedByCommand},
		{"cancelled", (*local).cancelledInTheMiddle},
		{"full disk", func(l *local) { l.fullDisk(disk) }},
		{"dying engine", (*local).dyingEngine},
		{"no engines", (*local).noEngines},
	} {
		if !t.Run(part.name, func(t *testing.T) {
			l := *base
			l.t = t
			part.test(&l)
		}) {
			return
		}
	}
}

// badImports ends with the shop's members and sales in the warehouse.
func (l *local) badImports() {
	dir := shop(l.t, shopMembers, "2026-07", "2026-08", "2026-09")
	mapping := filepath.Join(dir, "mapping.yaml")
	good := sales(shopMembers, 0, "2026-07")
	lines := strings.SplitAfter(good, "\n")
	before := l.rows()
	for _, c := range []struct {
		name, file, text string
		en, ko           []string
	}{
		{"wrong column count", "sales-2026-07.csv", strings.ReplaceAll(good, ":30:00+09:00,", ":30:00+09:00"), []string{"3 columns where the header has 4", "sales-2026-07.csv:2", "transactions"}, []string{"sales-2026-07.csv:2"}},
		{"a header of another file", "sales-2026-07.csv", strings.Replace(good, "amount", "amonut", 1), []string{`no column "amount"; did you mean "amonut"?`}, nil},
		{"three date formats", "sales-2026-07.csv", lines[0] + strings.ReplaceAll(strings.Join(lines[1:shopMembers], ""), "2026-07-", "07/") + strings.ReplaceAll(strings.Join(lines[shopMembers:], ""), "2026-07-", "2026.07."), []string{"in none of the listed date layouts"}, nil},
		{"negative amounts", "sales-2026-07.csv", regexp.MustCompile(`(?m),(\d+)$`).ReplaceAllString(good, ",-$1"), []string{"a negative amount", "absolute: true"}, nil},
		{"half a Parquet file", "sales-x.parquet", string(halfParquet(l.t)), []string{"sales-x.parquet: this is not a whole Parquet file"}, nil},
		{"an unknown key in the mapping", "mapping.yaml", strings.Replace(shopMapping, "columns: {id: member, name: name}", "colums: {id: member, name: name}", 1), []string{"mapping.yaml:14", "colums", "columns"}, nil},
	} {
		kept, _ := os.ReadFile(filepath.Join(dir, c.file))
		write(l.t, dir, c.file, c.text)
		if strings.HasSuffix(c.file, ".parquet") {
			write(l.t, dir, "mapping.yaml", strings.Replace(shopMapping, "sales: sales*.csv", "sales: [sales-2026*.csv]\n  more: sales-x.parquet", 1)+
				"  interactions:\n    from: more\n    columns: {id: id, at: id, kind: id, key: {key: [id]}}\n")
		}
		l.try("en", "import", mapping, "--data", dir).ends(l.t, 3, c.en...)
		l.try("ko", "import", mapping, "--data", dir).ends(l.t, 3, c.ko...)
		require.Equal(l.t, before, l.rows(), "%s changed a table", c.name)
		require.NoError(l.t, os.Remove(filepath.Join(dir, c.file)))
		if kept != nil {
			write(l.t, dir, c.file, string(kept))
		}
		write(l.t, dir, "mapping.yaml", shopMapping)
	}

	// A few bad rows do not stop the rest: they are set aside with their reasons, which are printed.
	write(l.t, dir, "sales-2026-07.csv", good+"M-1,07/09/2026 10:00,900001,1000\nM-1,09.07.2026,900002,1000\nM-2,2026-07-09T10:00:00+09:00,900003,-500\nM-2,2026-07-09T10:00:00+09:00\nM-X,2026-07-09T10:00:00+09:00,900004,500\n")
	l.try("ko", "import", mapping, "--data", dir).ends(l.t, 0, "격리 사유", fmt.Sprintf("새 고객 %d명", shopMembers), fmt.Sprintf("알 수 없는 시간대의 고객 %d명", unknownZone), fmt.Sprintf("sales-2026-07.csv:%d", 3*shopMembers+2))
	require.EqualValues(l.t, 5, l.count(`SELECT count() FROM quarantine`))
	require.EqualValues(l.t, 3*3*shopMembers, l.count(`SELECT count() FROM transactions`))
	l.try("ko", "import", mapping, "--data", dir).ends(l.t, 0, "이미 가져왔습니다")
}

func halfParquet(t *testing.T) []byte {
	t.Helper()
	type row struct {
		ID string `parquet:"id"`
	}
	var file bytes.Buffer
	w := parquet.NewGenericWriter[row](&file)
	for i := range 1000 {
		_, err := w.Write([]row{{fmt.Sprintf("M-%d", i)}})
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return file.Bytes()[:file.Len()/2]
}

// badSpecs: what is refused before anything starts, in both languages.
func (l *local) badSpecs() {
	before := l.rows()
	for _, c := range []struct {
		name    string
		replace []string
		en, ko  string
	}{
		{"broken", []string{"title:\n", "title: {ko: 가을\n"}, ".yaml:6:3 the file is not valid YAML", ".yaml:6:3"},
		{"unknown-key", []string{"goal: spend", "gaol: spend"}, "did you mean goal?", "goal 아닌가요?"},
		{"window", []string{"ends: 2026-09-28", "ends: 2026-08-28"}, "window.ends", "기간의 끝이 시작보다 앞섭니다"},
		{"nothing", []string{"expected: 30,000,000", "expected: 0"}, "budget.expected", "0보다 커야 합니다"},
		{"over-limits", []string{"expected: 30,000,000", "expected: 60,000,000"}, "₩50,000,000", "정책 한도 50,000,000원"},
		{"big-reward", []string{"reward: 24000", "reward: 60000"}, "offers[4].reward", "정책 한도 50,000원"},
		{"template", []string{"{{ deadline }}까지", "{{ deadlin }}까지"}, "touches[0].message.email.ko", "deadlin"},
		{"rule", []string{"purchases_90d >= 1", "purchase_90d >= 1"}, "did you mean", "없는 특성"},
	} {
		spec := l.spec("bad-"+c.name, c.replace...)
		for lang, sentence := range map[string]string{"en": c.en, "ko": c.ko} {
			l.try(lang, "start", spec, "--policy", l.policy(), "--rehearse", "2026-09-01").ends(l.t, 3, filepath.Base(spec), sentence)
			l.try(lang, "preview", spec, "--policy", l.policy()).ends(l.t, 3, sentence)
		}
		l.try("en", "status", "bad-"+c.name).ends(l.t, 2, "there is no campaign bad-"+c.name)
	}
	l.try("ko", "start", filepath.Join(l.t.TempDir(), "none.yaml")).ends(l.t, 3, "none.yaml", "파일이 없습니다")
	require.Equal(l.t, before, l.rows())
}

// nobody: a rule that nobody satisfies ends the run with its type and a sentence; nothing is reserved.
func (l *local) nobody() {
	run := occurrence("for-nobody")
	l.try("ko", "start", l.spec(run.Campaign, "purchases_90d >= 1", "purchases_90d >= 1000"), "--policy", l.policy(), "--rehearse", "2026-09-01").ends(l.t, 0, "starter status for-nobody --watch")
	l.try("ko", "status", run.Campaign, "--watch").ends(l.t, 1, "캠페인이 실패했습니다", "audience.rule을 넓히거나")
	l.try("en", "status", run.Campaign).ends(l.t, 0, "cannot go on", "nobody may be chosen", "does not fit the rule", "starter start SPEC")
	l.try("ko", "status", run.Campaign).ends(l.t, 0, "계속할 수 없습니다", "규칙에 맞지 않음")
	var failure *temporal.ApplicationError
	require.ErrorAs(l.t, l.temporal.GetWorkflow(l.t.Context(), run.WorkflowID(), "").Get(l.t.Context(), nil), &failure)
	require.Equal(l.t, "NobodyEligible", failure.Type())
	l.empty(run)
	require.Zero(l.t, l.count(`SELECT count() FROM assignments WHERE campaign = {campaign:String}`, named(run)...))
	l.try("ko", "pause", run.Campaign).ends(l.t, 5, "이미 끝났습니다")
}

// badApprovals: who may not approve, cannot; and a cancel before the first message releases everything.
func (l *local) badApprovals() {
	run := occurrence("signed")
	keys := l.t.TempDir()
	approver := func(name string) (file, line string) {
		file = filepath.Join(keys, name+".key")
		out := l.command("keys", "new", name, "--out", file)
		return file, out[strings.Index(out, "  - {"):]
	}
	lee, leeLine := approver("lee.seojun")
	author, authorLine := approver("kim.minji")
	stranger, _ := approver("stranger")
	policy := l.policy("customers: 20000", "customers: 10", "salt:", "approvers:\n"+leeLine+authorLine+"salt:")
	spec := l.spec(run.Campaign)
	l.try("ko", "start", spec, "--policy", policy, "--rehearse", "2026-09-01").ends(l.t, 0)
	l.try("ko", "start", spec, "--policy", policy, "--rehearse", "2026-09-01").ends(l.t, 5, "이미 시작되었습니다", "--replace")
	l.try("en", "start", spec, "--policy", policy).ends(l.t, 5, "has been started before")
	status := l.until(run, 5*time.Minute, "the plan", at(campaign.StageAwaiting))
	reserved := l.count(`SELECT count() FROM planned_deliveries WHERE campaign = {campaign:String}`, named(run)...)
	require.Positive(l.t, reserved)
	l.try("ko", "status", run.Campaign).ends(l.t, 0, "승인을 기다립니다", fmt.Sprintf("대상 고객 수 %d, 자동 승인 한도 10 초과", status.Treated), "starter approve signed", status.Plan.Hash[:12])

	l.try("en", "status", run.Campaign).ends(l.t, 0, fmt.Sprintf("customers: %d is more than what approves itself, 10", status.Treated))

	as := func(lang, key, name string, more ...string) said {
		return l.try(lang, append([]string{"approve", run.Campaign, "--key", key, "--name", name}, more...)...)
	}
	as("en", stranger, "stranger").ends(l.t, 5, "the policy knows no approver of this name")
	as("ko", stranger, "stranger").ends(l.t, 5, "정책에 이 이름의 승인자가 없습니다")
	as("en", stranger, "lee.seojun").ends(l.t, 5, "the signature does not fit")
	as("ko", stranger, "lee.seojun").ends(l.t, 5, "공개 키와 맞지 않습니다")
	as("en", lee, "lee.seojun", "--hash", strings.Repeat("0", 64)).ends(l.t, 5, "for another plan")
	as("ko", lee, "lee.seojun", "--hash", strings.Repeat("0", 64)).ends(l.t, 5, "다른 계획에 대한 승인")
	as("en", author, "kim.minji").ends(l.t, 5, "author of a campaign cannot approve it")
	as("ko", author, "kim.minji").ends(l.t, 5, "작성자는 자신의 캠페인을 승인할 수 없습니다")
	as("en", lee, "lee.seojun", "--valid", "240h").ends(l.t, 5, "approval_age")
	as("en", filepath.Join(keys, "none"), "lee.seojun").ends(l.t, 2, "starter keys new")
	require.Equal(l.t, campaign.StageAwaiting, l.until(run, 5*time.Minute, "the plan", at(campaign.StageAwaiting)).Stage)
	require.Zero(l.t, l.count(`SELECT count() FROM decisions WHERE campaign = {campaign:String} AND action = 'approve'`, named(run)...))

	l.try("ko", "resume", run.Campaign).ends(l.t, 5, "지금은 할 수 없습니다")
	l.try("ko", "cancel", run.Campaign, "--why", "시험").ends(l.t, 0, "이미 받은 고객은 정산합니다")
	l.until(run, 5*time.Minute, "the cancelled end", at(campaign.StageCancelled))
	l.empty(run)
	require.Zero(l.t, l.count(`SELECT count() FROM (SELECT customer_key, max(state) AS reached FROM delivery_events WHERE campaign = {campaign:String} GROUP BY customer_key) WHERE reached != 'suppressed'`, named(run)...))
	l.try("ko", "cancel", run.Campaign).ends(l.t, 5, "이미 끝났습니다")
	l.try("ko", "status").ends(l.t, 0, "signed/1", "for-nobody/1", "계속할 수 없습니다")

	// The contacts that it had reserved are free again: the same people are planned for another campaign of that day.
	// With so much earned of each won an offer pays for most of them, so that a pause finds messages on their way.
	again := occurrence("signed-again")
	l.try("en", "start", l.spec(again.Campaign, "spread: 2d", "spread: 1d", "margin: 18%", "margin: 90%"), "--policy", policy, "--rehearse", "2026-09-01").ends(l.t, 0)
	replanned := l.until(again, 5*time.Minute, "the plan", at(campaign.StageAwaiting))
	for _, f := range replanned.Plan.Findings {
		require.NotEqual(l.t, "capped", f.Kind, "contacts of a cancelled campaign still count")
	}
	l.try("ko", "approve", again.Campaign, "--key", lee, "--name", "lee.seojun", "--hash", replanned.Plan.Hash[:12]).ends(l.t, 0, "승인했습니다")
	l.until(again, 5*time.Minute, "the first messages", func(s workflows.Status) bool { return s.Dispatch.Sent > 0 || settled(s) })
}

// pausedByCommand goes on with the campaign that was approved: a pause holds, a resume loses nobody and doubles nobody.
func (l *local) pausedByCommand() {
	run := occurrence("signed-again")
	l.try("ko", "pause", run.Campaign, "--why", "시험").ends(l.t, 0, "일시 중지했습니다")
	l.try("ko", "pause", run.Campaign).ends(l.t, 5, "일시 중지됨")
	time.Sleep(time.Second)
	held := len(l.mails())
	l.try("ko", "status", run.Campaign).ends(l.t, 0, "(일시 중지)", "starter resume signed-again")
	time.Sleep(time.Second)
	require.Len(l.t, l.mails(), held, "a message left in a pause")
	l.try("ko", "resume", run.Campaign).ends(l.t, 0, "다시 시작했습니다")
	l.until(run, 5*time.Minute, "the closed books", at(campaign.StageClosed))
	l.verifyMail(run, 100)
	l.verifyMoney(run, 1)
	l.try("en", "ledger", run.Campaign, "verify").ends(l.t, 0, "as it was booked")

	// Without consent nobody is written to, and it is counted. With an unknown zone one is, at an hour that is allowed.
	l.try("ko", "report", run.Campaign).ends(l.t, 0, "수신 동의 없음")
	require.Zero(l.t, l.count(`SELECT count() FROM planned_deliveries WHERE campaign = {campaign:String} AND customer_key NOT IN (SELECT customer_key FROM consents)`, named(run)...))
	require.EqualValues(l.t, noConsent, l.count(`SELECT uniqExact(customer_key) FROM audience WHERE campaign = {campaign:String} AND reason IN ('no_consent', 'holdout') AND customer_key NOT IN (SELECT customer_key FROM consents)`, named(run)...))
	require.Positive(l.t, l.count(`SELECT count() FROM delivery_events WHERE campaign = {campaign:String} AND state = 'sent' AND customer_key IN (SELECT customer_key FROM customers WHERE zone = '')`, named(run)...))
	require.Zero(l.t, l.count(`SELECT count() FROM delivery_events WHERE campaign = {campaign:String} AND state = 'sent' AND (toHour(at, 'Asia/Seoul') < 9 OR toHour(at, 'Asia/Seoul') >= 20)`, named(run)...))
}

// cancelledInTheMiddle: whoever was reached is settled, the others are released, and the books balance.
func (l *local) cancelledInTheMiddle() {
	run := occurrence("stopped")
	l.try("ko", "start", l.spec(run.Campaign, "2026-09-28", "2026-09-29", "spread: 2d", "spread: 1d", "starts: 2026-09-01", "starts: 2026-09-02", "contacted_within: 7d", "segments: [none]"),
		"--policy", l.policy("{most: 1, within: 1d}", "{most: 3, within: 1d}"), "--rehearse", "2026-09-02").ends(l.t, 0)
	l.until(run, 5*time.Minute, "some messages", func(s workflows.Status) bool { return s.Dispatch.Sent > 20 || settled(s) })
	l.try("ko", "cancel", run.Campaign, "--why", "시험").ends(l.t, 0, "이미 받은 고객은 정산합니다")
	status := l.until(run, 5*time.Minute, "the cancelled end", at(campaign.StageCancelled))
	sent := l.count(`SELECT uniqExact(customer_key) FROM delivery_events WHERE campaign = {campaign:String} AND state = 'sent'`, named(run)...)
	require.Positive(l.t, sent)
	l.t.Logf("%d of %d were sent", sent, status.Dispatch.Planned)
	require.Less(l.t, sent, status.Dispatch.Planned, "the cancel came too late to prove anything")
	require.EqualValues(l.t, sent, status.Settlement.Qualified.Reached, "who was reached is settled")
	require.Positive(l.t, status.Settlement.Paid.Paid)
	require.Zero(l.t, l.count(`SELECT count() FROM redemptions WHERE campaign = {campaign:String} AND customer_key NOT IN (SELECT customer_key FROM delivery_events WHERE campaign = {campaign:String} AND state = 'sent')`, named(run)...))
	l.balanced(run)
	l.try("ko", "status", run.Campaign).ends(l.t, 0, "취소되고 장부가 마감되었습니다")
}

// balanced checks the trial balance by another way than the program's.
func (l *local) balanced(run campaign.Run) {
	l.t.Helper()
	require.Positive(l.t, l.count(`SELECT count() FROM postings WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32}`, named(run)...))
	require.Zero(l.t, l.count(`SELECT countIf(s != 0) FROM (SELECT transaction, sum(amount) AS s FROM (SELECT transaction, leg, any(amount) AS amount FROM postings WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} GROUP BY transaction, leg) GROUP BY transaction)`, named(run)...))
	for _, account := range []string{"budget:approved", "budget:reserved", "customer:payable", "payout:clearing"} {
		require.Zero(l.t, l.count(`SELECT toUInt64(abs(sum(amount))) FROM (SELECT transaction, leg, any(account) AS account, any(amount) AS amount FROM postings WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} GROUP BY transaction, leg) WHERE account = {account:String}`,
			append(named(run), namedArg("account", account))...), account)
	}
	l.try("en", "ledger", run.Campaign, "verify").ends(l.t, 0, "as it was booked")
}

// fullDisk: an import and a campaign on a full disk say so, change nothing by halves, and go on when there is space.
func (l *local) fullDisk(disk quota) {
	if !disk.limited {
		l.t.Skip("a disk with a quota is a mount, which needs root")
	}
	dir := shop(l.t, shopMembers)
	var many strings.Builder
	many.WriteString("member,at,receipt,amount\n")
	for i := range 400_000 {
		fmt.Fprintf(&many, "M-%d,2026-06-%02dT12:00:00Z,%d,%d\n", i%shopMembers, 1+i%28, 10_000_000+i, 1000+i)
	}
	write(l.t, dir, "sales-2026-06.csv", many.String())
	before := l.count(`SELECT count() FROM transactions`)
	disk.fill(l.t)
	l.try("en", "import", filepath.Join(dir, "mapping.yaml"), "--data", dir).ends(l.t, 1, "space")
	disk.free(l.t)
	require.Equal(l.t, before, l.count(`SELECT count() FROM transactions`))
	l.try("en", "import", filepath.Join(dir, "mapping.yaml"), "--data", dir).ends(l.t, 0)
	require.Equal(l.t, before+400_000, l.count(`SELECT count() FROM transactions`))

	run := occurrence("cramped")
	disk.fill(l.t)
	l.try("ko", "start", l.spec(run.Campaign, "starts: 2026-09-01", "starts: 2026-09-15", "spread: 2d", "spread: 1d", "contacted_within: 7d", "segments: [none]"), "--policy", l.policy("{most: 1, within: 1d}", "{most: 9, within: 1d}"), "--rehearse", "2026-09-15").ends(l.t, 0)
	require.Eventually(l.t, func() bool {
		s := l.try("ko", "status", run.Campaign)
		return s.code == 0 && strings.Contains(s.out, "다시 시도 중") && strings.Contains(s.out, "space")
	}, 3*time.Minute, time.Second, "status does not say what is missing")
	disk.free(l.t)
	l.until(run, 5*time.Minute, "the closed books", at(campaign.StageClosed))
	l.balanced(run)
}

// dyingEngine: an import whose engine dies says so or goes on; run again, it is complete and nothing is there twice.
func (l *local) dyingEngine() {
	dir := shop(l.t, shopMembers)
	var many strings.Builder
	many.WriteString("member,at,receipt,amount\n")
	for i := range 300_000 {
		fmt.Fprintf(&many, "M-%d,2026-05-%02dT12:00:00Z,%d,%d\n", i%shopMembers, 1+i%28, 20_000_000+i, 1000+i)
	}
	write(l.t, dir, "sales-2026-05.csv", many.String())
	before := l.count(`SELECT count() FROM transactions`)
	first := make(chan said, 1)
	go func() {
		first <- runStarter(l.t, "ko", "import", filepath.Join(dir, "mapping.yaml"), "--data", dir, "--dir", l.dir)
	}()
	staging := `SELECT count() FROM system.tables WHERE database = currentDatabase() AND (startsWith(name, 'import_raw_') OR startsWith(name, 'import_ready_'))`
	require.Eventually(l.t, func() bool { return l.count(staging) > 0 }, 3*time.Minute, 20*time.Millisecond)
	restarts := l.stack.Restarts(stack.PartEngine)
	require.NoError(l.t, l.stack.Kill(stack.PartEngine))
	ctx, cancel := context.WithTimeout(l.t.Context(), time.Minute)
	defer cancel()
	require.NoError(l.t, l.stack.AwaitUp(ctx, stack.PartEngine, restarts+1))
	if s := <-first; s.code != 0 { // one that was waiting for an answer ends; one between two requests goes on
		s.ends(l.t, s.code, "오류: ")
		require.Contains(l.t, []int{1, 4}, s.code)
	}
	l.try("ko", "import", filepath.Join(dir, "mapping.yaml"), "--data", dir).ends(l.t, 0)
	require.Equal(l.t, before+300_000, l.count(`SELECT count() FROM transactions`))
	require.Zero(l.t, l.count(staging), "staging tables are left")
}

// noEngines: without a stack each command says how to start one, and ends with 4.
func (l *local) noEngines() {
	empty := l.t.TempDir()
	for _, args := range [][]string{
		{"start", l.spec("nowhere"), "--policy", l.policy()}, {"status", "nowhere"}, {"pause", "nowhere"}, {"report", "nowhere"}, {"why", "nowhere", "#1"},
		{"ledger", "nowhere"}, {"preview", l.spec("nowhere"), "--policy", l.policy()}, {"import", "examples/import/card.yaml", "--data", "examples/import/data"},
	} {
		runStarter(l.t, "ko", append(args, "--dir", empty)...).ends(l.t, 4, "로컬 스택이 없습니다", "starter up")
		runStarter(l.t, "en", append(args, "--dir", empty)...).ends(l.t, 4, "no local stack is running", "starter up")
	}
}

// quota is a folder for a stack whose engine has a small disk.
type quota struct {
	dir, engine string
	limited     bool
}

const quotaBytes = 512 << 20

// smallDisk mounts a small disk where the engine will keep its data; without root there is none.
func smallDisk(t *testing.T) quota {
	t.Helper()
	q := quota{dir: t.TempDir()}
	q.engine = filepath.Join(q.dir, "engine")
	require.NoError(t, os.Mkdir(q.engine, 0o700))
	err := syscall.Mount("danbi-quota", q.engine, "tmpfs", 0, fmt.Sprintf("size=%d,mode=700", quotaBytes))
	if err != nil && os.Getenv("CI") != "" {
		t.Fatalf("mount a disk with a quota: %v", err)
	}
	q.limited = err == nil
	if q.limited {
		t.Cleanup(func() { _ = syscall.Unmount(q.engine, syscall.MNT_DETACH) })
	}
	return q
}

// fill leaves no space on the disk.
func (q quota) fill(t *testing.T) {
	t.Helper()
	file, err := os.Create(filepath.Join(q.engine, "ballast"))
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	block := make([]byte, 1<<16)
	_, _ = rand.Read(block)
	for err == nil {
		_, err = file.Write(block)
	}
	require.ErrorIs(t, err, syscall.ENOSPC)
}

func (q quota) free(t *testing.T) {
	t.Helper()
	require.NoError(t, os.Remove(filepath.Join(q.engine, "ballast")))
}
