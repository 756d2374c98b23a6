// Package trust says whom a connection trusts: the authorities that may vouch for the other end, and the ends that need
// nobody to, because they are on this machine.
package trust

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
)

// TLS is what a client needs to speak with a server: TLS 1.2 or newer, and a certificate for serverName (empty: the host
// that is dialled) that the machine's authorities vouch for or, where caFile is given, those of that PEM file alone.
// Verification can't be switched off: name a private authority instead.
func TLS(serverName, caFile string) (*tls.Config, error) {
	out := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: serverName}
	if caFile == "" {
		return out, nil
	}
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, fmt.Errorf("read the CA file: %w", err)
	}
	out.RootCAs = x509.NewCertPool()
	if !out.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("the CA file %s holds no PEM certificate", caFile)
	}
	return out, nil
}

// Local says whether what is said to a host never leaves this machine.
func Local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// LocalAddress is Local for host:port.
func LocalAddress(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && Local(host)
}
