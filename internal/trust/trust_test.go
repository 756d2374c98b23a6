package trust_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/trust"
)

// A server whose certificate no authority of this machine vouches for is refused, until its own authority is named.
func TestOnlyWhoIsVouchedForIsTrusted(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it logs whom it could not agree with
	server.StartTLS()
	defer server.Close()
	ask := func(caFile string) error {
		secure, err := trust.TLS("", caFile)
		require.NoError(t, err)
		require.False(t, secure.InsecureSkipVerify)
		require.EqualValues(t, tls.VersionTLS12, secure.MinVersion)
		transport := &http.Transport{TLSClientConfig: secure}
		defer transport.CloseIdleConnections()
		response, err := (&http.Client{Transport: transport}).Get(server.URL)
		if err == nil {
			err = response.Body.Close()
		}
		return err
	}
	var unknown x509.UnknownAuthorityError
	require.ErrorAs(t, ask(""), &unknown)
	file := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600))
	require.NoError(t, ask(file))

	_, err := trust.TLS("a.example", file+"x")
	require.ErrorContains(t, err, "read the CA file")
	require.NoError(t, os.WriteFile(file, []byte("not a certificate"), 0o600))
	_, err = trust.TLS("a.example", file)
	require.ErrorContains(t, err, "holds no PEM certificate")
}

func TestWhatIsLocal(t *testing.T) {
	t.Parallel()
	for address, local := range map[string]bool{
		"127.0.0.1:25": true, "127.9.9.9:25": true, "[::1]:25": true, "localhost:25": true,
		"10.0.0.1:25": false, "[fe80::1]:25": false, "mail.example:25": false, "localhost.example:25": false, "localhost": false, "": false,
	} {
		require.Equal(t, local, trust.LocalAddress(address), address)
	}
}
