package warehouse

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/danbi-project/danbi/internal/trust"
)

// Warehouse is an open connection pool to one database of one ClickHouse. It
// is safe for use by many goroutines at once.
type Warehouse struct {
	conn   driver.Conn
	config Config
	briefs briefs

	extractions chan struct{} // has a place for each extraction that runs
}

// Open connects and pings. It creates nothing: a database that is missing is
// an error that says so.
func Open(ctx context.Context, c Config) (*Warehouse, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	options, err := c.options()
	if err != nil {
		return nil, err
	}
	conn, err := clickhouse.Open(options)
	if err != nil {
		return nil, fmt.Errorf("open ClickHouse at %s: %w", strings.Join(c.Addr, ", "), err)
	}
	if err := conn.Ping(ctx); err != nil {
		_ = conn.Close()
		return nil, c.explain(err)
	}
	return &Warehouse{conn: conn, config: c, extractions: make(chan struct{}, extractionsAtOnce)}, nil
}

// Conn is the pool itself, for queries, batches and Exec.
func (w *Warehouse) Conn() driver.Conn { return w.conn }

// Config is what w was opened with, the password and token included.
func (w *Warehouse) Config() Config { return w.config }

// Database is the database that unqualified table names mean.
func (w *Warehouse) Database() string { return w.config.Database }

// Close closes all connections of the pool.
func (w *Warehouse) Close() error { return w.conn.Close() }

func (c Config) options() (*clickhouse.Options, error) {
	var secure *tls.Config
	if c.TLS {
		var err error
		if secure, err = trust.TLS(c.ServerName, c.CAFile); err != nil {
			return nil, err
		}
	}
	conns := c.MaxConns
	if conns == 0 {
		conns = 16
	}
	o := &clickhouse.Options{
		Protocol:     clickhouse.Native,
		Addr:         c.Addr,
		TLS:          secure,
		Auth:         clickhouse.Auth{Database: c.Database, Username: c.User, Password: c.Password},
		Settings:     clickhouse.Settings{},
		DialTimeout:  orDuration(c.DialTimeout, 10*time.Second),
		ReadTimeout:  orDuration(c.ReadTimeout, 10*time.Minute),
		MaxOpenConns: conns,
		MaxIdleConns: conns,
		// A block is decoded while the next one arrives; more only costs memory.
		BlockBufferSize: 2,
	}
	o.ClientInfo.Products = append(o.ClientInfo.Products, struct{ Name, Version string }{"danbi", "1"})
	if c.MaxMemory > 0 {
		o.Settings["max_memory_usage"] = c.MaxMemory
		// Below the limit, so that a large query goes to disk before it fails.
		o.Settings["max_bytes_before_external_group_by"] = c.MaxMemory / 2
		o.Settings["max_bytes_before_external_sort"] = c.MaxMemory / 2
	}
	if c.Protocol == ProtocolHTTP {
		o.Protocol = clickhouse.HTTP
		if c.Token != "" {
			o.HttpHeaders = map[string]string{TokenHeader: c.Token}
		}
	}
	// Compression pays on a network and only costs on loopback, where the
	// embedded engine does not speak it.
	if slices.ContainsFunc(c.Addr, func(address string) bool { return !trust.LocalAddress(address) }) {
		o.Compression = &clickhouse.Compression{Method: clickhouse.CompressionLZ4}
	}
	return o, nil
}

func orDuration(d, otherwise time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return otherwise
}

// ClickHouse's codes for the faults that a person can mend by configuration.
const (
	codeUnknownDatabase      = 81
	codeAuthenticationFailed = 516
)

// explain turns the first failure into a sentence that says what to change.
func (c Config) explain(err error) error {
	at := strings.Join(c.Addr, ", ")
	var exception *clickhouse.Exception
	if errors.As(err, &exception) {
		switch exception.Code {
		case codeUnknownDatabase:
			return fmt.Errorf("ClickHouse at %s has no database %q: create it, or name another with %s: %w", at, c.Database, EnvDatabase, err)
		case codeAuthenticationFailed:
			return fmt.Errorf("ClickHouse at %s refuses user %q: check %s and %s: %w", at, c.User, EnvUser, EnvPassword, err)
		}
	}
	return fmt.Errorf("no answer from ClickHouse at %s over the %s protocol (is it running, and is the address right for this protocol?): %w", at, c.Protocol, err)
}
