package install

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// fakePackage is a small package with the layout of the real one, and an npm on
// PATH that "fetches" it, counting its calls. script runs before that.
func fakePackage(t *testing.T, script string) (pkg enginePackage, calls func() int) {
	t.Helper()
	dir := t.TempDir()
	var tgz bytes.Buffer
	zip := gzip.NewWriter(&tgz)
	archive := tar.NewWriter(zip)
	for _, file := range []struct{ name, text string }{
		{"package/index.js", "x"}, {"../escape", "x"}, {"package/libchdb.so", "the engine"},
	} {
		require.NoError(t, archive.WriteHeader(&tar.Header{Name: file.name, Typeflag: tar.TypeReg, Mode: 0o755, Size: int64(len(file.text))}))
		_, err := archive.Write([]byte(file.text))
		require.NoError(t, err)
	}
	require.NoError(t, archive.Close())
	require.NoError(t, zip.Close())
	packed := filepath.Join(dir, "packed")
	require.NoError(t, os.WriteFile(packed, tgz.Bytes(), 0o600))

	log := filepath.Join(dir, "calls")
	npm := fmt.Sprintf("#!/bin/sh\necho \"$*\" >> %s\n%s\ncp %s ./fake.tgz\n", log, script, packed)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "npm"), []byte(npm), 0o700)) //nolint:gosec // it must be executable
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))

	sum := sha512.Sum512(tgz.Bytes())
	pkg = enginePackage{name: "@chdb/fake", version: "1.2.3", integrity: base64.StdEncoding.EncodeToString(sum[:]), library: "libchdb.so", tgzSize: int64(tgz.Len()), libSize: 10}
	return pkg, func() int {
		text, _ := os.ReadFile(log)
		return strings.Count(string(text), "\n")
	}
}

// files lists what is below dir except locks, to see that nothing is left over.
func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	require.NoError(t, filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() && !strings.HasSuffix(path, ".lock") {
			rel, _ := filepath.Rel(dir, path)
			names = append(names, rel)
		}
		return err
	}))
	return names
}

func TestEngineIsInstalledOnce(t *testing.T) {
	pkg, calls := fakePackage(t, "")
	cache := t.TempDir()
	// What a killed installer left must neither count nor stay.
	require.NoError(t, os.MkdirAll(filepath.Join(cache, "engine", "1.2.3-chdb-fake"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(cache, "engine", "1.2.3-chdb-fake", "libchdb.so"), []byte("the en"), 0o600))
	require.NoError(t, os.MkdirAll(filepath.Join(cache, "engine", workPrefix+"old", "x"), 0o755))

	var said []string
	lib, err := pkg.install(t.Context(), cache, func(s string) { said = append(said, s) })
	require.NoError(t, err)
	text, err := os.ReadFile(lib)
	require.NoError(t, err)
	require.Equal(t, "the engine", string(text))
	require.Equal(t, []string{"engine/1.2.3-chdb-fake/installed.json", "engine/1.2.3-chdb-fake/libchdb.so"}, files(t, cache))
	all := strings.Join(said, "\n")
	for _, step := range []string{"downloading", "verifying", "unpacking"} {
		require.Contains(t, all, step)
	}

	again, err := pkg.install(t.Context(), cache, nil)
	require.NoError(t, err)
	require.Equal(t, lib, again)
	require.Equal(t, 1, calls())
}

func TestTwoInstallersAtOnce(t *testing.T) {
	pkg, calls := fakePackage(t, "sleep 0.3")
	cache := t.TempDir()
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			if _, err := pkg.install(t.Context(), cache, nil); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	require.Equal(t, 1, calls())
}

func TestWrongChecksumInstallsNothing(t *testing.T) {
	pkg, _ := fakePackage(t, "")
	pkg.integrity = base64.StdEncoding.EncodeToString(make([]byte, 64))
	cache := t.TempDir()
	_, err := pkg.install(t.Context(), cache, nil)
	require.ErrorIs(t, err, ErrChecksum)
	require.Empty(t, files(t, cache))
}

func TestInstallFaultsSayWhatToDo(t *testing.T) {
	for name, c := range map[string]struct{ script, says string }{
		"offline":       {"echo 'npm error code ENOTFOUND' >&2; exit 1", "check the network"},
		"not there":     {"echo 'npm error code E404' >&2; exit 1", "registry has no @chdb/fake@1.2.3"},
		"npm's disk":    {"echo 'npm error ENOSPC: no space left on device' >&2; exit 1", "set DANBI_CACHE"},
		"damaged":       {"echo 'npm error code EINTEGRITY' >&2; exit 1", "try again"},
		"anything else": {"echo 'npm error what a day' >&2; exit 7", "what a day"},
		"no package":    {"exit 0", "npm pack left 0 packages"},
	} {
		t.Run(name, func(t *testing.T) {
			pkg, _ := fakePackage(t, c.script)
			cache := t.TempDir()
			_, err := pkg.install(t.Context(), cache, nil)
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, err.Error(), "\n")
			require.Empty(t, files(t, cache))
		})
	}
	t.Run("no npm", func(t *testing.T) {
		pkg, _ := fakePackage(t, "")
		t.Setenv("PATH", t.TempDir())
		_, err := pkg.install(t.Context(), t.TempDir(), nil)
		require.ErrorContains(t, err, "install Node.js")
	})
	t.Run("disk too small", func(t *testing.T) {
		pkg, calls := fakePackage(t, "")
		pkg.libSize = 1 << 60
		_, err := pkg.install(t.Context(), t.TempDir(), nil)
		require.ErrorContains(t, err, "set DANBI_CACHE")
		require.Zero(t, calls())
	})
	t.Run("stopped", func(t *testing.T) {
		pkg, _ := fakePackage(t, "exec sleep 20")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := pkg.install(ctx, t.TempDir(), nil)
		require.ErrorIs(t, err, context.Canceled)
	})
}

func TestEngineNamedByHand(t *testing.T) {
	lib := filepath.Join(t.TempDir(), "libchdb.so")
	t.Setenv(EnvEngineLib, lib)
	_, err := Engine(t.Context(), "", nil)
	require.ErrorContains(t, err, EnvEngineLib)
	require.NoError(t, os.WriteFile(lib, nil, 0o600))
	got, err := Engine(t.Context(), "", nil)
	require.NoError(t, err)
	require.Equal(t, lib, got)
}
