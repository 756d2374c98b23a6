package integration

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/stack"
	"github.com/danbi-project/danbi/workflows"
)

// The Temporal UI alone tells where a campaign stands, why, and what to press: a browser opens it in five states.
// With DANBI_SCREENS=1 what it shows is kept under docs/screens, for docs/screens.md.
func TestTheTemporalUITellsTheStory(t *testing.T) {
	b := browse(t)
	l := up(t, map[string]string{"DANBI_SMTP_PER_SECOND": "2"})
	key := l.approver()
	spec := l.edited("card-spend.yaml", "size: 20000", "size: 400", "purchases_90d >= 1 && recency_days <= 60", "purchases_90d >= 0")
	l.edited("policy.yaml", autoApproval, "approvers: [{name: lee.seojun, key: "+key+"}]\n")
	l.populate(2_000, brief(t, "card-spend.yaml", nil))
	// Its clock runs, fast, so that the settled state lasts long enough to be looked at.
	l.command("start", spec, "--rehearse", "2026-09-01", "--population", "--speed", "100000")
	run := campaign.Run{Campaign: "card-spend-autumn", Occurrence: 1}
	s := &story{local: l, browser: b, run: run}

	status := l.until(run, 5*time.Minute, "the plan", func(s workflows.Status) bool { return s.Stage == campaign.StageAwaiting })
	s.open("user-metadata", run.WorkflowID())
	b.shows(3*time.Minute, "Stage: awaiting_approval", "승인을 기다립니다", "Why: it waits for a person's approval: auto_approve: the policy leaves every approval to a person",
		"starter approve "+run.Campaign+" --hash "+status.Plan.Hash, "treated", "expected cost ₩")
	s.keep("1-awaiting-approval")
	l.command("approve", run.Campaign, "--key", filepath.Join(l.dir, "lee.key"), "--name", "lee.seojun", "--hash", status.Plan.Hash)

	l.until(run, 5*time.Minute, "the second wave", func(s workflows.Status) bool { return s.Stage == campaign.StageDispatching && s.Dispatch.Wave >= 2 })
	dispatch := run.DispatchID("first")
	s.open("user-metadata", run.WorkflowID())
	b.shows(3*time.Minute, "Stage: dispatching", "Why: it sends wave", "of touch first", "Next: nothing to press", dispatch, "messages sent", "Touch first: wave")
	s.keep("2-mid-wave")
	s.open("history", dispatch)
	b.shows(3*time.Minute, "DeliverWave", "customers, shard 1 of", "wave 2 of")
	s.open("pending-activities", dispatch)
	b.shows(3*time.Minute, "DeliverWave", `"planned":`, `"sent":`)
	s.keep("2-mid-wave-activities")

	l.command("pause", run.Campaign, "--why", "the call centre is overloaded", "--as", "park.jiho")
	s.open("user-metadata", run.WorkflowID())
	b.shows(3*time.Minute, "Stage: dispatching, PAUSED", "Why: park.jiho paused it: the call centre is overloaded", "starter resume "+run.Campaign, "messages sent")
	s.keep("3-paused")
	s.list("CampaignPaused = true")
	b.shows(3*time.Minute, run.WorkflowID())
	s.keep("3-paused-list")
	l.command("resume", run.Campaign)

	l.until(run, 5*time.Minute, "a wave after the pause", func(s workflows.Status) bool { return !s.Paused })
	back := s.holdEngine()
	s.open("pending-activities", dispatch)
	b.shows(3*time.Minute, "DeliverWave", "ClickHouse can't be reached", "tried again by itself", "bring ClickHouse back", "WarehouseUnreachable")
	s.keep("4-engine-down")
	s.open("user-metadata", dispatch)
	b.shows(3*time.Minute, "Stage: dispatching", "a shard that keeps retrying shows its reason under Pending Activities", "starter pause "+run.Campaign)
	back()

	require.NoError(t, os.Unsetenv("DANBI_SMTP_PER_SECOND")) // the next worker is not held back
	restarts := l.stack.Restarts(stack.PartWorker)
	require.NoError(t, l.stack.Kill(stack.PartWorker))
	require.NoError(t, l.stack.AwaitUp(t.Context(), stack.PartWorker, restarts+1))
	l.until(run, 5*time.Minute, "the settled end", settled)
	s.open("user-metadata", run.WorkflowID())
	b.shows(3*time.Minute, "Stage: settled", "혜택이 지급되고", "Why: it waits for the clawback window", "starter report "+run.Campaign, "Settlement:", "met the terms", "paid, ₩", "Effect on spend")
	s.keep("5-settled")
	l.until(run, 5*time.Minute, "the end", func(s workflows.Status) bool { return s.Stage == campaign.StageClosed })
	s.open("user-metadata", run.WorkflowID())
	b.shows(3*time.Minute, "Stage: closed", "Next: nothing. Read the report: starter report "+run.Campaign)
	s.open("search-attributes", run.WorkflowID())
	b.shows(3*time.Minute, `"CampaignStage": "closed"`, `"CampaignNext": "nothing"`, `"CampaignPaused": false`, "COMPLETED")
}

// autoApproval is what the example's policy approves by itself: without it every plan needs a person.
const autoApproval = `auto_approve: # 이 안이면 자동 승인; 지우면 언제나 사람이 승인
  currency: KRW
  expected: 30,000,000
  exposure: 120,000,000
  reward: 30,000
  customers: 20000
`

// story is one campaign, looked at through the Temporal UI.
type story struct {
	*local
	browser *browser
	run     campaign.Run
}

// open opens a tab of the present run of a workflow.
func (s *story) open(tab, workflow string) {
	s.t.Helper()
	described, err := s.temporal.DescribeWorkflowExecution(s.t.Context(), workflow, "")
	require.NoError(s.t, err)
	s.browser.open(s.ui("workflows/" + strings.ReplaceAll(workflow, "/", "%2F") + "/" + described.GetWorkflowExecutionInfo().GetExecution().GetRunId() + "/" + tab))
}

// list opens the list of the workflows that a query finds.
func (s *story) list(query string) {
	s.t.Helper()
	s.browser.open(s.ui("workflows?query=" + strings.NewReplacer(" ", "%20", "=", "%3D", "`", "%60").Replace(query)))
}

func (s *story) ui(path string) string {
	at := s.stack.Running().Temporal
	return at.UI + "/namespaces/" + at.Namespace + "/" + path
}

// keep keeps a picture of the page, when pictures are wanted.
func (s *story) keep(name string) {
	s.t.Helper()
	if os.Getenv("DANBI_SCREENS") == "" {
		return
	}
	time.Sleep(2 * time.Second) // fonts and frames settle
	dir := filepath.Join("..", "docs", "screens")
	require.NoError(s.t, os.MkdirAll(dir, 0o750))
	require.NoError(s.t, os.WriteFile(filepath.Join(dir, name+".png"), slim(s.t, s.browser.picture()), 0o644))
}

// edited is an example file in the stack's folder, with each old piece of text replaced by the new one that follows it.
func (l *local) edited(example string, oldNew ...string) string {
	l.t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "examples", example))
	require.NoError(l.t, err)
	text := string(data)
	for i := 0; i < len(oldNew); i += 2 {
		require.Contains(l.t, text, oldNew[i], example)
		text = strings.Replace(text, oldNew[i], oldNew[i+1], 1)
	}
	path := filepath.Join(l.dir, example)
	require.NoError(l.t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// approver makes a key as an approver does, and returns its public part.
func (l *local) approver() string {
	l.t.Helper()
	said := l.command("keys", "new", "lee.seojun", "--out", filepath.Join(l.dir, "lee.key"), "--lang", "en")
	_, key, found := strings.Cut(said, `key: "`)
	require.True(l.t, found, said)
	key, _, _ = strings.Cut(key, `"`)
	return key
}

// holdEngine kills the engine and keeps it from coming back, by a file where its folder was, until back is called.
func (s *story) holdEngine() (back func()) {
	s.t.Helper()
	folder, aside := filepath.Join(s.dir, stack.PartEngine), filepath.Join(s.dir, "aside")
	require.DirExists(s.t, folder)
	require.NoError(s.t, os.Rename(folder, aside))
	require.NoError(s.t, os.WriteFile(folder, nil, 0o600))
	restarts := s.stack.Restarts(stack.PartEngine)
	require.NoError(s.t, s.stack.Kill(stack.PartEngine))
	return func() {
		s.t.Helper()
		require.NoError(s.t, os.Remove(folder))
		require.NoError(s.t, os.Rename(aside, folder))
		require.NoError(s.t, s.stack.AwaitUp(s.t.Context(), stack.PartEngine, restarts+1))
	}
}
