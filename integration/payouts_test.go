package integration

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/ledger"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/settlement"
	"github.com/danbi-project/danbi/internal/settlement/batchfile"
	"github.com/danbi-project/danbi/internal/stack"
	"github.com/danbi-project/danbi/workflows"
)

const (
	promised   = 300 // customers of each run who hold an offer
	dues       = 260 // of them met it
	rewardEach = money.Minor(5_000)
)

// Three campaigns are settled at once by two workers: one pays by files, two by codes of one pool that is too small at
// first. Both workers are killed while payouts are open, one of them while codes are given out; the payer answers with a
// file that is cut in half, then whole, then twice. Every due is in one file or has one code, and the books say so.
func TestFilesAndCouponsUnderKills(t *testing.T) {
	if stack.ExternalClickHouse() || stack.ExternalTemporal() {
		t.Skip("the environment names servers that are not ours to kill")
	}
	payer := t.TempDir()
	l := up(t, map[string]string{batchfile.EnvDirectory: payer})
	second := l.secondWorker()
	file := l.plant("paid-by-file", func(s *campaign.Settlement) { s.Payout = campaign.PayoutFile })
	coupon := func(s *campaign.Settlement) { s.Payout, s.Coupons = campaign.PayoutCoupon, "autumn" }
	one, other := l.plant("coupons-one", coupon), l.plant("coupons-other", coupon)
	l.importCodes(0, 2*dues-30)

	runs := []campaign.Run{file, one, other}
	for _, run := range runs {
		l.settle(run)
	}
	const open = `SELECT countIf(top = 'requested') FROM (SELECT max(state) AS top FROM payout_events GROUP BY payout)`
	before := l.stack.Restarts(stack.PartWorker)
	l.eventually("payouts that are open", func() bool { return l.count(open) > 0 })
	t.Logf("one worker is killed with %d payouts open", l.count(open))
	require.NoError(t, l.stack.Kill(stack.PartWorker))
	l.eventually("codes that are being given", func() bool {
		given := l.count(`SELECT uniqExact(number) FROM coupon_grants`)
		return given > 0
	})
	t.Logf("the other is killed with %d codes given", l.count(`SELECT uniqExact(number) FROM coupon_grants`))
	require.NoError(t, second.Process.Kill())
	_ = second.Wait()
	require.NoError(t, l.stack.AwaitUp(t.Context(), stack.PartWorker, before+1))
	l.secondWorker()

	l.eventually("all payouts in files", func() bool { return len(handedOver(t, payer)) == dues })
	rows := handedOver(t, payer)
	acknowledge(t, payer, "monday.csv", rows[:dues/2], .5) // the transfer broke off
	acknowledge(t, payer, "tuesday.csv", rows[dues/2:], 1)
	l.importCodes(2*dues-60, 2*dues+5) // some of which are there
	l.eventually("what the whole file says", func() bool {
		return l.count(`SELECT uniqExact(payout) FROM payout_events WHERE campaign = 'paid-by-file' AND state = 'paid'`) >= dues/2
	})
	acknowledge(t, payer, "monday.csv", rows[:dues/2], 1)
	acknowledge(t, payer, "monday-again.csv", rows[:dues/2], 1)

	for _, run := range runs {
		var out workflows.SettlementResult
		require.NoError(t, l.temporal.GetWorkflow(t.Context(), run.SettlementID(), "").Get(t.Context(), &out), run.Campaign)
		require.EqualValues(t, dues, out.Paid.Paid, run.Campaign)
		require.EqualValues(t, dues, out.Reconciled.Matched, run.Campaign)
		require.Empty(t, out.Reconciled.Differences, run.Campaign)
		require.True(t, out.Books.Intact)
		require.Zero(t, out.Books.Sum)
		require.EqualValues(t, -dues*rewardEach, out.Books.Accounts["payout:paid"], run.Campaign)
		require.Zero(t, out.Books.Accounts["customer:payable"])
	}
	require.Len(t, handedOver(t, payer), dues, "nothing was handed over twice")
	codes := map[string]bool{}
	for _, run := range []campaign.Run{one, other} {
		payouts := map[campaign.ID]bool{}
		require.NoError(t, l.store.Coupons(t.Context(), run, func(g settlement.CouponGrant) error {
			require.False(t, codes[g.Code], "%s is given twice", g.Code)
			codes[g.Code], payouts[g.Payout] = true, true
			return nil
		}))
		for customer := uint32(1); customer <= dues; customer++ {
			require.True(t, payouts[run.PayoutID(customer, l.offer(), 1)], "%s: customer %d has no code", run.Campaign, customer)
		}
	}
	require.Len(t, codes, 2*dues)
	l.auditsTheBooks(file)
	l.explainsReceipts(one)
	l.record("payouts", file.SettlementID(), one.SettlementID(), workflows.CouponsID("autumn"))
}

// auditsTheBooks: the books hold against the history; a batch that is taken out with its postings and all that follow it,
// and one whose postings are taken out while the heads from it on are made anew, are found although the rows agree among
// themselves.
func (l *local) auditsTheBooks(run campaign.Run) {
	l.t.Helper()
	l.try("en", "ledger", run.Campaign, "verify").ends(l.t, 0, "as it was booked", "in Temporal's history")
	batches, err := l.store.Batches(l.t.Context(), run)
	require.NoError(l.t, err)
	// Of the last one with postings: shards book in any order, and one whose customers all earned has nothing to release,
	// so that the very last may be empty, and taking nothing out of it changes nothing.
	at := len(batches) - 1
	for ; batches[at].Postings == 0; at-- {
		require.Positive(l.t, at)
	}
	forge := func(sql string, args ...any) {
		require.NoError(l.t, l.store.Conn().Exec(l.t.Context(), sql, append(named(run), args...)...))
	}
	for _, table := range []string{"batches", "postings"} {
		forge(`ALTER TABLE `+table+` DELETE WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND batch >= {batch:UInt32} SETTINGS mutations_sync = 1`, namedArg("batch", batches[at].Number))
	}
	l.try("en", "ledger", run.Campaign, "verify").ends(l.t, 1, fmt.Sprint(batches[at].Number), "it was removed")
	previous := batches[at].Previous
	for _, link := range batches[at:] {
		link.Previous = previous
		head := ledger.NewHasher().Head(link)
		forge(`INSERT INTO batches (campaign, occurrence, batch, kind, postings, previous, head, at) VALUES ({campaign:String}, {occurrence:UInt32}, {batch:UInt32}, {kind:String}, 0, {previous:String}, {head:String}, {at:DateTime('UTC')})`,
			namedArg("batch", link.Number), namedArg("kind", string(link.Kind)), namedArg("previous", link.Previous), namedArg("head", head), namedArg("at", link.At))
		previous = head
	}
	l.try("ko", "ledger", run.Campaign, "verify").ends(l.t, 1, "made anew")
}

// explainsReceipts: of a customer who got two messages, and of one to whom another system gave offers, every receipt is
// told with its own period and what it earned or lacks.
func (l *local) explainsReceipts(planted campaign.Run) {
	l.t.Helper()
	const customer = promised + 1
	week := campaign.Duration(7 * 24 * time.Hour)
	twice := l.plant("received-twice", func(s *campaign.Settlement) {
		s.From, s.Within, s.Instances = campaign.FromReceipt, week, 2
	})
	imported := l.plant("offered-elsewhere", func(s *campaign.Settlement) {
		s.Receipts, s.From, s.Within, s.Instances, s.Measure = campaign.ReceiptsImported, campaign.FromReceipt, week, 5, campaign.MeasureSingle
	})
	args := append(named(twice), namedArg("launch", planted.Launch), namedArg("customer", uint32(customer)), namedArg("offer", l.offer()))
	for _, sql := range []string{
		`INSERT INTO assignments (campaign, occurrence, plan, launch, customer_key, offer, threshold, reward) VALUES ({campaign:String}, 1, 1, {launch:DateTime('UTC')}, {customer:UInt32}, {offer:String}, 100000, 5000)`,
		`INSERT INTO delivery_events (campaign, occurrence, launch, touch, customer_key, channel, attempt, state, at)
			SELECT {campaign:String}, 1, {launch:DateTime('UTC')}, ['first', 'reminder'][number + 1], {customer:UInt32}, 'email', 1, 'delivered', {launch:DateTime('UTC')} + toIntervalDay(number * 8) FROM numbers(2)`,
		`INSERT INTO interactions (customer_key, at, kind, channel, campaign, occurrence, touch, id)
			SELECT {customer:UInt32}, {launch:DateTime('UTC')} + toIntervalDay(number * 8), 'offer', '', 'offered-elsewhere', 1, {offer:String}, number FROM numbers(2)`,
		// In the first week one purchase that is enough; in the second two that are together.
		`INSERT INTO transactions (customer_key, at, id, line, kind, amount, currency)
			SELECT {customer:UInt32}, {launch:DateTime('UTC')} + toIntervalDay([2, 9, 10][number + 1]), 900001 + number, 1, 'purchase', [400000, 60000, 50000][number + 1], 'KRW' FROM numbers(3)`,
	} {
		require.NoError(l.t, l.store.Conn().Exec(l.t.Context(), sql, args...))
	}
	who := fmt.Sprintf("#%d", customer)
	told := l.command("settle", twice.Campaign, "--explain", who, "--lang", "en")
	for _, sentence := range []string{"receipt 1 of 2", "receipt 2 of 2", "900001", "900003", "reached the goal", "before the period", "after the period"} {
		require.Contains(l.t, told, sentence)
	}
	require.Equal(l.t, 2, strings.Count(told, "reached the goal"), told)
	told = l.command("settle", imported.Campaign, "--explain", who, "--lang", "en")
	for _, sentence := range []string{"receipt 1 of 2", "receipt 2 of 2", "reached the goal", "short"} {
		require.Contains(l.t, told, sentence)
	}
	require.Equal(l.t, 1, strings.Count(told, "reached the goal"), "no single purchase of the second week is enough: %s", told)
	require.Contains(l.t, l.command("settle", imported.Campaign, "--explain", who, "--lang", "ko"), "수신 2/2")
}

// offer is what the planted runs promise.
func (l *local) offer() string { return brief(l.t, "card-spend.yaml", nil).Spec.Offers[0].ID }

// plant makes a run whose messages are out and whose customers have bought: all but some of them enough.
func (l *local) plant(name string, change func(*campaign.Settlement)) campaign.Run {
	l.t.Helper()
	b := brief(l.t, "card-spend.yaml", nil)
	b.Spec.Campaign, b.Spec.Offers = name, b.Spec.Offers[:1]
	b.Spec.Offers[0].Threshold, b.Spec.Offers[0].Reward = campaign.Threshold{Fixed: 100_000}, rewardEach
	change(&b.Spec.Settlement)
	times, err := b.Spec.Times(time.Time{})
	require.NoError(l.t, err)
	run := campaign.Run{Campaign: name, Occurrence: 1, Plan: 1, Launch: times.Opens}
	require.NoError(l.t, l.store.SaveBrief(l.t.Context(), run, "rehearsal", b, times))
	args := append(named(run), namedArg("launch", run.Launch), namedArg("n", uint32(promised)), namedArg("offer", b.Spec.Offers[0].ID), namedArg("reward", int64(rewardEach)))
	for _, planted := range []string{
		`INSERT INTO assignments (campaign, occurrence, plan, launch, customer_key, offer, threshold, reward)
			SELECT {campaign:String}, {occurrence:UInt32}, 1, {launch:DateTime('UTC')}, toUInt32(number + 1), {offer:String}, 100000, {reward:Int64} FROM numbers({n:UInt32})`,
		`INSERT INTO delivery_events (campaign, occurrence, launch, touch, customer_key, channel, attempt, state, at)
			SELECT {campaign:String}, {occurrence:UInt32}, {launch:DateTime('UTC')}, 'first', toUInt32(number + 1), 'email', 1, 'sent', {launch:DateTime('UTC')} + INTERVAL 1 HOUR FROM numbers({n:UInt32})`,
	} {
		require.NoError(l.t, l.store.Conn().Exec(l.t.Context(), planted, args...))
	}
	if l.count(`SELECT count() FROM transactions`) == 0 {
		require.NoError(l.t, l.store.Conn().Exec(l.t.Context(), `INSERT INTO transactions (customer_key, at, id, line, kind, amount, currency)
			SELECT toUInt32(number + 1), {launch:DateTime('UTC')} + INTERVAL 2 DAY, number + 1, 1, 'purchase', 120000, 'KRW' FROM numbers({n:UInt32})`,
			namedArg("launch", run.Launch), namedArg("n", uint32(dues))))
	}
	return run
}

// settle books a run's budget and starts its settlement, as a campaign does.
func (l *local) settle(run campaign.Run) {
	l.t.Helper()
	b, err := l.store.Brief(l.t.Context(), run)
	require.NoError(l.t, err)
	times, err := b.Spec.Times(time.Time{})
	require.NoError(l.t, err)
	shards := []campaign.Shard{{Index: 0, Of: 2, Low: 1, High: promised / 2}, {Index: 1, Of: 2, Low: promised/2 + 1, High: promised}}
	batches := []activities.BookBatchInput{{Run: run, Kind: activities.BatchApprove, At: times.Opens, Amount: promised * rewardEach}}
	for _, shard := range shards {
		customers := uint64(shard.High - shard.Low + 1)
		batches = append(batches, activities.BookBatchInput{Run: run, Kind: activities.BatchReserve, Shard: shard, At: times.Opens,
			Tiers: []activities.Tier{{Offer: b.Spec.Offers[0].ID, Customers: customers, Exposure: money.Minor(customers) * rewardEach}}})
	}
	for _, batch := range batches {
		_, err := workflows.Book.AskOrStart(l.t.Context(), l.temporal, client.StartWorkflowOptions{
			ID: run.BooksID(), TaskQueue: workflows.TaskQueue, WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		}, workflows.Books, workflows.BooksState{Run: run}, workflows.BatchKey(batch), batch)
		require.NoError(l.t, err)
	}
	in := workflows.SettlementInput{Run: run, Times: times, Shards: shards, Clock: clock.Rehearse(times.Settles, 0), Patience: 5 * time.Minute}
	_, err = l.temporal.ExecuteWorkflow(l.t.Context(), client.StartWorkflowOptions{ID: run.SettlementID(), TaskQueue: workflows.TaskQueue}, workflows.Settlement, in)
	require.NoError(l.t, err)
}

// secondWorker is another process that works for the same stack.
func (l *local) secondWorker() *exec.Cmd {
	l.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(l.t, err)
	require.NoError(l.t, listener.Close())
	running := *l.stack.Running()
	running.Worker.Metrics = "http://" + listener.Addr().String() + "/metrics"
	settings, err := json.Marshal(stack.PartConfig{Name: stack.PartWorker, Dir: l.t.TempDir(), Stack: running})
	require.NoError(l.t, err)
	cmd := exec.CommandContext(l.t.Context(), starter, "part", stack.PartWorker)
	stdin, err := cmd.StdinPipe() // it ends when this closes
	require.NoError(l.t, err)
	ready, err := cmd.StdoutPipe()
	require.NoError(l.t, err)
	require.NoError(l.t, cmd.Start())
	l.t.Cleanup(func() { _ = stdin.Close(); _ = cmd.Process.Kill(); _ = cmd.Wait() })
	_, err = fmt.Fprintf(stdin, "%s\n", settings)
	require.NoError(l.t, err)
	_, err = io.ReadAtLeast(ready, make([]byte, 64), 1)
	require.NoError(l.t, err, "the second worker does not serve")
	return cmd
}

func (l *local) importCodes(from, to int) {
	l.t.Helper()
	text := "code\n"
	for n := from; n < to; n++ {
		text += fmt.Sprintf("CODE%05d\n", n)
	}
	path := filepath.Join(l.t.TempDir(), "codes.csv")
	require.NoError(l.t, os.WriteFile(path, []byte(text), 0o600))
	l.command("coupons", "autumn", "import", path)
}

func (l *local) eventually(what string, done func() bool) {
	l.t.Helper()
	for deadline := time.Now().Add(5 * time.Minute); !done(); time.Sleep(5 * time.Millisecond) {
		require.True(l.t, time.Now().Before(deadline), "%s did not come", what)
	}
}

// handedOver are the rows of all files that went out, each payout once; their control totals are checked.
func handedOver(t *testing.T, payer string) (rows [][]string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(payer, "out", "*.csv"))
	require.NoError(t, err)
	seen := map[string]string{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		r := csv.NewReader(bytes.NewReader(text))
		r.FieldsPerRecord = -1
		all, err := r.ReadAll()
		require.NoError(t, err)
		last := all[len(all)-1]
		require.Equal(t, []string{"total", fmt.Sprint(len(all) - 2), fmt.Sprint((len(all) - 2) * int(rewardEach))}, last, name)
		for _, row := range all[1 : len(all)-1] {
			require.Empty(t, seen[row[0]], "%s is in %s too", row[0], name)
			seen[row[0]] = name
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, func(a, b []string) int { return strings.Compare(a[0], b[0]) })
	return rows
}

// acknowledge writes, of an answer that says that all of these are paid, the first part.
func acknowledge(t *testing.T, payer, name string, rows [][]string, part float64) {
	t.Helper()
	text := "key,status,amount,currency,payment,reference,reason\n"
	for _, row := range rows {
		text += strings.Join([]string{row[0], "paid", row[1], row[2], "P-" + row[0], row[4], ""}, ",") + "\n"
	}
	text += fmt.Sprintf("total,%d,%d\n", len(rows), len(rows)*int(rewardEach))
	text = text[:int(part*float64(len(text)))]
	require.NoError(t, os.MkdirAll(filepath.Join(payer, "in"), 0o750))
	temp := filepath.Join(payer, "in", "."+name)
	require.NoError(t, os.WriteFile(temp, []byte(text), 0o600))
	require.NoError(t, os.Rename(temp, filepath.Join(payer, "in", name)))
}
