package warehouse_test

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/danbi-project/danbi/internal/stack/stacktest"
	"github.com/danbi-project/danbi/internal/warehouse"
)

const (
	envImportDir  = "DANBI_TEST_IMPORT_DIR"
	envImportKill = "DANBI_TEST_IMPORT_KILL" // at which line of its log the process kills itself; 0 never
)

// TestImportProcess is the process that the tests below kill.
func TestImportProcess(t *testing.T) {
	dir := os.Getenv(envImportDir)
	if dir == "" {
		t.Skip("only run by TestKilledImportIsFinished")
	}
	at, err := strconv.Atoi(os.Getenv(envImportKill))
	require.NoError(t, err)
	config, err := warehouse.ConfigFromEnv()
	require.NoError(t, err)
	w, err := warehouse.Open(t.Context(), config)
	require.NoError(t, err)
	defer w.Close()
	steps := 0
	log := zap.New(zapcore.NewCore(zapcore.NewConsoleEncoder(zap.NewDevelopmentEncoderConfig()), zapcore.AddSync(os.Stderr), zapcore.DebugLevel),
		zap.Hooks(func(zapcore.Entry) error {
			if steps++; steps == at {
				return syscall.Kill(os.Getpid(), syscall.SIGKILL)
			}
			return nil
		}))
	_, err = warehouse.Import(t.Context(), w, mappingOf(t, shopMapping), dir, warehouse.ImportOptions{Now: importNow, Patience: 300 * time.Millisecond, Log: log})
	require.NoError(t, err)
}

// importProcess runs an import in a process of its own and says whether it was killed.
func importProcess(t *testing.T, config warehouse.Config, dir string, killAt int, after time.Duration) (killed bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestImportProcess$", "-test.v")
	cmd.Env = append(os.Environ(),
		envImportDir+"="+dir, envImportKill+"="+strconv.Itoa(killAt),
		warehouse.EnvAddr+"="+strings.Join(config.Addr, ","), warehouse.EnvProtocol+"="+config.Protocol, warehouse.EnvDatabase+"="+config.Database,
		warehouse.EnvUser+"="+config.User, warehouse.EnvPassword+"="+config.Password, warehouse.EnvToken+"="+config.Token)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	require.NoError(t, cmd.Start())
	if after > 0 {
		timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		defer timer.Stop()
	}
	err := cmd.Wait()
	if err == nil {
		return false
	}
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	require.True(t, ok && status.Signaled() && status.Signal() == syscall.SIGKILL, "%v\n%s", err, out.String())
	return true
}

// An import is killed at every step of it, again and again, and between the
// steps; what comes out is what an undisturbed import gives.
func TestKilledImportIsFinished(t *testing.T) {
	calm, s := stacktest.Warehouse(t), newShop(t, 300)
	_, err := importShop(t, calm, s, shopMapping)
	require.NoError(t, err)
	want := tablesOf(t, calm)

	t.Run("at steps", func(t *testing.T) {
		w := stacktest.Warehouse(t)
		kills := 0
		for at := 1; importProcess(t, w.Config(), s.dir, at, 0); at += 3 {
			kills++
		}
		require.Greater(t, kills, 4)
		require.Equal(t, want, tablesOf(t, w))
		require.Zero(t, stagingLeft(t, w))
		t.Logf("killed %d times", kills)
	})
	t.Run("while it publishes", func(t *testing.T) {
		// The steps up to the decision are one a table, and two.
		for _, at := range []int{10, 13, 16} {
			w := stacktest.Warehouse(t)
			require.True(t, importProcess(t, w.Config(), s.dir, at, 0))
			running := scanOne[uint64](t, w, "SELECT uniqExact(import) FROM imports WHERE state = 'running'")
			require.Equal(t, uint64(1), running, "step %d is after the decision", at)
			// What was published by halves is completed by whatever import is next.
			require.False(t, importProcess(t, w.Config(), s.dir, 0, 0))
			require.Equal(t, want, tablesOf(t, w), "killed at step %d", at)
		}
	})
	t.Run("at any moment", func(t *testing.T) {
		w := stacktest.Warehouse(t)
		kills := 0
		for i := range 5 {
			if importProcess(t, w.Config(), s.dir, 0, time.Duration(150+150*i)*time.Millisecond) {
				kills++
			}
		}
		require.False(t, importProcess(t, w.Config(), s.dir, 0, 0))
		require.Equal(t, want, tablesOf(t, w))
		t.Logf("killed %d times", kills)
	})
	t.Run("two at once", func(t *testing.T) {
		w := stacktest.Warehouse(t)
		done := make(chan bool)
		for range 2 {
			go func() { done <- importProcess(t, w.Config(), s.dir, 0, 0) }()
		}
		require.False(t, <-done)
		require.False(t, <-done)
		require.Equal(t, want, tablesOf(t, w))
	})
}

func TestAMovedPartitionIsNotMovedTwice(t *testing.T) {
	// The moment that no step can be killed in: a partition is in place, and
	// still where it came from.
	w, s := stacktest.Warehouse(t), newShop(t, 50)
	_, err := importShop(t, w, s, shopMapping)
	require.NoError(t, err)
	want := tablesOf(t, w)
	for _, table := range []string{"quarantine", "identities", "customers", "contacts", "consents", "products", "transactions", "interactions"} {
		require.NoError(t, w.Conn().Exec(t.Context(), fmt.Sprintf("CREATE TABLE import_ready_%s AS %s", table, table)))
	}
	for _, table := range []string{"consents", "transactions", "interactions"} {
		require.NoError(t, w.Conn().Exec(t.Context(), fmt.Sprintf("INSERT INTO import_ready_%s SELECT * FROM %s", table, table)))
	}
	// A half of one month got lost on the way.
	require.NoError(t, w.Conn().Exec(t.Context(), "ALTER TABLE transactions DELETE WHERE toYYYYMM(at) = 202602 AND customer_key > 25 SETTINGS mutations_sync = 1"))
	require.NotEqual(t, want, tablesOf(t, w))
	require.NoError(t, w.Conn().Exec(t.Context(), "INSERT INTO imports SELECT 'killed', target, file, bytes, rows, rejected, 'running', at FROM imports WHERE state = 'running'"))

	require.NoError(t, os.Remove(s.dir+"/sales-3.csv"))
	_, err = importShop(t, w, s, shopMapping)
	require.NoError(t, err)
	require.Equal(t, want, tablesOf(t, w))
}
