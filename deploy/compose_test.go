package deploy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"
)

type composeFile struct {
	Services map[string]struct {
		Image      string
		Build      map[string]any
		Volumes    []string
		Secrets    []string
		Ports      []string
		MemLimit   string         `yaml:"mem_limit"`
		EnvFile    []string       `yaml:"env_file"`
		DependsOn  map[string]any `yaml:"depends_on"`
		Health     map[string]any `yaml:"healthcheck"`
		Restart    string
		Profiles   []string
		Entrypoint []string
	}
	Volumes map[string]any
	Secrets map[string]map[string]string
}

// What docker compose would only say when it is run: no engine for containers is needed to be sure of these.
func TestCompose(t *testing.T) {
	text, err := os.ReadFile("compose/compose.yaml")
	require.NoError(t, err)
	var c composeFile
	require.NoError(t, yaml.Unmarshal(text, &c))
	require.Contains(t, c.Services, "worker")
	dockerfile, err := os.ReadFile("worker/Dockerfile")
	require.NoError(t, err)
	making, err := os.ReadFile("compose/secrets.sh")
	require.NoError(t, err)
	for name, s := range c.Services {
		require.NotEmpty(t, s.MemLimit, "%s may take all memory", name)
		require.NotEmpty(t, s.Image, name)
		require.NotContains(t, s.Image, ":latest", "%s: a version that changes by itself", name)
		for _, port := range s.Ports {
			require.True(t, strings.HasPrefix(port, "127.0.0.1:"), "%s publishes %s to the network", name, port)
		}
		for _, secret := range s.Secrets {
			require.Contains(t, c.Secrets, secret, name)
			require.Contains(t, string(making), secret, "secrets.sh makes no %s", secret)
		}
		for needed, how := range s.DependsOn {
			require.Contains(t, c.Services, needed, name)
			if how.(map[string]any)["condition"] == "service_healthy" {
				built := c.Services[needed].Build != nil // its image has a check
				require.True(t, built || c.Services[needed].Health != nil, "%s waits for the health of %s, which has no check", name, needed)
			}
		}
		for _, volume := range s.Volumes {
			source, _, _ := strings.Cut(volume, ":")
			switch {
			case strings.HasPrefix(source, "${"): // the user's
			case strings.HasPrefix(source, "."):
				_, err := os.Stat(filepath.Join("compose", source))
				require.NoError(t, err, name)
			default:
				require.Contains(t, c.Volumes, source, name)
			}
		}
		for _, file := range s.EnvFile {
			_, err := os.Stat(filepath.Join("compose", file))
			require.NoError(t, err, name)
		}
		if target, ok := s.Build["target"]; ok {
			require.Contains(t, string(dockerfile), " AS "+target.(string)+"\n", name)
		}
	}
	require.NotRegexp(t, `(?i)(password|secret|pwd)\s*[:=]\s*["']?[a-z0-9]{4,}["']?\s*$`, string(text), "a password in the file")
}
