package warehouse

import (
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Protocol names the wire a Config speaks.
const (
	ProtocolNative = "native" // ClickHouse's own TCP protocol, port 9000 (9440 with TLS)
	ProtocolHTTP   = "http"   // the HTTP interface, port 8123 (8443 with TLS); what the embedded engine serves
)

// TokenHeader carries the random token by which the embedded engine knows its
// own stack from any other process on the machine.
const TokenHeader = "X-Danbi-Token"

// DefaultDatabase is the database a Config names when nobody says otherwise.
const DefaultDatabase = "danbi"

// Config says how to reach one ClickHouse: a cluster of the user's, or the
// embedded engine. Its zero value is not valid; see ConfigFromEnv.
type Config struct {
	Addr     []string // host:port, tried in order; at least one
	Protocol string   // ProtocolNative or ProtocolHTTP
	Database string   // every unqualified table name means this database
	User     string
	Password string

	TLS        bool
	CAFile     string // PEM file of the authority that signed the server's certificate; empty: the system's
	ServerName string // the name the certificate must carry; empty: the host of the address

	Replicated bool   // tables are created with Replicated engines, for a cluster or a Replicated database
	Cluster    string // tables are created ON CLUSTER this, with Replicated engines; empty: on one server

	Token string // sent as TokenHeader over HTTP; empty for servers other than the embedded engine

	MaxMemory   int64         // bytes one query may take (max_memory_usage); 0 leaves the server's own limit
	MaxConns    int           // connections open at once; 0 means 16
	DialTimeout time.Duration // 0 means 10 s
	ReadTimeout time.Duration // longest silence of the server before a call gives up; 0 means 10 min
}

// The variables ConfigFromEnv reads.
const (
	EnvAddr         = "DANBI_CLICKHOUSE_ADDR" // host:port, several separated by commas
	EnvProtocol     = "DANBI_CLICKHOUSE_PROTOCOL"
	EnvDatabase     = "DANBI_CLICKHOUSE_DATABASE"
	EnvUser         = "DANBI_CLICKHOUSE_USER"
	EnvPassword     = "DANBI_CLICKHOUSE_PASSWORD"
	EnvPasswordFile = "DANBI_CLICKHOUSE_PASSWORD_FILE"
	EnvTLS          = "DANBI_CLICKHOUSE_TLS"
	EnvCAFile       = "DANBI_CLICKHOUSE_CA_FILE"
	EnvServerName   = "DANBI_CLICKHOUSE_SERVER_NAME"
	EnvToken        = "DANBI_CLICKHOUSE_TOKEN"
	EnvCluster      = "DANBI_CLICKHOUSE_CLUSTER"    // implies replicated
	EnvReplicated   = "DANBI_CLICKHOUSE_REPLICATED" // true or false
	EnvMaxMemory    = "DANBI_CLICKHOUSE_MAX_MEMORY" // bytes per query
)

// ConfigFromEnv reads the DANBI_CLICKHOUSE_* variables and validates what they
// say. All faults are reported at once, each naming its variable.
func ConfigFromEnv() (Config, error) {
	c := Config{
		Protocol:   envOr(EnvProtocol, ProtocolNative),
		Database:   envOr(EnvDatabase, DefaultDatabase),
		User:       envOr(EnvUser, "default"),
		Password:   os.Getenv(EnvPassword),
		CAFile:     os.Getenv(EnvCAFile),
		ServerName: os.Getenv(EnvServerName),
		Token:      os.Getenv(EnvToken),
		Cluster:    os.Getenv(EnvCluster),
		Replicated: os.Getenv(EnvCluster) != "",
	}
	for addr := range strings.SplitSeq(os.Getenv(EnvAddr), ",") {
		if addr = strings.TrimSpace(addr); addr != "" {
			c.Addr = append(c.Addr, addr)
		}
	}
	var faults []error
	if file := os.Getenv(EnvPasswordFile); file != "" {
		if c.Password != "" {
			faults = append(faults, fmt.Errorf("set %s or %s, not both", EnvPassword, EnvPasswordFile))
		}
		text, err := os.ReadFile(file)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", EnvPasswordFile, err))
		}
		c.Password = strings.TrimRight(string(text), "\r\n")
	}
	var err error
	if text := os.Getenv(EnvTLS); text != "" {
		if c.TLS, err = strconv.ParseBool(text); err != nil {
			faults = append(faults, fmt.Errorf("%s is %q; write true or false", EnvTLS, text))
		}
	}
	if text := os.Getenv(EnvReplicated); text != "" {
		if c.Replicated, err = strconv.ParseBool(text); err != nil {
			faults = append(faults, fmt.Errorf("%s is %q; write true or false", EnvReplicated, text))
		}
	}
	if text := os.Getenv(EnvMaxMemory); text != "" {
		if c.MaxMemory, err = strconv.ParseInt(text, 10, 64); err != nil {
			faults = append(faults, fmt.Errorf("%s is %q; write a number of bytes, as 2000000000", EnvMaxMemory, text))
		}
	}
	if err := errors.Join(append(faults, c.Validate())...); err != nil {
		return Config{}, err
	}
	return c, nil
}

func envOr(name, otherwise string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return otherwise
}

// String names the server and database, and never the password or token.
func (c Config) String() string {
	return fmt.Sprintf("%s://%s@%s/%s", c.Protocol, c.User, strings.Join(c.Addr, ","), c.Database)
}

// A database name is quoted wherever it is used; this keeps it readable in
// logs, paths and other people's tools too.
var databaseName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,62}$`)

// Validate reports all faults of c at once.
func (c Config) Validate() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }

	if len(c.Addr) == 0 {
		fault("no ClickHouse address: set %s to host:port, or start the local stack", EnvAddr)
	}
	for _, addr := range c.Addr {
		if host, port, err := net.SplitHostPort(addr); err != nil || host == "" || port == "" {
			fault("ClickHouse address %q is not host:port", addr)
		}
	}
	if c.Protocol != ProtocolNative && c.Protocol != ProtocolHTTP {
		fault("ClickHouse protocol is %q; it must be %q or %q", c.Protocol, ProtocolNative, ProtocolHTTP)
	}
	if !databaseName.MatchString(c.Database) {
		fault("ClickHouse database %q: use letters, digits and _, at most 63 of them, not starting with a digit", c.Database)
	}
	if c.Cluster != "" && !databaseName.MatchString(c.Cluster) {
		fault("ClickHouse cluster %q: use letters, digits and _, not starting with a digit", c.Cluster)
	}
	if c.Cluster != "" && !c.Replicated {
		fault("tables ON CLUSTER %s must be replicated: leave %s out or set it to true", c.Cluster, EnvReplicated)
	}
	if !c.TLS && (c.CAFile != "" || c.ServerName != "") {
		fault("a CA file or server name is given but TLS is off: set %s=true", EnvTLS)
	}
	if c.Token != "" && c.Protocol != ProtocolHTTP {
		fault("an engine token is given, which only the %q protocol can carry", ProtocolHTTP)
	}
	if c.MaxMemory < 0 || c.MaxConns < 0 || c.DialTimeout < 0 || c.ReadTimeout < 0 {
		fault("memory, connections and timeouts must not be negative")
	}
	return errors.Join(faults...)
}
