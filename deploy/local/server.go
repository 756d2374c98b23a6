package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	uiserver "github.com/temporalio/ui-server/v2/server"
	uiconfig "github.com/temporalio/ui-server/v2/server/config"
	uioptions "github.com/temporalio/ui-server/v2/server/server_options"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/metrics"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/common/primitives"
	sqliteschema "go.temporal.io/server/schema/sqlite"
	"go.temporal.io/server/temporal"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/durationpb"
)

const (
	clusterName  = "active"
	store        = "sqlite"
	startTimeout = 2 * time.Minute
	stopTimeout  = 10 * time.Second
)

// dynamicConfig departs from the server's defaults only where they were made for clusters.
var dynamicConfig = dynamicconfig.StaticClient{
	// The defaults of 20 polls a second hold a campaign, whose activities follow each other, to 24 activities a second.
	dynamicconfig.TransferProcessorMaxPollRPS.Key():   5000,
	dynamicconfig.TimerProcessorMaxPollRPS.Key():      5000,
	dynamicconfig.VisibilityProcessorMaxPollRPS.Key(): 5000,
	// A new search attribute counts at once; the cache would refuse it for a minute after the first start.
	dynamicconfig.ForceSearchAttributesCacheRefreshOnRead.Key(): true,
	// The UI and the status command list often, and nobody else shares this server.
	dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key(): 200,
	// Nothing that runs on this machine alone should call elsewhere.
	dynamicconfig.EnableServerVersionCheck.Key(): false,
}

type server struct {
	settings settings
	temporal temporal.Server
	ui       *uiserver.Server
	started  bool
}

func newServer(s settings) (*server, error) {
	sql, err := openDatabase(s)
	if err != nil {
		return nil, err
	}
	cfg, hosts, err := serverConfig(s, sql)
	if err != nil {
		return nil, err
	}
	logger := log.NewZapLogger(log.BuildZapLogger(log.Config{Level: s.LogLevel, Format: "json"}))
	claims, err := authorization.GetClaimMapperFromConfig(&cfg.Global.Authorization, logger)
	if err != nil {
		return nil, fmt.Errorf("configure authorization: %w", err)
	}
	srv, err := temporal.NewServer(
		temporal.WithConfig(cfg),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(hosts),
		temporal.WithLogger(logger),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper { return claims }),
		temporal.WithDynamicConfigClient(dynamicConfig),
	)
	if err != nil {
		return nil, fmt.Errorf("configure the Temporal server: %w", err)
	}
	ui := uiserver.NewServer(uioptions.WithConfigProvider(&uiconfig.Config{
		Host:                "127.0.0.1",
		Port:                s.UIPort,
		TemporalGRPCAddress: hostPort(s.Port),
		DefaultNamespace:    s.Namespace,
		EnableUI:            true,
		DisableNewsFetch:    true,
		HideLogs:            true,
		CORS:                uiconfig.CORS{CookieInsecure: true}, // plain HTTP on loopback
	}))
	return &server{settings: s, temporal: srv, ui: ui}, nil
}

// openDatabase makes the file and the namespace when they are missing. The schema is written to a file beside it and
// renamed, because a process killed half-way would leave a file that no later start could use.
func openDatabase(s settings) (*config.SQL, error) {
	if _, err := os.Stat(s.Database); errors.Is(err, os.ErrNotExist) {
		fresh := s.Database + ".new"
		for _, leftover := range []string{fresh, fresh + "-journal", fresh + "-wal", fresh + "-shm"} {
			if err := os.Remove(leftover); err != nil && !errors.Is(err, os.ErrNotExist) {
				return nil, fmt.Errorf("remove what an earlier start left: %w", err)
			}
		}
		if err := sqliteschema.SetupSchema(sqlConfig(fresh, "delete")); err != nil {
			return nil, fmt.Errorf("write the schema to %s: %w", fresh, err)
		}
		if err := os.Rename(fresh, s.Database); err != nil {
			return nil, fmt.Errorf("put the new database in place: %w", err)
		}
	} else if err != nil {
		return nil, fmt.Errorf("look at the database: %w", err)
	}
	sql := sqlConfig(s.Database, "wal")
	namespace, err := sqliteschema.NewNamespaceConfig(clusterName, s.Namespace, false, nil)
	if err != nil {
		return nil, fmt.Errorf("describe namespace %s: %w", s.Namespace, err)
	}
	// A campaign's history must stay readable while its clawback window is open, and the default is a day.
	namespace.Detail.Config.Retention = durationpb.New(s.Retention)
	if err := sqliteschema.CreateNamespaces(sql, namespace); err != nil {
		return nil, fmt.Errorf("open %s: %w (if it was made by a newer server, name another file with --db)", s.Database, err)
	}
	return sql, nil
}

func sqlConfig(path, journal string) *config.SQL {
	return &config.SQL{
		PluginName:   sqlite.PluginName,
		DatabaseName: path,
		ConnectAttributes: map[string]string{
			"mode":         "rwc",
			"journal_mode": journal,
			"synchronous":  "normal", // with WAL: survives a killed process; a power cut may take the last moments
			"busy_timeout": "10000",
		},
	}
}

func serverConfig(s settings, sql *config.SQL) (*config.Config, map[primitives.ServiceName]static.Hosts, error) {
	cfg := &config.Config{}
	cfg.Global.Membership.MaxJoinDuration = 30 * time.Second
	cfg.Global.Membership.BroadcastAddress = "127.0.0.1"
	cfg.Global.Metrics = &metrics.Config{Prometheus: &metrics.PrometheusConfig{
		ListenAddress: hostPort(s.MetricsPort),
		HandlerPath:   "/metrics",
	}}
	cfg.Persistence = config.Persistence{
		DefaultStore:     store,
		VisibilityStore:  store,
		NumHistoryShards: 1, // one process, one file: more shards only share the same lock
		DataStores:       map[string]config.DataStore{store: {SQL: sql}},
	}
	cfg.ClusterMetadata = &cluster.Config{
		FailoverVersionIncrement: 10,
		MasterClusterName:        clusterName,
		CurrentClusterName:       clusterName,
		ClusterInformation: map[string]cluster.ClusterInformation{clusterName: {
			Enabled:                true,
			InitialFailoverVersion: 1,
			RPCAddress:             hostPort(s.Port),
		}},
	}
	cfg.DCRedirectionPolicy.Policy = "noop"
	cfg.Archival.History.State, cfg.Archival.Visibility.State = "disabled", "disabled"
	cfg.NamespaceDefaults.Archival.History.State = "disabled"
	cfg.NamespaceDefaults.Archival.Visibility.State = "disabled"
	cfg.PublicClient.HostPort = hostPort(s.Port)

	cfg.Services = map[string]config.Service{}
	hosts := map[primitives.ServiceName]static.Hosts{}
	for _, name := range []primitives.ServiceName{
		primitives.FrontendService, primitives.HistoryService, primitives.MatchingService, primitives.WorkerService,
	} {
		port := s.Port
		if name != primitives.FrontendService {
			free, err := freePort(0)
			if err != nil {
				return nil, nil, fmt.Errorf("find a free port for the %s service: %w", name, err)
			}
			port = free
		}
		cfg.Services[string(name)] = config.Service{RPC: config.RPC{GRPCPort: port, BindOnIP: "127.0.0.1"}}
		hosts[name] = static.SingleLocalHost(hostPort(port))
	}
	return cfg, hosts, nil
}

// start returns when both the frontend and the UI answer.
func (s *server) start(ctx context.Context) error {
	s.started = true
	if err := s.temporal.Start(); err != nil {
		return fmt.Errorf("start the Temporal server: %w", err)
	}
	go func() { _ = s.ui.Start() }()

	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	conn, err := grpc.NewClient(hostPort(s.settings.Port), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	frontend := workflowservice.NewWorkflowServiceClient(conn)
	if err := poll(ctx, func() error {
		_, err := frontend.DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: s.settings.Namespace})
		return err
	}); err != nil {
		return fmt.Errorf("the frontend didn't answer within %s: %w", startTimeout, err)
	}
	if err := poll(ctx, func() error {
		resp, err := http.Get(s.settings.addresses().UI + "/healthz") //nolint:noctx // loopback, and poll has the limit
		if err == nil {
			err = resp.Body.Close()
		}
		return err
	}); err != nil {
		return fmt.Errorf("the Web UI didn't answer within %s: %w", startTimeout, err)
	}
	return nil
}

func poll(ctx context.Context, ask func() error) error {
	for {
		err := ask()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(25 * time.Millisecond):
		}
	}
}

// stop ends all services, within a limit: the database survives a kill, so waiting longer gains nothing.
func (s *server) stop() {
	if !s.started {
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.ui.Stop()
		_ = s.temporal.Stop()
	}()
	select {
	case <-done:
	case <-time.After(stopTimeout):
	}
}
