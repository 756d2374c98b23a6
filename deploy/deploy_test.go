// Package deploy holds what runs Danbi on servers. Its tests read those files as the tools do that will.
package deploy

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"
)

// each calls check with every file that ends so, below this folder.
func each(t *testing.T, ending string, check func(path string, text []byte)) {
	t.Helper()
	found := 0
	require.NoError(t, filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ending {
			return err
		}
		found++
		text, err := os.ReadFile(path)
		check(path, text)
		return err
	}))
	require.NotZero(t, found, "no file ends in %s", ending)
}

// documents are those of a YAML file.
func documents(t *testing.T, path string) (all []map[string]any) {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	for decoder := yaml.NewDecoder(file, yaml.Strict()); ; {
		var one map[string]any
		if err := decoder.Decode(&one); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		all = append(all, one)
	}
}

func TestFilesAreWellFormed(t *testing.T) {
	each(t, ".yaml", func(path string, _ []byte) { require.NotEmpty(t, documents(t, path), path) })
	each(t, ".json", func(path string, text []byte) {
		var value map[string]any
		require.NoError(t, json.Unmarshal(text, &value), path)
	})
	each(t, ".xml", func(path string, text []byte) {
		var value struct {
			XMLName xml.Name `xml:"clickhouse"`
		}
		require.NoError(t, xml.Unmarshal(text, &value), path)
	})
}

var (
	metric = regexp.MustCompile(`\b(?:danbi|temporal)_[a-z_]+`)
	// What Prometheus adds to the names of histograms.
	added = regexp.MustCompile(`_(bucket|count|sum)$`)
)

// sdkMetrics are the metrics of the Temporal SDK, which compose shows under its own names.
func sdkMetrics(t *testing.T) map[string]bool {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "go.temporal.io/sdk").Output()
	require.NoError(t, err)
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "internal/common/metrics/constants.go"))
	require.NoError(t, err)
	value, all := map[string]string{"TemporalMetricsPrefix": "temporal_"}, map[string]bool{}
	for _, m := range regexp.MustCompile(`(\w+)\s*=\s*(\w+) \+ "(\w+)"`).FindAllStringSubmatch(string(text), -1) {
		value[m[1]] = value[m[2]] + m[3]
		all[value[m[1]]] = true
	}
	require.Contains(t, all, "temporal_request_failure")
	return all
}

// sources are our Go code.
func sources(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, dir := range []string{"../internal", "../activities", "../workflows", "../worker", "../starter", "sink"} {
		require.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			all.Write(text)
			return err
		}))
	}
	return all.String()
}

// A dashboard of metrics that nobody writes is empty, and an alert on them never comes.
func TestEveryMetricExists(t *testing.T) {
	code, sdk := sources(t), sdkMetrics(t)
	check := func(path, expression string) {
		for _, name := range metric.FindAllString(expression, -1) {
			if strings.HasPrefix(name, "temporal_") {
				require.True(t, sdk[strings.TrimSuffix(added.ReplaceAllString(name, ""), "_seconds")], "%s: the SDK has no metric %s", path, name)
				continue
			}
			require.Contains(t, code, `"`+added.ReplaceAllString(name, "")+`"`, "%s: %s", path, name)
		}
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	text, err := os.ReadFile("grafana/dashboards/danbi.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &dashboard))
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			check("the panel "+panel.Title, target.Expr)
		}
	}
	var alerts struct {
		Groups []struct {
			Rules []struct {
				Alert, Expr string
				Annotations struct{ Summary, Description string }
			}
		}
	}
	text, err = os.ReadFile("grafana/alerts.yaml")
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(text, &alerts))
	require.NotEmpty(t, alerts.Groups)
	for _, rule := range alerts.Groups[0].Rules {
		check("the alert "+rule.Alert, rule.Expr)
		require.NotEmpty(t, rule.Annotations.Summary, rule.Alert)
		require.NotEmpty(t, rule.Annotations.Description, "%s: say what to do", rule.Alert)
	}
}
