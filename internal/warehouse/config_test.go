package warehouse

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/stretchr/testify/require"
)

// bare unsets all variables, so that the developer's own do not matter.
func bare(t *testing.T) {
	for _, name := range []string{EnvAddr, EnvProtocol, EnvDatabase, EnvUser, EnvPassword, EnvPasswordFile, EnvTLS, EnvCAFile, EnvServerName, EnvToken, EnvMaxMemory} {
		t.Setenv(name, "")
	}
}

func TestConfigFromEnv(t *testing.T) {
	bare(t)
	t.Setenv(EnvAddr, "one.example:9440, two.example:9440")
	t.Setenv(EnvTLS, "true")
	t.Setenv(EnvServerName, "clickhouse.example")
	t.Setenv(EnvMaxMemory, "2000000000")
	secret := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, []byte("s3cret\n"), 0o600))
	t.Setenv(EnvPasswordFile, secret)
	c, err := ConfigFromEnv()
	require.NoError(t, err)
	require.Equal(t, Config{
		Addr: []string{"one.example:9440", "two.example:9440"}, Protocol: "native", Database: "danbi", User: "default",
		Password: "s3cret", TLS: true, ServerName: "clickhouse.example", MaxMemory: 2e9,
	}, c)
}

func TestConfigFaultsComeTogether(t *testing.T) {
	bare(t)
	t.Setenv(EnvAddr, "no-port")
	t.Setenv(EnvProtocol, "grpc")
	t.Setenv(EnvDatabase, "a-b; DROP")
	t.Setenv(EnvTLS, "perhaps")
	t.Setenv(EnvMaxMemory, "2G")
	t.Setenv(EnvPassword, "x")
	t.Setenv(EnvPasswordFile, "/does/not/exist")
	t.Setenv(EnvCAFile, "ca.pem")
	t.Setenv(EnvToken, "t")
	_, err := ConfigFromEnv()
	for _, want := range []string{`"no-port" is not host:port`, `"grpc"`, `"a-b; DROP"`, `"perhaps"`, `"2G"`, "not both", "no such file", "TLS is off", "token"} {
		require.ErrorContains(t, err, want)
	}
	bare(t)
	_, err = ConfigFromEnv()
	require.ErrorContains(t, err, "set "+EnvAddr)
}

func TestOptions(t *testing.T) {
	far := Config{Addr: []string{"ch.example:8443"}, Protocol: ProtocolHTTP, Database: "danbi", TLS: true, Token: "t", MaxMemory: 7}
	o, err := far.options()
	require.NoError(t, err)
	require.Equal(t, clickhouse.HTTP, o.Protocol)
	require.Equal(t, clickhouse.CompressionLZ4, o.Compression.Method)
	require.Equal(t, "t", o.HttpHeaders[TokenHeader])
	require.Equal(t, int64(7), o.Settings["max_memory_usage"])
	require.Less(t, o.Settings["max_bytes_before_external_group_by"], o.Settings["max_memory_usage"])
	require.False(t, o.TLS.InsecureSkipVerify)

	near := Config{Addr: []string{"127.0.0.1:9000", "[::1]:9000", "localhost:9000"}, Protocol: ProtocolNative, Database: "danbi"}
	o, err = near.options()
	require.NoError(t, err)
	require.Equal(t, clickhouse.Native, o.Protocol)
	require.Nil(t, o.Compression)
	require.Nil(t, o.TLS)

	far.CAFile = filepath.Join(t.TempDir(), "ca.pem")
	_, err = far.options()
	require.ErrorContains(t, err, "read the CA file")
	require.NoError(t, os.WriteFile(far.CAFile, []byte("not a certificate"), 0o600))
	_, err = far.options()
	require.ErrorContains(t, err, "holds no PEM certificate")
}

func TestSecretsAreNotPrinted(t *testing.T) {
	c := Config{Addr: []string{"a:1"}, Protocol: ProtocolHTTP, User: "u", Password: "p4ss", Token: "t0ken", Database: "d"}
	for _, text := range []string{fmt.Sprint(c), fmt.Sprintf("%+v", c), c.String()} {
		require.Equal(t, "http://u@a:1/d", text)
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	_, err := Open(t.Context(), Config{})
	require.ErrorContains(t, err, "no ClickHouse address")
	// Port 1 is never served, so the refusal comes at once.
	_, err = Open(t.Context(), Config{Addr: []string{"127.0.0.1:1"}, Protocol: ProtocolNative, Database: "danbi", DialTimeout: time.Second})
	require.ErrorContains(t, err, "no answer from ClickHouse at 127.0.0.1:1 over the native protocol")
}
