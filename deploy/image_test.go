package deploy

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A program that can load a library of C asks for the system's loader, even when it is built without a C compiler; in
// an image without one it does not start, and the message is that it is not there.
func TestProgramsThatLoadLibrariesHaveTheCLibrary(t *testing.T) {
	dockerfile, err := os.ReadFile("worker/Dockerfile")
	require.NoError(t, err)
	stages := regexp.MustCompile(`FROM (\S+) AS (\S+)\n`).FindAllStringSubmatch(string(dockerfile), -1)
	from := map[string]string{}
	for _, stage := range stages {
		from[stage[2]] = stage[1]
	}
	for stage, program := range map[string]string{"worker": "../worker", "starter": "../starter", "sink": "./sink"} {
		base := from[stage]
		for from[base] != "" {
			base = from[base]
		}
		needed, err := exec.Command("go", "list", "-deps", program).Output()
		require.NoError(t, err)
		if strings.Contains(string(needed), "github.com/ebitengine/purego\n") {
			require.NotContains(t, base, "/static", "the image %s has no C library", stage)
		}
	}
}
