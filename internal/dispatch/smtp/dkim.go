package smtp

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"regexp"

	"github.com/emersion/go-msgauth/dkim"
)

// DKIM says with which key mails are signed (RFC 6376). Its public half stands in the DNS at SELECTOR._domainkey.DOMAIN.
type DKIM struct {
	Domain   string // the one that answers for the mail: the sender's, or one above it
	Selector string
	KeyFile  string // PEM, PKCS#8 or PKCS#1: RSA of 2048 bits or more, or Ed25519; empty: mails are not signed
}

// The variables that ConfigFromEnv reads for it.
const (
	EnvDKIMDomain   = "DANBI_SMTP_DKIM_DOMAIN"
	EnvDKIMSelector = "DANBI_SMTP_DKIM_SELECTOR"
	EnvDKIMKeyFile  = "DANBI_SMTP_DKIM_KEY_FILE"
)

// signedHeaders are covered by the signature. One-click unsubscription needs its two to be (RFC 8058, section 4); From
// and Subject stand twice so that nobody can add another one.
var signedHeaders = []string{
	"From", "From", "Subject", "Subject", "To", "Date", "Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post",
	"MIME-Version", "Content-Type", "Content-Transfer-Encoding",
}

const leastRSABits = 2048

var dnsName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$`)

func (d DKIM) validate() error {
	if d == (DKIM{}) {
		return nil
	}
	var faults []error
	for name, value := range map[string]string{EnvDKIMDomain: d.Domain, EnvDKIMSelector: d.Selector} {
		if !dnsName.MatchString(value) {
			faults = append(faults, fmt.Errorf("%s is %q; mails that are signed need a name of the DNS there", name, value))
		}
	}
	if d.KeyFile == "" {
		faults = append(faults, fmt.Errorf("mails are to be signed, and no key is named: set %s", EnvDKIMKeyFile))
	}
	return errors.Join(faults...)
}

// signer signs mails; a nil one does not.
type signer struct{ options dkim.SignOptions }

func newSigner(d DKIM) (*signer, error) {
	if d.KeyFile == "" {
		return nil, nil
	}
	text, err := os.ReadFile(d.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", EnvDKIMKeyFile, err)
	}
	key, err := privateKey(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", EnvDKIMKeyFile, err)
	}
	s := &signer{options: dkim.SignOptions{
		Domain: d.Domain, Selector: d.Selector, Signer: key, Hash: crypto.SHA256, HeaderKeys: signedHeaders,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
	}}
	_, err = s.header([]byte("From: <a@example.com>\r\n\r\n"))
	return s, err
}

func privateKey(text []byte) (crypto.Signer, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("the file holds no PEM")
	}
	var key any
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		if key, err = x509.ParsePKCS1PrivateKey(block.Bytes); err != nil {
			return nil, errors.New("the file holds no private key in PKCS#8 or PKCS#1")
		}
	}
	switch key := key.(type) {
	case *rsa.PrivateKey:
		if bits := key.N.BitLen(); bits < leastRSABits {
			return nil, fmt.Errorf("the key has %d bits; receivers want %d", bits, leastRSABits)
		}
		return key, nil
	case ed25519.PrivateKey:
		return key, nil
	}
	return nil, errors.New("the key is neither RSA nor Ed25519")
}

// header is the DKIM-Signature of a mail, to be put before it.
func (s *signer) header(mail []byte) ([]byte, error) {
	if s == nil {
		return nil, nil
	}
	options := s.options
	signing, err := dkim.NewSigner(&options)
	if err != nil {
		return nil, fmt.Errorf("sign a mail: %w", err)
	}
	_, err = bytes.NewReader(mail).WriteTo(signing)
	if err = errors.Join(err, signing.Close()); err != nil {
		return nil, fmt.Errorf("sign a mail: %w", err)
	}
	return []byte(signing.Signature()), nil
}
