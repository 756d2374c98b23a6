// Package smpp sends text messages by SMPP 3.4: some connections to the operator's message centre, each with a window of
// messages that wait for its answer. PDUs are read and written by gosmpp; the session is our own, because no byte may
// leave after the deadline of a lease (docs/decisions/0008-smpp-session.md).
package smpp

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/danbi-project/danbi/internal/trust"
)

// The ways to send a text that does not fit into one message.
const (
	LongUDH     = "udh"     // parts with a user data header: every phone joins them
	LongSAR     = "sar"     // parts with sar_* parameters: the message centre writes the header
	LongPayload = "payload" // one PDU with message_payload: the message centre cuts it
)

// Config says how to reach a message centre and what it understands.
type Config struct {
	Addr     string `yaml:"addr"`          // host:port
	TLS      bool   `yaml:"tls"`           //
	CAFile   string `yaml:"ca_file"`       // PEM file of the authority of the server's certificate; empty: the system's
	SystemID string `yaml:"system_id"`     //
	Password string `yaml:"-"`             //
	Secret   string `yaml:"password_file"` // file that holds the password
	Type     string `yaml:"system_type"`   //

	Connections int           `yaml:"connections"`  // binds as transceiver; 0: 2
	Window      int           `yaml:"window"`       // messages that wait for an answer, for each connection; 0: 32
	Timeout     time.Duration `yaml:"timeout"`      // longest wait for an answer; 0: 30 s
	EnquireLink time.Duration `yaml:"enquire_link"` // a silent connection is asked so often whether it lives; 0: 30 s

	Encodings []Encoding `yaml:"encodings"` // the first that knows every character of a text is used; none: gsm7, ucs2
	Long      string     `yaml:"long"`      // LongUDH (default), LongSAR or LongPayload
	SourceTON byte       `yaml:"source_ton"`
	SourceNPI byte       `yaml:"source_npi"`
	DestTON   byte       `yaml:"dest_ton"`
	DestNPI   byte       `yaml:"dest_npi"`

	ReferenceTag uint16   `yaml:"reference_tag"` // a vendor's parameter, 0x1400 to 0x3FFF, that carries our message id; 0: there is none
	LookupURL    string   `yaml:"lookup_url"`    // where the provider can be asked for our message ids; empty: it can't be asked
	HardErrors   []string `yaml:"hard_errors"`   // err codes of receipts that say the number is no good: 001
}

// Encoding is one way to write a text.
type Encoding struct {
	Charset string `yaml:"charset"` // gsm7, latin1, cp949 or ucs2
	Coding  byte   `yaml:"data_coding"`
	Single  int    `yaml:"single"` // bytes (gsm7: characters) that fit into one message; 0: 140 (gsm7: 160)
	Part    int    `yaml:"part"`   // into a part of a longer one; 0: 134 (gsm7: 153)
}

// Complete fills in the defaults and reports all faults at once.
func (c Config) Complete() (Config, error) {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if host, port, err := net.SplitHostPort(c.Addr); err != nil || host == "" || port == "" {
		fault("addr %q is not host:port", c.Addr)
	}
	if c.SystemID == "" || len(c.SystemID) > 15 {
		fault("system_id %q: SMPP allows 1 to 15 characters", c.SystemID)
	}
	if c.Secret != "" {
		text, err := os.ReadFile(c.Secret)
		if err != nil {
			fault("password_file: %w", err)
		}
		c.Password = strings.TrimRight(string(text), "\r\n")
	}
	if len(c.Password) > 8 {
		fault("the password has %d characters: SMPP allows 8", len(c.Password))
	}
	if !c.TLS && c.Password != "" && !trust.LocalAddress(c.Addr) {
		fault("the password would cross the network in plain text: write tls: true")
	}
	if c.Connections < 0 || c.Window < 0 || c.Timeout < 0 || c.EnquireLink < 0 {
		fault("connections, window, timeout and enquire_link must not be negative")
	}
	if c.ReferenceTag != 0 && (c.ReferenceTag < 0x1400 || c.ReferenceTag > 0x3FFF) {
		fault("reference_tag %#04x is not a vendor's: write one from 0x1400 to 0x3FFF", c.ReferenceTag)
	}
	if c.LookupURL != "" && c.ReferenceTag == 0 {
		fault("lookup_url needs reference_tag: without it the provider does not know our message ids")
	}
	c.Connections, c.Window = orElse(c.Connections, 2), orElse(c.Window, 32)
	c.Timeout, c.EnquireLink = orElse(c.Timeout, 30*time.Second), orElse(c.EnquireLink, 30*time.Second)
	if c.Long == "" {
		c.Long = LongUDH
	}
	if !slices.Contains([]string{LongUDH, LongSAR, LongPayload}, c.Long) {
		fault("long is %q; write %s, %s or %s", c.Long, LongUDH, LongSAR, LongPayload)
	}
	if len(c.Encodings) == 0 {
		c.Encodings = []Encoding{{Charset: charsetGSM7}, {Charset: charsetUCS2, Coding: 8}}
	}
	c.Encodings = slices.Clone(c.Encodings)
	for i := range c.Encodings {
		if err := c.Encodings[i].complete(); err != nil {
			fault("encodings[%d]: %w", i, err)
		}
	}
	return c, errors.Join(faults...)
}

func (e *Encoding) complete() error {
	single, part := 140, 134
	switch e.Charset {
	case charsetGSM7:
		single, part = 160, 153
	case charsetLatin1, charsetCP949, charsetUCS2:
	default:
		return fmt.Errorf("charset is %q; write %s, %s, %s or %s", e.Charset, charsetGSM7, charsetLatin1, charsetCP949, charsetUCS2)
	}
	if e.Single == 0 {
		e.Single = single
	}
	if e.Part == 0 {
		e.Part = min(part, e.Single)
	}
	if e.Single < 8 || e.Single > 254 || e.Part < 8 || e.Part > 248 {
		return fmt.Errorf("single %d and part %d: SMPP carries 8 to 254 bytes, and 6 fewer in parts", e.Single, e.Part)
	}
	return nil
}

func orElse[T int | time.Duration](value, otherwise T) T {
	if value > 0 {
		return value
	}
	return otherwise
}
