package campaign

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const examples = "../../examples"

func exampleSpecs(t *testing.T) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, pattern := range []string{"*.yaml", "*/campaign.yaml"} {
		paths, err := filepath.Glob(filepath.Join(examples, pattern))
		require.NoError(t, err)
		for _, path := range paths {
			if filepath.Base(path) == "policy.yaml" {
				continue
			}
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			all[path] = data
		}
	}
	require.GreaterOrEqual(t, len(all), 5)
	return all
}

func examplePolicy(t *testing.T) Policy {
	t.Helper()
	path := filepath.Join(examples, "policy.yaml")
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	policy, err := DecodePolicy(path, data)
	require.NoError(t, err)
	return policy
}

func TestExamplesAreValidAndWithinThePolicy(t *testing.T) {
	policy := examplePolicy(t)
	ids := map[string]string{}
	for path, data := range exampleSpecs(t) {
		t.Run(filepath.ToSlash(path), func(t *testing.T) {
			spec, err := Load(path, data)
			require.NoError(t, err)
			require.Empty(t, policy.Check(spec))
			require.NotContains(t, ids, spec.Campaign)
			ids[spec.Campaign] = path
			require.Contains(t, spec.Title, "ko")
			require.Contains(t, spec.Title, "en")
			require.Contains(t, string(data), "# yaml-language-server: $schema=")
			for _, touch := range spec.Touches {
				for language, template := range touch.Message[ChannelEmail] {
					require.Contains(t, template.Text, "{{ sender.name }}")
					require.Contains(t, template.Text, "{{ sender.contact }}")
					require.True(t, strings.HasSuffix(strings.TrimSpace(template.Text), "{{ unsubscribe_url }}"), "%s ends with the opt-out", language)
				}
				if slices.Contains(touch.Channels, ChannelEmail) {
					require.True(t, strings.HasPrefix(touch.Message[ChannelEmail]["ko"].Subject, "(광고) "))
				}
			}
		})
	}
}
