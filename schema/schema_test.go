package schema

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/invopop/jsonschema"
	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/dispatch"
	"github.com/danbi-project/danbi/internal/targeting"
)

var update = flag.Bool("update", false, "write the schemas anew from the types and the documentation")

// documented is one row of a table of keys.
type documented struct{ fallback, meaning string }

var row = regexp.MustCompile("(?m)^\\| `([^`]+)` \\| (.+?) \\| (.+) \\|$")

func documentation(t *testing.T, file string) map[string]documented {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "docs", file))
	require.NoError(t, err)
	all := map[string]documented{}
	for _, match := range row.FindAllStringSubmatch(string(text), -1) {
		require.NotContains(t, all, match[1], "a key is documented once")
		all[match[1]] = documented{match[2], match[3]}
	}
	return all
}

var sources = []struct {
	doc, file string
	make      func(map[string]string) ([]byte, error)
}{
	{"spec.md", "campaign.schema.json", Campaign},
	{"policy.md", "policy.schema.json", Policy},
}

func TestSchemasAreUpToDate(t *testing.T) {
	for _, source := range sources {
		descriptions := map[string]string{}
		for name, key := range documentation(t, source.doc) {
			descriptions[name] = strings.ReplaceAll(key.meaning, "`", "")
		}
		made, err := source.make(descriptions)
		require.NoError(t, err)
		if *update {
			require.NoError(t, os.WriteFile(source.file, made, 0o644))
		}
		kept, err := os.ReadFile(source.file)
		require.NoError(t, err)
		require.Equal(t, string(kept), string(made), "run: go test ./schema -update")
	}
}

func TestEveryKeyIsDocumentedAsItIs(t *testing.T) {
	for _, source := range sources {
		t.Run(source.doc, func(t *testing.T) {
			made, err := source.make(nil)
			require.NoError(t, err)
			var schema jsonschema.Schema
			require.NoError(t, json.Unmarshal(made, &schema))
			required := map[string]bool{}
			needs(required, "", &schema)
			keys := documentation(t, source.doc)
			var known []string
			Walk(&schema, func(name string, key *jsonschema.Schema) {
				known = append(known, name)
				require.Contains(t, keys, name, "docs/%s documents every key", source.doc)
				// A limit's currency is required in a policy only, where the same type stands for more than in a spec.
				if !strings.HasSuffix(name, "currency") || name == "currency" {
					require.Equal(t, required[name], keys[name].fallback == "**required**", "%s: required or with a default", name)
				}
				for _, word := range key.Enum {
					require.Contains(t, keys[name].meaning, fmt.Sprintf("`%v`", word), "%s names its words", name)
				}
			})
			for name := range keys {
				require.Contains(t, known, name, "docs/%s documents no key that is gone", source.doc)
			}
		})
	}
}

// needs finds the required keys by their full names, as Walk has them.
func needs(found map[string]bool, parent string, schema *jsonschema.Schema) {
	mark := func(prefix string, part *jsonschema.Schema) {
		for _, name := range part.Required {
			found[strings.TrimPrefix(prefix+"."+name, ".")] = true
		}
	}
	mark(parent, schema)
	Walk(schema, func(name string, key *jsonschema.Schema) {
		mark(name, key)
		if key.Items != nil {
			mark(name+"[]", key.Items)
		}
		for level, prefix := key.AdditionalProperties, name+".<channel>"; level != nil && level.Type == "object"; level, prefix = level.AdditionalProperties, prefix+".<language>" {
			mark(prefix, level)
		}
	})
}

// The defaults in the documentation are those that decoding fills in.
func TestDefaultsAreDocumentedAsTheyAre(t *testing.T) {
	spec, err := campaign.Decode("spec.yaml", []byte(`
campaign: a
title: {en: a}
goal: spend
currency: KRW
zone: UTC
language: en
window: {length: 1d}
schedule: {cron: "0 0 1 * *"}
audience: {rule: "", control: 10%, exclude: {}}
offers: [{id: a, kind: spend_threshold, threshold: {}}]
budget: {expected: 1, margin: 1%}
touches: [{id: a, channels: [email], message: {}}]
timing: {capacity: [{per_hour: 1}]}
settlement: {}
`))
	require.NoError(t, err)
	compareDefaults(t, "spec.md", spec)
	policy, err := campaign.DecodePolicy("policy.yaml", []byte(`
limits: {currency: KRW}
auto_approve: {currency: KRW}
other_currencies: [{limits: {currency: USD}, auto_approve: {currency: USD}}]
holdout: 1%
salt: abcdefgh
exposure_factor: 2
quiet_hours: {from: 21:00, until: 08:00}
sender: {name: a, email: a@b.example, contact: c}
`))
	require.NoError(t, err)
	compareDefaults(t, "policy.md", policy)
}

func compareDefaults(t *testing.T, file string, value any) {
	t.Helper()
	encoded, err := json.Marshal(value)
	require.NoError(t, err)
	var tree any
	require.NoError(t, json.Unmarshal(encoded, &tree))
	compared := 0
	for name, key := range documentation(t, file) {
		literal, is := strings.CutPrefix(key.fallback, "`")
		if !is || strings.Contains(name, "<") {
			continue
		}
		literal = strings.TrimSuffix(literal, "`")
		at, there := tree, true
		for part := range strings.SplitSeq(strings.ReplaceAll(name, "[]", ".0"), ".") {
			switch level := at.(type) {
			case map[string]any:
				at, there = level[part]
			case []any:
				at = level[0]
			}
		}
		if !there { // left out of the JSON, so it is the zero value of its type
			require.Contains(t, []string{"0", "0s", "false"}, literal, name)
			continue
		}
		require.Equal(t, literal, fmt.Sprint(at), name)
		compared++
	}
	require.Greater(t, compared, 2, "the test looks at defaults")
}

func TestFeaturesAndFieldsAreDocumented(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "docs", "spec.md"))
	require.NoError(t, err)
	for _, feature := range targeting.Fields {
		require.Contains(t, string(text), "`"+feature.Name+"`")
	}
	for _, field := range dispatch.Fields {
		require.Contains(t, string(text), "`{{ "+field+" }}`")
	}
}

func TestAnEditorMarksUnknownKeys(t *testing.T) {
	var known []string
	made, err := Campaign(nil)
	require.NoError(t, err)
	var schema jsonschema.Schema
	require.NoError(t, json.Unmarshal(made, &schema))
	Walk(&schema, func(name string, _ *jsonschema.Schema) { known = append(known, name) })
	require.True(t, slices.Contains(known, "touches[].message.<channel>.<language>.subject"))
	require.Equal(t, "false", additional(t, made), "an unknown key is marked by the editor too")
}

func additional(t *testing.T, schema []byte) string {
	t.Helper()
	var root struct {
		Additional json.RawMessage `json:"additionalProperties"`
	}
	require.NoError(t, json.Unmarshal(schema, &root))
	return string(root.Additional)
}
