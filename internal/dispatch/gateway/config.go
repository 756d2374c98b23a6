// Package gateway hands messages to providers over HTTP. What a provider's interface looks like is configuration, not
// code: address, headers, signature, body, what its answers mean, and how it is asked for messages that it has.
package gateway

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danbi-project/danbi/internal/dispatch"
	"github.com/danbi-project/danbi/internal/trust"
)

// Config describes a provider.
type Config struct {
	Method  string            `yaml:"method"`  // default POST
	URL     string            `yaml:"url"`     // may hold placeholders behind the host: {{ id }}
	Headers map[string]string `yaml:"headers"` // may hold placeholders
	Secrets map[string]Secret `yaml:"secrets"` // headers whose values come from files
	Body    any               `yaml:"body"`    // JSON whose texts may hold placeholders; what stays empty is left out
	Form    bool              `yaml:"form"`    // the body's keys are sent as a form (application/x-www-form-urlencoded)

	Sign *Signing `yaml:"sign"`
	Auth *Auth    `yaml:"auth"`

	Outcomes []Rule  `yaml:"outcomes"` // the first that fits an answer says what it means
	IDPath   string  `yaml:"id_path"`  // where an answer names the message: messages.0.id
	Lookup   *Lookup `yaml:"lookup"`   // how the provider is asked; none: it can't be
	// Idempotent says that the provider takes a message id once, whatever happens: what is open after a crash may be sent again.
	Idempotent bool `yaml:"idempotent"`

	Timeout     time.Duration `yaml:"timeout"`     // longest wait for an answer; 0: 10 s
	Connections int           `yaml:"connections"` // kept open; 0: 32
	CAFile      string        `yaml:"ca_file"`     // PEM file of the authority of the server's certificate; empty: the system's
}

// Secret is a header's value in a file.
type Secret struct {
	File   string `yaml:"file"`
	Prefix string `yaml:"prefix"` // before it: "Bearer "
}

// Signing signs each request by HMAC-SHA256 over the time, a dot and the body.
type Signing struct {
	SecretFile string `yaml:"secret_file"`
	Header     string `yaml:"header"`      // of the signature, in hexadecimal
	TimeHeader string `yaml:"time_header"` // of the time, in Unix seconds
	Prefix     string `yaml:"prefix"`      // before the signature: sha256=
}

// Auth gets a token for a service account (RFC 7523), as FCM wants one.
type Auth struct {
	ServiceAccountFile string `yaml:"service_account_file"` // the provider's JSON: client_email, private_key, token_uri
	Scope              string `yaml:"scope"`
}

// Rule says what an answer means.
type Rule struct {
	Status  string           `yaml:"status"` // 200, 2xx or 500-599; empty: any
	Path    string           `yaml:"path"`   // of a value in the JSON answer: error.details.0.errorCode
	Is      []string         `yaml:"is"`     // the value is one of these; empty with a path: it is there
	Outcome dispatch.Outcome `yaml:"outcome"`

	from, to int
}

// Lookup asks which of some ids the provider has: POST {"ids": […]} answered {"found": […]}; or, with {{ id }} in the
// URL, one request a message whose status 404 says that it is not there.
type Lookup struct {
	URL string `yaml:"url"`
}

// Outcomes that a rule may name.
var outcomes = []dispatch.Outcome{
	dispatch.OutcomeSent, dispatch.OutcomeBounced, dispatch.OutcomeRefused, dispatch.OutcomeTemporary, dispatch.OutcomeUncertain, dispatch.OutcomeDown,
}

// Fault is what is wrong with a part of a description; Field is its path in the file, as in outcomes[2].status.
type Fault struct {
	Field   string
	Message string
}

func (f Fault) Error() string { return f.Field + ": " + f.Message }

var token = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$") // a header's name (RFC 9110)

// Complete fills in the defaults and reports all faults at once.
func (c Config) Complete() (Config, error) {
	var faults []error
	fault := func(field, format string, args ...any) {
		faults = append(faults, Fault{field, fmt.Sprintf(format, args...)})
	}
	if c.Method == "" {
		c.Method = http.MethodPost
	}
	if !slices.Contains([]string{http.MethodPost, http.MethodPut}, c.Method) {
		fault("method", "is %q; write POST or PUT", c.Method)
	}
	c.checkURL("url", c.URL, fault)
	for name, value := range c.Headers {
		field := "headers." + name
		if !token.MatchString(name) {
			fault(field, "is no name of a header")
		}
		if err := checkPlaceholders(value); err != nil {
			fault(field, "%v", err)
		}
	}
	for name, secret := range c.Secrets {
		if !token.MatchString(name) {
			fault("secrets."+name, "is no name of a header")
		}
		readable(secret.File, "secrets."+name+".file", fault)
	}
	if c.Body == nil {
		fault("body", "is missing: write the JSON that the provider wants")
	}
	checkBody("body", c.Body, fault)
	if s := c.Sign; s != nil {
		readable(s.SecretFile, "sign.secret_file", fault)
		if !token.MatchString(s.Header) || !token.MatchString(s.TimeHeader) {
			fault("sign.header", "and time_header have to name two headers: without the time a signature could be replayed")
		}
	}
	if a := c.Auth; a != nil {
		if _, err := readAccount(a.ServiceAccountFile); err != nil {
			fault("auth.service_account_file", "%v", err)
		}
	}
	c.Outcomes = slices.Clone(c.Outcomes)
	sent := false
	for i := range c.Outcomes {
		r, field := &c.Outcomes[i], fmt.Sprintf("outcomes[%d]", i)
		if err := r.complete(); err != nil {
			fault(field+".status", "%v", err)
		}
		if !slices.Contains(outcomes, r.Outcome) {
			fault(field+".outcome", "is %q; write one of %v", r.Outcome, outcomes)
		}
		sent = sent || r.Outcome == dispatch.OutcomeSent
	}
	if !sent {
		fault("outcomes", "no answer means sent: write which one does")
	}
	if c.Lookup != nil {
		c.checkURL("lookup.url", c.Lookup.URL, fault)
	}
	if c.Timeout < 0 || c.Connections < 0 {
		fault("timeout", "and connections must not be negative")
	}
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	if c.Connections == 0 {
		c.Connections = 32
	}
	return c, errors.Join(faults...)
}

func (c Config) checkURL(field, text string, fault func(field, format string, args ...any)) {
	if err := checkPlaceholders(text); err != nil {
		fault(field, "%v", err)
	}
	u, err := url.Parse(placeholder.ReplaceAllString(text, "x"))
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		fault(field, "%q is no address: write https://host/path", text)
		return
	case u.Scheme == "http" && !trust.Local(u.Hostname()):
		fault(field, "would cross the network in plain text: write https")
	}
	if host, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(text, "https://"), "http://"), "/"); strings.Contains(host, "{{") {
		fault(field, "the host must not depend on a message")
	}
}

func readable(file, field string, fault func(field, format string, args ...any)) {
	if text, err := os.ReadFile(file); err != nil {
		fault(field, "%v", err)
	} else if strings.TrimSpace(string(text)) == "" {
		fault(field, "%s is empty", file)
	}
}

// complete reads the status: 200, 2xx or 500-599.
func (r *Rule) complete() error {
	low, high, isRange := strings.Cut(r.Status, "-")
	switch {
	case r.Status == "":
		r.from, r.to = 100, 599
	case len(r.Status) == 3 && strings.HasSuffix(r.Status, "xx") && r.Status[0] >= '1' && r.Status[0] <= '5':
		r.from = int(r.Status[0]-'0') * 100
		r.to = r.from + 99
	default:
		if !isRange {
			high = low
		}
		from, err := strconv.Atoi(low)
		to, err2 := strconv.Atoi(high)
		if err != nil || err2 != nil || from < 100 || to > 599 || from > to {
			return fmt.Errorf("%q is no status: write 200, 2xx or 500-599", r.Status)
		}
		r.from, r.to = from, to
	}
	return nil
}
