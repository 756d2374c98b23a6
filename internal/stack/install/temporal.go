package install

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// serverModule is the nested module that Temporal's server is built from.
const serverModule = "github.com/danbi-project/danbi/deploy/local"

// Temporal returns the path of a program that serves Temporal: the `temporal` on PATH (its base name is then
// "temporal", and it is run as `temporal server start-dev`), else BuiltTemporal's. An empty cacheDir means CacheDir().
func Temporal(ctx context.Context, cacheDir string, progress Progress) (string, error) {
	if path, err := exec.LookPath("temporal"); err == nil {
		return filepath.Abs(path)
	}
	return BuiltTemporal(ctx, cacheDir, progress)
}

// IsTemporalCLI says whether path, as returned by Temporal, is the vendor's command rather than the built server.
func IsTemporalCLI(path string) bool {
	return strings.TrimSuffix(filepath.Base(path), ".exe") == "temporal"
}

// BuiltTemporal returns the path of the server built from deploy/local, building it on first use. The cache is keyed
// by the module's files and the Go version, so it is built again only when one of those changes. Several processes
// may ask at once: one builds, the others wait.
func BuiltTemporal(ctx context.Context, cacheDir string, progress Progress) (string, error) {
	if cacheDir == "" {
		var err error
		if cacheDir, err = CacheDir(); err != nil {
			return "", err
		}
	}
	source, err := serverSource()
	if err != nil {
		// An installed starter, run outside of the clone, still has what an earlier run built.
		if cached := newestServer(cacheDir); cached != "" {
			return cached, nil
		}
		return "", err
	}
	key, err := sourceKey(source)
	if err != nil {
		return "", err
	}
	path := serverPath(cacheDir, key)
	if isProgram(path) {
		return path, nil
	}
	unlock, err := lockFile(ctx, filepath.Join(cacheDir, "temporal.lock"), func(waited time.Duration) {
		progress.say("waiting for another process that builds the Temporal server (%s)", waited.Round(time.Second))
	})
	if err != nil {
		return "", err
	}
	defer unlock()
	if isProgram(path) { // built while we waited
		return path, nil
	}
	if err := buildServer(ctx, source, path, progress); err != nil {
		return "", err
	}
	return path, nil
}

func serverPath(cacheDir, key string) string {
	return filepath.Join(cacheDir, "temporal", key, "danbi-temporal")
}

func newestServer(cacheDir string) string {
	found, err := filepath.Glob(serverPath(cacheDir, "*"))
	if err != nil {
		return ""
	}
	modified := func(path string) int64 {
		info, err := os.Stat(path)
		if err != nil {
			return 0
		}
		return info.ModTime().UnixNano()
	}
	found = slices.DeleteFunc(found, func(path string) bool { return !isProgram(path) })
	if len(found) == 0 {
		return ""
	}
	return slices.MaxFunc(found, func(a, b string) int {
		return int(min(1, max(-1, modified(a)-modified(b))))
	})
}

func isProgram(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o100 != 0
}

// serverSource finds deploy/local by walking up from the working directory (the clone that `go run ./starter` or
// `go test` runs in), then from the program itself (one that was built into the clone).
func serverSource() (string, error) {
	var from []string
	if wd, err := os.Getwd(); err == nil {
		from = append(from, wd)
	}
	if exe, err := os.Executable(); err == nil {
		from = append(from, filepath.Dir(exe))
	}
	for _, dir := range from {
		for {
			source := filepath.Join(dir, "deploy", "local")
			text, err := os.ReadFile(filepath.Join(source, "go.mod"))
			if err == nil && strings.HasPrefix(string(text), "module "+serverModule+"\n") {
				return source, nil
			}
			parent := filepath.Dir(dir)
			if parent == dir {
				break
			}
			dir = parent
		}
	}
	return "", errors.New("the Temporal server's source (deploy/local) isn't here: run this inside the Danbi clone, " +
		"put the `temporal` command on PATH, or set TEMPORAL_ADDRESS to a server of yours")
}

// sourceKey hashes everything that decides what the build makes.
func sourceKey(source string) (string, error) {
	entries, err := os.ReadDir(source)
	if err != nil {
		return "", fmt.Errorf("read the Temporal server's source: %w", err)
	}
	hash := sha256.New()
	fmt.Fprintf(hash, "%s %s/%s\n", runtime.Version(), runtime.GOOS, runtime.GOARCH)
	for _, entry := range entries { // sorted by name
		name := entry.Name()
		built := strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go")
		if !built && name != "go.mod" && name != "go.sum" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(source, name))
		if err != nil {
			return "", fmt.Errorf("read the Temporal server's source: %w", err)
		}
		fmt.Fprintf(hash, "%s %d\n%s", name, len(text), text)
	}
	return hex.EncodeToString(hash.Sum(nil)[:8]), nil
}
