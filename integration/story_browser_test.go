package integration

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// browser is a headless Chromium with one page, driven over its debugging pipe: a file descriptor each way, messages that
// end in a zero byte. It needs no library and opens no port.
type browser struct {
	t       *testing.T
	to      *os.File
	from    *bufio.Reader
	session string
	last    int
	refusal string // the last
}

// browse starts Chromium. Missing, it fails in CI and says so elsewhere.
func browse(t *testing.T) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("chromium is missing: install it with `apt-get install chromium`")
		}
		t.Skip("there is no chromium on PATH, so the Temporal UI is not looked at: `apt-get install chromium`")
	}
	toRead, to, err := os.Pipe()
	require.NoError(t, err)
	from, fromWrite, err := os.Pipe()
	require.NoError(t, err)
	profile, err := os.MkdirTemp("", "danbi-browser-") // its helpers write for a moment after it has ended: t.TempDir would object
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--disable-features=IsolateSandboxedIframes", "--disable-site-isolation-trials",
		"--lang=en-US", "--user-data-dir="+profile, "--window-size=1400,900", "--remote-debugging-pipe", "about:blank")
	cmd.Env = append(os.Environ(), "TZ=UTC", "HOME="+profile)
	cmd.ExtraFiles = []*os.File{toRead, fromWrite}
	cmd.WaitDelay = time.Second
	require.NoError(t, cmd.Start())
	_, _ = toRead.Close(), fromWrite.Close()
	t.Cleanup(func() {
		_, _ = to.Close(), from.Close()
		cancel()
		_ = cmd.Wait()
		_ = os.RemoveAll(profile)
	})
	require.NoError(t, from.SetReadDeadline(time.Now().Add(10*time.Minute)))
	b := &browser{t: t, to: to, from: bufio.NewReaderSize(from, 1<<20)}
	var target struct{ TargetID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": 1400, "height": 900, "deviceScaleFactor": 1, "mobile": false}, nil)
	return b
}

// call asks Chromium for something that it must not refuse.
func (b *browser) call(method string, params, out any) {
	b.t.Helper()
	if !b.ask(method, params, out) {
		b.t.Fatalf("chromium refuses %s: %s", method, b.refusal)
	}
}

// ask asks Chromium for something and waits for its answer, which may be a refusal; what it tells unasked is not heard.
func (b *browser) ask(method string, params, out any) bool {
	b.t.Helper()
	b.last++
	request := map[string]any{"id": b.last, "method": method, "params": params}
	if b.session != "" {
		request["sessionId"] = b.session
	}
	data, err := json.Marshal(request)
	require.NoError(b.t, err)
	_, err = b.to.Write(append(data, 0))
	require.NoError(b.t, err, "chromium has ended")
	for {
		message, err := b.from.ReadBytes(0)
		require.NoError(b.t, err, "chromium does not answer %s", method)
		var answer struct {
			ID     int
			Result json.RawMessage
			Error  *struct{ Message string }
		}
		require.NoError(b.t, json.Unmarshal(bytes.TrimSuffix(message, []byte{0}), &answer))
		if answer.ID != b.last {
			continue
		}
		if answer.Error != nil {
			b.refusal = answer.Error.Message
			return false
		}
		if out != nil {
			require.NoError(b.t, json.Unmarshal(answer.Result, out))
		}
		return true
	}
}

// open goes to a page.
func (b *browser) open(url string) {
	b.t.Helper()
	b.call("Page.navigate", map[string]any{"url": url}, nil)
}

// text is what a reader of the page can read, in one line: that of its frames too, in which the UI shows what workflows write.
func (b *browser) text() string {
	b.t.Helper()
	var tree struct{ FrameTree frame }
	b.call("Page.getFrameTree", nil, &tree)
	var all []string
	for _, id := range tree.FrameTree.ids() {
		var world struct{ ExecutionContextID int }
		if !b.ask("Page.createIsolatedWorld", map[string]any{"frameId": id}, &world) {
			continue // a frame that has gone meanwhile
		}
		var out struct{ Result struct{ Value string } }
		b.ask("Runtime.evaluate", map[string]any{
			"expression": `document.body ? document.body.innerText : ""`, "returnByValue": true, "contextId": world.ExecutionContextID,
		}, &out)
		all = append(all, strings.Fields(out.Result.Value)...)
	}
	return straight.Replace(strings.Join(all, " "))
}

// straight undoes the typesetting of the UI's Markdown.
var straight = strings.NewReplacer("’", "'", "‘", "'", "“", `"`, "”", `"`)

type frame struct {
	Frame       struct{ ID string }
	ChildFrames []frame
}

func (f frame) ids() []string {
	ids := []string{f.Frame.ID}
	for _, child := range f.ChildFrames {
		ids = append(ids, child.ids()...)
	}
	return ids
}

// shows waits until the page shows all of what, and says what is missing when it does not.
func (b *browser) shows(within time.Duration, what ...string) {
	b.t.Helper()
	var page string
	var missing []string
	for deadline := time.Now().Add(within); time.Now().Before(deadline); time.Sleep(250 * time.Millisecond) {
		page, missing = b.text(), nil
		for _, w := range what {
			if !strings.Contains(page, w) {
				missing = append(missing, w)
			}
		}
		if missing == nil {
			return
		}
	}
	b.t.Fatalf("after %s the page does not show %q. It shows:\n%s", within, missing, page)
}

// picture is a PNG of the page as it is in a window of 1400 by 900.
func (b *browser) picture() []byte {
	b.t.Helper()
	var out struct{ Data []byte }
	b.call("Page.captureScreenshot", map[string]any{"format": "png", "optimizeForSpeed": false}, &out)
	return out.Data
}
