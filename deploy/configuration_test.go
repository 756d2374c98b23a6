package deploy

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	// A variable stands in the code as a constant of its own: not in a sentence, where a * or a word may follow. What ends
	// with a line is the beginning of several.
	inCode = regexp.MustCompile(`"(DANBI_[A-Z0-9_]*[A-Z0-9])"`)
	inText = regexp.MustCompile(`\bDANBI_[A-Z0-9_]*[A-Z0-9]\b`)
)

// forTests are those by which test binaries talk to themselves.
func forTests(name string) bool { return strings.HasPrefix(name, "DANBI_TEST_") }

// docs/configuration.md is whole, and names nothing that no code reads.
func TestEveryVariableIsDocumented(t *testing.T) {
	text, err := os.ReadFile("../docs/configuration.md")
	require.NoError(t, err)
	documented := map[string]bool{}
	for _, line := range strings.Split(string(text), "\n") {
		if m := regexp.MustCompile("^\\| `([A-Z0-9_]+)` \\|").FindStringSubmatch(line); m != nil {
			require.False(t, documented[m[1]], "%s is described twice", m[1])
			documented[m[1]] = true
		}
	}
	code := sources(t)
	read := map[string]bool{}
	for _, m := range inCode.FindAllStringSubmatch(code, -1) {
		if !forTests(m[1]) {
			read[m[1]] = true
			require.True(t, documented[m[1]], "docs/configuration.md does not tell of %s", m[1])
		}
	}
	for name := range documented {
		if strings.HasPrefix(name, "DANBI_") && name != "DANBI_DATA" { // the Makefile's, for tests
			require.True(t, read[name], "docs/configuration.md tells of %s, which nothing reads", name)
		}
	}
	for _, m := range inText.FindAllString(code, -1) { // in a sentence, a flag's help or a comment
		known := documented[m] || forTests(m)
		for name := range documented {
			known = known || strings.HasPrefix(name, m+"_")
		}
		require.True(t, known, "the code speaks of %s, which docs/configuration.md does not know", m)
	}
}

// What the files here set is read by something.
func TestFilesSetKnownVariables(t *testing.T) {
	text, err := os.ReadFile("../docs/configuration.md")
	require.NoError(t, err)
	files, err := filepath.Glob("compose/env/*.env")
	require.NoError(t, err)
	for _, file := range append(files, "compose/compose.yaml", "k8s/worker.yaml", "worker/Dockerfile", "grafana/alerts.yaml", "clickhouse/grants.sql", "clickhouse/replicated.xml") {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, name := range inText.FindAllString(string(content), -1) {
			if name != "DANBI_FILES" { // the folder that compose.yaml gives to the starter
				require.Contains(t, string(text), "`"+name+"`", file)
			}
		}
	}
}
