// Package points pays rewards out through a provider's HTTP API, as the local sink and many loyalty systems have it.
// docs/settlement.md states the contract.
package points

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
	c := Config{URL: os.Getenv(EnvURL), Secret: []byte(os.Getenv(EnvSecret))}
	if c.URL == "" {
		c.URL = otherwise
	}
	var faults []error
	if file := os.Getenv(EnvSecretFile); file != "" {
		if len(c.Secret) > 0 {
			faults = append(faults, fmt.Errorf("set %s or %s, not both", EnvSecret, EnvSecretFile))
		}
		text, err := os.ReadFile(file)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", EnvSecretFile, err))
		}
		c.Secret = []byte(strings.TrimRight(string(text), "\r\n"))
	}
	return c, errors.Join(append(faults, c.Validate())...)
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
