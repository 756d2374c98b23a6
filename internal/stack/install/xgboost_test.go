package install

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// fakeWheel is a small package with the layout of the real one, and a python3 on PATH whose pip "fetches" it.
func fakeWheel(t *testing.T, script string) wheel {
	t.Helper()
	dir := t.TempDir()
	var whl bytes.Buffer
	archive := zip.NewWriter(&whl)
	for _, name := range []string{"xgboost/__init__.py", "xgboost/lib/libxgboost.so", "xgboost_cpu.libs/libgomp-1.so", "a.libs/../../escape", "../x.libs/escape"} {
		w, err := archive.Create(name)
		require.NoError(t, err)
		_, err = w.Write([]byte(name))
		require.NoError(t, err)
	}
	require.NoError(t, archive.Close())
	packed := filepath.Join(dir, "packed")
	require.NoError(t, os.WriteFile(packed, whl.Bytes(), 0o600))
	program(t, dir, "python3", fmt.Sprintf("case \"$*\" in *--version) exit 0;; esac\n%s\ncp %s ./fake.whl\n", script, packed))
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	program(t, dir, "apt-get", "exit 100\n") // the other way is closed
	sum := sha256.Sum256(whl.Bytes())
	return wheel{name: "fake", version: "1.2.3", platform: "any", sha256: hex.EncodeToString(sum[:])}
}

func program(t *testing.T, dir, name, script string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script), 0o700)) //nolint:gosec // it must be executable
}

func TestXGBoostIsInstalledFromItsWheel(t *testing.T) {
	pinned := fakeWheel(t, "")
	root := t.TempDir()
	// What a killed installer left must not count.
	require.NoError(t, os.MkdirAll(filepath.Join(root, workPrefix+"old", xgboostHome), 0o755))
	path, err := installXGBoost(t.Context(), root, pinned, nil)
	require.NoError(t, err)
	require.Equal(t, filepath.Join(root, "home/xgboost/lib/libxgboost.so"), path)
	require.Equal(t, []string{"home/xgboost/lib/libxgboost.so", "home/xgboost_cpu.libs/libgomp-1.so"}, files(t, root))
	again, err := installXGBoost(t.Context(), root, wheel{}, nil)
	require.NoError(t, err)
	require.Equal(t, path, again)
}

func TestXGBoostThatCannotBeInstalledSaysWhy(t *testing.T) {
	t.Run("offline", func(t *testing.T) {
		pinned := fakeWheel(t, "echo 'no route to the index' >&2; exit 1")
		root := t.TempDir()
		_, err := installXGBoost(t.Context(), root, pinned, nil)
		require.ErrorContains(t, err, "no route to the index")
		require.ErrorContains(t, err, EnvXGBoostLib)
		require.Empty(t, files(t, root))
	})
	t.Run("wrong checksum", func(t *testing.T) {
		pinned := fakeWheel(t, "")
		pinned.sha256 = strings.Repeat("0", 64)
		root := t.TempDir()
		_, err := installXGBoost(t.Context(), root, pinned, nil)
		require.ErrorIs(t, err, ErrChecksum)
		require.Empty(t, files(t, root))
	})
	t.Run("no pip and no apt", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		_, err := installXGBoost(t.Context(), t.TempDir(), xgboostWheels["linux/amd64"], nil)
		require.ErrorContains(t, err, "pip is missing")
		require.ErrorContains(t, err, "apt-get is missing")
	})
	t.Run("stopped", func(t *testing.T) {
		pinned := fakeWheel(t, "")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := installXGBoost(ctx, t.TempDir(), pinned, nil)
		require.ErrorIs(t, err, context.Canceled)
	})
}

func TestXGBoostNamedByHand(t *testing.T) {
	lib := filepath.Join(t.TempDir(), "libxgboost.so")
	t.Setenv(EnvXGBoostLib, lib)
	_, err := XGBoost(t.Context(), "", nil)
	require.ErrorContains(t, err, EnvXGBoostLib)
	require.NoError(t, os.WriteFile(lib, nil, 0o600))
	got, err := XGBoost(t.Context(), "", nil)
	require.NoError(t, err)
	require.Equal(t, lib, got)
}
