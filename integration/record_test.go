package integration

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/stretchr/testify/require"
	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"google.golang.org/protobuf/encoding/protojson"
)

// whoRan is what a history says of the machine that it ran on; nothing replays by it.
var whoRan = regexp.MustCompile(`"identity": ?"[^"]*"`)

// record keeps the histories of workflows for the replay test, when DANBI_RECORD names the folder they go to.
// Histories are recorded on released commits: what is deployed must replay.
func (l *local) record(name string, workflowIDs ...string) {
	l.t.Helper()
	folder := os.Getenv("DANBI_RECORD")
	if folder == "" {
		return
	}
	for _, id := range workflowIDs {
		events := l.history(id)
		text, err := protojson.Marshal(events)
		require.NoError(l.t, err)
		text = whoRan.ReplaceAll(text, []byte(`"identity":"worker"`))
		file := strings.TrimSuffix(filepath.Base(name), ".yaml") + "-" + strings.ReplaceAll(id, "/", "-") + ".json"
		require.NoError(l.t, os.WriteFile(filepath.Join(folder, file), text, 0o600))
	}
}

func (l *local) history(workflowID string) *history.History {
	l.t.Helper()
	all := &history.History{}
	for events := l.temporal.GetWorkflowHistory(context.Background(), workflowID, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); events.HasNext(); {
		event, err := events.Next()
		require.NoError(l.t, err)
		all.Events = append(all.Events, event)
	}
	return all
}
