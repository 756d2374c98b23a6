package install

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// module writes a module in a new folder.
func module(t *testing.T, program string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module "+serverModule+"\n\ngo 1.26.0\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte(program), 0o600))
	return dir
}

func TestTheServerIsBuiltWithProgress(t *testing.T) {
	source := module(t, "package main\n\nfunc main() { println(\"served\") }\n")
	path := filepath.Join(t.TempDir(), "key", "danbi-temporal")
	var said []string
	require.NoError(t, buildServer(t.Context(), source, path, func(s string) { said = append(said, s) }))

	out, err := exec.Command(path).CombinedOutput()
	require.NoError(t, err)
	require.Equal(t, "served\n", string(out))
	require.True(t, isProgram(path))
	require.Regexp(t, `^building the Temporal server, once: \d+ of \d+ packages$`, said[len(said)-1])
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, left, 1, "an unfinished program must not stay")
}

func TestABrokenBuildSaysWhereAndLeavesNothing(t *testing.T) {
	source := module(t, "package main\n\nfunc main() { undefinedThing() }\n")
	path := filepath.Join(t.TempDir(), "key", "danbi-temporal")
	err := buildServer(t.Context(), source, path, nil)
	require.ErrorContains(t, err, "main.go:3:15: undefined: undefinedThing")
	require.False(t, isProgram(path))
}

func TestWithoutGoTheSentenceSaysWhatToInstall(t *testing.T) {
	source := module(t, "package main\n\nfunc main() {}\n")
	t.Setenv("PATH", t.TempDir())
	err := buildServer(t.Context(), source, filepath.Join(t.TempDir(), "server"), nil)
	require.ErrorContains(t, err, "install Go 1.26")
}

func TestOutsideOfTheCloneTheSentenceSaysWhatToDo(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("PATH", t.TempDir())
	cache := t.TempDir()
	_, err := Temporal(t.Context(), cache, nil)
	require.ErrorContains(t, err, "run this inside the Danbi clone")

	// What an earlier run built is still good there, the newest of several.
	for i, key := range []string{"newer", "older"} {
		path := serverPath(cache, key)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
		require.NoError(t, os.WriteFile(path, nil, 0o750))
		age := time.Now().Add(-time.Duration(i) * time.Hour)
		require.NoError(t, os.Chtimes(path, age, age))
	}
	path, err := Temporal(t.Context(), cache, nil)
	require.NoError(t, err)
	require.Equal(t, serverPath(cache, "newer"), path)
}

func TestTheCommandOnPATHIsUsed(t *testing.T) {
	bin := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(bin, "temporal"), []byte("#!/bin/sh\n"), 0o700))
	t.Setenv("PATH", bin)
	path, err := Temporal(t.Context(), t.TempDir(), nil)
	require.NoError(t, err)
	require.Equal(t, filepath.Join(bin, "temporal"), path)
	require.True(t, IsTemporalCLI(path))
	require.False(t, IsTemporalCLI(serverPath("/cache", "key")))
}

func TestTheKeyFollowsWhatIsBuilt(t *testing.T) {
	source := module(t, "package main\n\nfunc main() {}\n")
	key := func() string {
		k, err := sourceKey(source)
		require.NoError(t, err)
		return k
	}
	first := key()
	require.NoError(t, os.WriteFile(filepath.Join(source, "main_test.go"), []byte("package main\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(source, "README.md"), []byte("words"), 0o600))
	require.Equal(t, first, key(), "tests and words don't change the program")
	require.NoError(t, os.WriteFile(filepath.Join(source, "go.sum"), []byte("sum"), 0o600))
	second := key()
	require.NotEqual(t, first, second)
	require.NoError(t, os.WriteFile(filepath.Join(source, "main.go"), []byte("package main\n\nfunc main() { }\n"), 0o600))
	require.NotEqual(t, second, key())
}

func TestTheSourceIsFoundFromBelow(t *testing.T) {
	root := t.TempDir()
	local := filepath.Join(root, "deploy", "local")
	below := filepath.Join(root, "internal", "stack")
	require.NoError(t, os.MkdirAll(local, 0o750))
	require.NoError(t, os.MkdirAll(below, 0o750))
	require.NoError(t, os.WriteFile(filepath.Join(local, "go.mod"), []byte("module example.com/another\n"), 0o600))
	t.Chdir(below)
	_, err := serverSource()
	require.Error(t, err, "another module's deploy/local isn't ours")
	require.NoError(t, os.WriteFile(filepath.Join(local, "go.mod"), []byte("module "+serverModule+"\n"), 0o600))
	found, err := serverSource()
	require.NoError(t, err)
	require.True(t, strings.HasSuffix(found, filepath.Join("deploy", "local")), found)
}

func TestASecondBuilderWaitsAndSaysSo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := lockFile(t.Context(), path, func(time.Duration) { t.Error("nothing to wait for") })
	require.NoError(t, err)
	waited := 0
	free, err := lockFile(t.Context(), path, func(time.Duration) {
		if waited++; waited == 1 {
			unlock()
		}
	})
	require.NoError(t, err)
	require.Equal(t, 1, waited)

	ctx, cancel := context.WithCancel(t.Context())
	_, err = lockFile(ctx, path, func(time.Duration) { cancel() })
	require.ErrorIs(t, err, context.Canceled)
	free()
}
