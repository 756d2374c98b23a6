// Package smtp sends messages by SMTP over many connections that are kept open, and asks the provider over HTTP which
// of them it has.
package smtp

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/danbi-project/danbi/internal/trust"
)

// The ways to protect a connection.
const (
	TLSNone     = "none"     // plain text: for a provider on this machine
	TLSStart    = "starttls" // begins in plain text and goes on only encrypted
	TLSImplicit = "tls"      // encrypted from the first byte
)

// Config says how to reach a provider.
type Config struct {
	Addr          string        // host:port
	TLS           string        // TLSNone, TLSStart or TLSImplicit
	CAFile        string        // PEM file of the authority of the server's certificate; empty: the system's
	User          string        // empty: no authentication
	Password      string        //
	Hello         string        // how we name ourselves; empty: localhost
	Connections   int           // open at once; 0: 16
	PerConnection int           // messages after which a connection is closed and another opened; 0: no limit
	PerSecond     int           // messages a second at most, in this process; 0: no limit
	Timeout       time.Duration // longest wait for an answer; 0: 1 min
	DKIM          DKIM          // zero: mails are not signed
	ProviderURL   string        // where the provider can be asked for Message-IDs; empty: it can't be asked
}

// The variables that ConfigFromEnv reads.
const (
	EnvAddr         = "DANBI_SMTP_ADDR" // host:port
	EnvTLS          = "DANBI_SMTP_TLS"  // none, starttls, tls
	EnvCAFile       = "DANBI_SMTP_CA_FILE"
	EnvUser         = "DANBI_SMTP_USER"
	EnvPasswordFile = "DANBI_SMTP_PASSWORD_FILE" //nolint:gosec // the name of a variable
	EnvHello        = "DANBI_SMTP_HELLO"
	EnvConnections  = "DANBI_SMTP_CONNECTIONS"
	EnvPerSecond    = "DANBI_SMTP_PER_SECOND"

	EnvPerConnection = "DANBI_SMTP_PER_CONNECTION"
	EnvProviderURL   = "DANBI_PROVIDER_URL"
)

// notAskable is what DANBI_PROVIDER_URL says of a provider that can't tell what it has.
const notAskable = "none"

// ConfigFromEnv reads the DANBI_SMTP_* variables and DANBI_PROVIDER_URL. All faults are reported at once. Without
// DANBI_SMTP_TLS, an address on this machine is spoken to in plain text and any other by STARTTLS. Where the environment
// names no server, mail goes to otherAddr, whose provider is asked at otherProvider.
func ConfigFromEnv(otherAddr, otherProvider string) (Config, error) {
	c := Config{
		Addr: os.Getenv(EnvAddr), TLS: os.Getenv(EnvTLS), CAFile: os.Getenv(EnvCAFile), User: os.Getenv(EnvUser),
		Hello: os.Getenv(EnvHello), ProviderURL: strings.TrimRight(os.Getenv(EnvProviderURL), "/"),
		DKIM: DKIM{Domain: os.Getenv(EnvDKIMDomain), Selector: os.Getenv(EnvDKIMSelector), KeyFile: os.Getenv(EnvDKIMKeyFile)},
	}
	if c.Addr == "" {
		c.Addr = otherAddr
		c.ProviderURL = cmp.Or(c.ProviderURL, otherProvider)
	}
	if c.ProviderURL == notAskable {
		c.ProviderURL = ""
	}
	if c.TLS == "" {
		c.TLS = TLSStart
		if trust.LocalAddress(c.Addr) {
			c.TLS = TLSNone
		}
	}
	var faults []error
	for name, into := range map[string]*int{EnvConnections: &c.Connections, EnvPerConnection: &c.PerConnection, EnvPerSecond: &c.PerSecond} {
		text := os.Getenv(name)
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s is %q; write a whole number", name, text))
		}
		*into = n
	}
	if file := os.Getenv(EnvPasswordFile); file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", EnvPasswordFile, err))
		}
		c.Password = strings.TrimRight(string(text), "\r\n")
	}
	if err := errors.Join(append(faults, c.Validate())...); err != nil {
		return Config{}, err
	}
	return c, nil
}

// Validate reports all faults of c at once.
func (c Config) Validate() error {
	faults := []error{c.DKIM.validate()}
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if host, port, err := net.SplitHostPort(c.Addr); err != nil || host == "" || port == "" {
		fault("SMTP address %q is not host:port: set %s, or start the local stack", c.Addr, EnvAddr)
	}
	switch c.TLS {
	case TLSNone, TLSStart, TLSImplicit:
	default:
		fault("%s is %q; write %s, %s or %s", EnvTLS, c.TLS, TLSNone, TLSStart, TLSImplicit)
	}
	if c.User != "" && c.Password == "" {
		fault("an SMTP user is given without a password: set %s", EnvPasswordFile)
	}
	if c.User != "" && c.TLS == TLSNone && !trust.LocalAddress(c.Addr) {
		fault("a password would cross the network in plain text: set %s=%s", EnvTLS, TLSStart)
	}
	if c.Connections < 0 || c.PerConnection < 0 || c.PerSecond < 0 || c.Timeout < 0 {
		fault("SMTP connections, rate and timeout must not be negative")
	}
	if c.ProviderURL != "" {
		if u, err := url.Parse(c.ProviderURL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			fault("%s is %q; write http://host:port", EnvProviderURL, c.ProviderURL)
		}
	}
	return errors.Join(faults...)
}

// lookupURL is where the provider is asked; empty when it can't be.
func (c Config) lookupURL() string {
	if c.ProviderURL == "" {
		return ""
	}
	return c.ProviderURL + "/messages/lookup"
}
