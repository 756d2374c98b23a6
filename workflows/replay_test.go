package workflows

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/worker"
	"google.golang.org/protobuf/encoding/protojson"
)

// Histories that were recorded from whole campaigns (integration tests with DANBI_RECORD) must replay: what is deployed
// goes on under the code of tomorrow. A change that breaks one goes behind a predicate in versions.go.
func TestRecordedHistoriesReplay(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "history", "*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, files, "record some: DANBI_RECORD=$PWD/workflows/testdata/history go test ./integration -run 'Examples|Schedule|FilesAndCoupons'")
	kinds := map[string]bool{}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			var recorded history.History
			require.NoError(t, protojson.Unmarshal(text, &recorded))
			require.Equal(t, enums.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED, recorded.Events[0].EventType)
			kinds[recorded.Events[0].GetWorkflowExecutionStartedEventAttributes().GetWorkflowType().GetName()] = true
			replayer := worker.NewWorkflowReplayer()
			Register(replayer)
			require.NoError(t, replayer.ReplayWorkflowHistory(nil, &recorded))
		})
	}
	for _, kind := range []string{"Campaign", "Dispatch", "Settlement", "Books", "Contacts", "Schedule", "Throttle", "Coupons"} {
		require.True(t, kinds[kind], "no history of a %s is recorded", kind)
	}
}
