package warehouse_test

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/stack/stacktest"
	"github.com/danbi-project/danbi/internal/warehouse"
)

// onAnother are the tests that are run a second time, against a server that the environment names.
const onAnother = "^(TestMigrateTwiceAndAtOnce|TestBriefsAreKeptByPlan|TestImportTwiceIsImportOnce|TestBadRowsGoToTheQuarantine|TestJudgeAgreesWithSQL)$"

// A sent is a statement that arrived at a server, with the {x:Identifier} that came with it.
type sent struct {
	text  string
	names map[string][]string
}

// recorder passes everything on to a server and keeps the statements.
type recorder struct {
	mu  sync.Mutex
	all []sent
}

func (r *recorder) serve(t *testing.T, addr string) *httptest.Server {
	forward := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: addr})
	forward.FlushInterval = -1
	forward.ErrorLog = log.New(io.Discard, "", 0) // a statement that was given up is no news
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, in *http.Request) {
		query := in.URL.Query()
		s := sent{text: query.Get("query"), names: map[string][]string{}}
		if s.text == "" { // else the body is rows
			body, err := io.ReadAll(in.Body)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			s.text = string(body)
			in.Body = io.NopCloser(bytes.NewReader(body))
		}
		for name := range query {
			if param, ok := strings.CutPrefix(name, "param_"); ok {
				s.names["{"+param+":Identifier}"] = []string{strings.Trim(query.Get(name), "'")}
			}
		}
		r.mu.Lock()
		r.all = append(r.all, s)
		r.mu.Unlock()
		forward.ServeHTTP(w, in)
	}))
	t.Cleanup(server.Close)
	return server
}

// The suite runs unchanged on a server that DANBI_CLICKHOUSE_ADDR names: here an engine in a process that no test owns.
// What arrives there is what the collection above knows, with the names that tables really have, and a user with its
// roles may send it.
func TestOnAServerThatTheEnvironmentNames(t *testing.T) {
	if os.Getenv(warehouse.EnvAddr) != "" {
		t.Skip("the environment names a server already: all tests run on it")
	}
	engine := stacktest.Process(t).Config()
	var arrived recorder
	proxy := arrived.serve(t, engine.Addr[0])
	self, err := os.Executable()
	require.NoError(t, err)
	again := exec.CommandContext(t.Context(), self, "-test.run", onAnother, "-test.v", "-test.count=1")
	again.Env = append(os.Environ(), warehouse.EnvAddr+"="+strings.TrimPrefix(proxy.URL, "http://"),
		warehouse.EnvProtocol+"="+warehouse.ProtocolHTTP, warehouse.EnvToken+"="+engine.Token)
	out, err := again.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Equal(t, strings.Count(onAnother, "Test"), bytes.Count(out, []byte("\n--- PASS: ")), "all of them ran:\n%s", out)

	given, known := readGrants(t), map[string]bool{}
	patterns := map[*regexp.Regexp]statement{}
	for _, s := range statements(t) {
		patterns[s.pattern()] = s
	}
	for _, one := range arrived.all {
		text := regexp.MustCompile(` FORMAT Native$`).ReplaceAllString(bare(one.text), "")
		needs, err := needsOf(text, one.names)
		allowed, refusals := false, ""
		for pattern, s := range patterns {
			if !pattern.MatchString(text) {
				continue // of another place, or of a test
			}
			require.NoError(t, err, text)
			known[s.origin] = true
			refused := given.refuse(s, needs)
			allowed = allowed || refused == ""
			refusals += refused
		}
		if !allowed && refusals != "" { // several places may send what reads the same, each in its role
			t.Error(refusals)
		}
	}
	t.Logf("%d statements arrived; they are %d of the %d that the collection knows", len(arrived.all), len(known), len(patterns))
	require.Greater(t, len(known), 60, "the statements of imports, migrations and settlement are recognised as they arrive")
}

// refuse says what the roles that send a statement may not do.
func (g grants) refuse(s statement, needs []need) (refused string) {
	for _, n := range needs {
		for _, role := range s.roles() {
			_, ok := g.covering(role, n)
			if ok = ok || n.privilege == "SELECT" && slices.Contains(alwaysReadable, n.object); !ok {
				refused += fmt.Sprintf("%s: %s may not %s on %s\n", s.origin, role, n.privilege, n.object)
			}
		}
	}
	return refused
}

// pattern matches the statement as it arrives, whatever the names that were put in.
func (s statement) pattern() *regexp.Regexp {
	text := regexp.QuoteMeta(bare(s.text))
	return regexp.MustCompile("^" + regexp.MustCompile("`go_\\w+`").ReplaceAllLiteralString(text, `\S.*`) + "$")
}
