// Package provider pays points and cashback out through a provider's signed HTTP API, as many loyalty systems have it.
// docs/openapi/payout-provider.yaml is the contract; internal/stack/sink is a reference server.
package provider

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"
)

// The variables that ConfigFromEnv reads.
const (
	EnvURL        = "DANBI_PAYOUT_URL"
	EnvSecret     = "DANBI_PAYOUT_SECRET"
	EnvSecretFile = "DANBI_PAYOUT_SECRET_FILE"
)

// Config says where payouts are made.
type Config struct {
	URL     string        // http or https; paths of the API are added to it
	Secret  []byte        // signs requests when it is set
	Timeout time.Duration // of one request; 0 means 10 s
}

// ConfigFromEnv reads the DANBI_PAYOUT_* variables; without a URL of the user's own, payouts go to otherwise.
func ConfigFromEnv(otherwise string) (Config, error) {
	secret, err := SecretFromEnv()
	c := Config{URL: os.Getenv(EnvURL), Secret: secret}
	if c.URL == "" {
		c.URL = otherwise
	}
	return c, errors.Join(err, c.Validate())
}

// SecretFromEnv reads what requests are signed with; there may be none.
func SecretFromEnv() ([]byte, error) {
	secret, file := []byte(os.Getenv(EnvSecret)), os.Getenv(EnvSecretFile)
	if file == "" {
		return secret, nil
	}
	if len(secret) > 0 {
		return nil, fmt.Errorf("set %s or %s, not both", EnvSecretFile, EnvSecret)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", EnvSecretFile, err)
	}
	return []byte(strings.TrimRight(string(text), "\r\n")), nil
}

// Validate reports all faults at once.
func (c Config) Validate() error {
	var faults []error
	if u, err := url.Parse(c.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		faults = append(faults, fmt.Errorf("the payout provider's address is %q: set %s to its http or https URL", c.URL, EnvURL))
	}
	if c.Timeout < 0 {
		faults = append(faults, errors.New("the payout provider's timeout must not be negative"))
	}
	return errors.Join(faults...)
}
