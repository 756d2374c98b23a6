package stack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"

	"github.com/danbi-project/danbi/internal/warehouse"
)

// EnvDir names the folder of the local stack's data; the flag --dir goes before it.
const EnvDir = "DANBI_DIR"

// ErrNotRunning is what Discover's error is when no stack runs on the folder.
var ErrNotRunning = errors.New("no local stack is running")

// Running is where a running stack's servers are. It is what Dir/stack.json holds, with the engine's token, so the
// file is readable by its owner only.
type Running struct {
	Dir        string               `json:"dir"`
	PID        int                  `json:"pid"` // of the supervisor
	ClickHouse ClickHouse           `json:"clickhouse"`
	Temporal   Temporal             `json:"temporal"`
	Sink       Sink                 `json:"sink"`
	Worker     Worker               `json:"worker"`
	Metrics    string               `json:"metrics"` // URL of the supervisor's own Prometheus metrics
	Parts      map[string]PartState `json:"parts"`
}

// ClickHouse is the engine's place. With External set it is a server of the user's, and the environment says how to
// reach it: its password is not written down here.
type ClickHouse struct {
	Addr     string `json:"addr,omitempty"` // host:port of the HTTP interface
	Token    string `json:"token,omitempty"`
	Database string `json:"database,omitempty"`
	External bool   `json:"external,omitempty"`
	Passing  bool   `json:"passing,omitempty"` // as in Config
}

// Temporal is the server's place. External as in ClickHouse.
type Temporal struct {
	Address   string `json:"address,omitempty"` // host:port, gRPC
	Namespace string `json:"namespace,omitempty"`
	UI        string `json:"ui,omitempty"`      // URL
	Metrics   string `json:"metrics,omitempty"` // URL
	External  bool   `json:"external,omitempty"`
}

// Sink is the local receiver of messages and of payouts.
type Sink struct {
	SMTP string `json:"smtp,omitempty"` // host:port
	SMPP string `json:"smpp,omitempty"` // host:port
	HTTP string `json:"http,omitempty"` // URL without a slash at its end
}

// Worker is what the worker shows of itself.
type Worker struct {
	Metrics string `json:"metrics,omitempty"` // URL
}

// PartState is one supervised process.
type PartState struct {
	PID      int    `json:"pid"` // 0 while it is down
	Restarts int    `json:"restarts"`
	Log      string `json:"log"` // path
}

// Discover returns the stack that runs on dir, or ErrNotRunning with a sentence.
func Discover(dir string) (*Running, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	held, err := isHeld(dir)
	if err != nil {
		return nil, err
	}
	running, err := readRunning(dir)
	if !held || errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w in %s: start it with `starter up` (or name its folder with --dir)", ErrNotRunning, dir)
	}
	return running, err
}

// FromEnv describes the user's own servers, when the environment names both, so that no local stack is needed.
func FromEnv() (*Running, bool) {
	if !ExternalClickHouse() || !ExternalTemporal() {
		return nil, false
	}
	return &Running{ClickHouse: ClickHouse{External: true}, Temporal: Temporal{External: true}}, true
}

// ExternalClickHouse says whether the environment names a ClickHouse of the user's.
func ExternalClickHouse() bool { return os.Getenv(warehouse.EnvAddr) != "" }

// ExternalTemporal says whether the environment names a Temporal of the user's, by the variables that Temporal's own
// tools read. A default configuration file alone is not enough: nobody should reach a production server by having
// once configured another tool.
func ExternalTemporal() bool {
	for _, name := range []string{"TEMPORAL_ADDRESS", "TEMPORAL_PROFILE", "TEMPORAL_CONFIG_FILE"} {
		if os.Getenv(name) != "" {
			return true
		}
	}
	return false
}

// Warehouse says how to reach the stack's ClickHouse, or the user's.
func (r *Running) Warehouse() (warehouse.Config, error) {
	if ExternalClickHouse() {
		return warehouse.ConfigFromEnv()
	}
	if r.ClickHouse.External {
		return warehouse.Config{}, fmt.Errorf("the stack in %s works with a ClickHouse of yours: set %s and its companions here too", r.Dir, warehouse.EnvAddr)
	}
	if r.ClickHouse.Addr == "" {
		return warehouse.Config{}, fmt.Errorf("the stack in %s runs without its engine: start it with the engine, or set %s", r.Dir, warehouse.EnvAddr)
	}
	return warehouse.Config{
		Addr:     []string{r.ClickHouse.Addr},
		Protocol: warehouse.ProtocolHTTP,
		Database: r.ClickHouse.Database,
		User:     "default",
		Token:    r.ClickHouse.Token,
	}, nil
}

// TemporalOptions says how to reach the stack's Temporal, or the user's. The caller adds a logger and interceptors.
func (r *Running) TemporalOptions() (client.Options, error) {
	if ExternalTemporal() {
		options, err := envconfig.LoadDefaultClientOptions()
		if err != nil {
			return client.Options{}, fmt.Errorf("read Temporal's settings from the environment: %w", err)
		}
		return options, nil
	}
	if r.Temporal.External {
		return client.Options{}, fmt.Errorf("the stack in %s works with a Temporal of yours: set TEMPORAL_ADDRESS and its companions here too", r.Dir)
	}
	if r.Temporal.Address == "" {
		return client.Options{}, fmt.Errorf("the stack in %s runs without Temporal: start it with Temporal, or set TEMPORAL_ADDRESS", r.Dir)
	}
	return client.Options{HostPort: r.Temporal.Address, Namespace: r.Temporal.Namespace}, nil
}

// DialTemporal connects to the stack's Temporal, or the user's. The options that set reach are kept; change may add
// to the others.
func (r *Running) DialTemporal(ctx context.Context, change func(*client.Options)) (client.Client, error) {
	options, err := r.TemporalOptions()
	if err != nil {
		return nil, err
	}
	if change != nil {
		change(&options)
	}
	c, err := client.DialContext(ctx, options)
	if err != nil {
		return nil, fmt.Errorf("no answer from Temporal at %s, namespace %s (is it running, and is the address right?): %w",
			orDefault(options.HostPort, client.DefaultHostPort), orDefault(options.Namespace, client.DefaultNamespace), err)
	}
	return c, nil
}

func orDefault(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func stackFile(dir string) string { return filepath.Join(dir, "stack.json") }

func readRunning(dir string) (*Running, error) {
	text, err := os.ReadFile(stackFile(dir))
	if err != nil {
		return nil, err
	}
	r := &Running{}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("%s is damaged; remove it and start the stack again: %w", stackFile(dir), err)
	}
	return r, nil
}

// write replaces the file as a whole, so that a reader never sees half of it.
func (r *Running) write() error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	unfinished := stackFile(r.Dir) + ".new"
	if err := os.WriteFile(unfinished, append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("write the stack's addresses: %w", err)
	}
	return os.Rename(unfinished, stackFile(r.Dir))
}

// awaitEnd waits for the parts of a supervisor that was killed: they end by themselves, and until then hold their
// ports and their data. After an orderly stop none is named.
func (r *Running) awaitEnd(limit time.Duration) {
	deadline := time.Now().Add(limit)
	for _, part := range r.Parts {
		for part.PID > 0 && syscall.Kill(part.PID, 0) == nil && time.Now().Before(deadline) {
			time.Sleep(20 * time.Millisecond)
		}
	}
}

func portOf(address string) string {
	_, port, _ := strings.Cut(strings.TrimPrefix(address, "http://"), ":")
	port, _, _ = strings.Cut(port, "/")
	return port
}
