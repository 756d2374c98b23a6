package install

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// amount says how far a step is, in bytes.
func (p Progress) amount(step string, done, total int64) {
	p.say("%s: %d of %d MB", step, done/1e6, total/1e6)
}

// enginePackage pins one build of the engine library.
type enginePackage struct {
	name      string // npm package
	version   string
	integrity string // base64 of the tgz's SHA-512
	library   string // file in the package
	tgzSize   int64
	libSize   int64
}

// Only builds whose checksum we know are installed. The registry is never
// asked for a checksum: it would vouch for itself.
var enginePackages = map[string]enginePackage{
	"linux/amd64": {
		name: "@chdb/lib-linux-x64-gnu", version: "26.7.3-stable.1",
		integrity: "XP97mMqnc5tZpKQywR8N7cLTsHNiTmHr30pC5mzo3jWmukjKn2IBa60c2B/gWUNcuFjOMjWoorQICCqBVj5wpw==",
		library:   "libchdb.so", tgzSize: 177817999, libSize: 566330096,
	},
}

// EnvEngineLib names a libchdb that is already on this machine; nothing is
// installed then. For machines without a package registry.
const EnvEngineLib = "DANBI_ENGINE_LIB"

// Engine returns the path of the ClickHouse engine library, installing it into
// cacheDir first where it is missing. An empty cacheDir means CacheDir(). Several
// processes may call it at once: one installs, the others wait for it. After
// any failure it can simply be called again.
func Engine(ctx context.Context, cacheDir string, progress Progress) (libPath string, err error) {
	if path := os.Getenv(EnvEngineLib); path != "" {
		if _, err := os.Stat(path); err != nil {
			return "", fmt.Errorf("%s names no file: %w", EnvEngineLib, err)
		}
		return path, nil
	}
	platform := runtime.GOOS + "/" + runtime.GOARCH
	pkg, ok := enginePackages[platform]
	if !ok {
		return "", fmt.Errorf("no ClickHouse engine library is pinned for %s: set DANBI_CLICKHOUSE_ADDR to a ClickHouse server of your own, or %s to a libchdb that you trust", platform, EnvEngineLib)
	}
	if cacheDir == "" {
		if cacheDir, err = CacheDir(); err != nil {
			return "", err
		}
	}
	return pkg.install(ctx, cacheDir, progress)
}

func (p enginePackage) install(ctx context.Context, cacheDir string, progress Progress) (string, error) {
	root := filepath.Join(cacheDir, "engine")
	home := filepath.Join(root, p.version+"-"+strings.ReplaceAll(strings.TrimPrefix(p.name, "@"), "/", "-"))
	lib := filepath.Join(home, p.library)
	if p.installed(home) {
		return lib, nil
	}
	if err := os.MkdirAll(root, 0o755); err != nil {
		return "", fmt.Errorf("make the cache folder %s (set DANBI_CACHE to another): %w", root, err)
	}
	unlock, err := lockFile(ctx, filepath.Join(root, "install.lock"), func(waited time.Duration) {
		progress.say("waiting for another installation of the ClickHouse engine (%s)", waited.Round(time.Second))
	})
	if err != nil {
		return "", err
	}
	defer unlock()
	if p.installed(home) { // by whoever held the lock
		return lib, nil
	}
	if err := p.fetch(ctx, root, home, progress); err != nil {
		return "", explainFull(err, "the ClickHouse engine", root)
	}
	return lib, nil
}

// manifest is written last into an installation, beside the library.
type manifest struct {
	Integrity string `json:"integrity"`
	Size      int64  `json:"size"` // of the library, bytes
}

const manifestName = "installed.json"

// installed tells a whole installation from what a crash left.
func (p enginePackage) installed(home string) bool {
	text, err := os.ReadFile(filepath.Join(home, manifestName))
	if err != nil {
		return false
	}
	var m manifest
	if json.Unmarshal(text, &m) != nil || m.Integrity != p.integrity {
		return false
	}
	info, err := os.Stat(filepath.Join(home, p.library))
	return err == nil && info.Size() == m.Size
}

// fetch downloads, verifies and unpacks beside home, then moves it there.
func (p enginePackage) fetch(ctx context.Context, root, home string, progress Progress) error {
	if err := sweep(root); err != nil {
		return err
	}
	if err := needSpace(root, 2*p.tgzSize+p.libSize); err != nil {
		return err
	}
	work, err := os.MkdirTemp(root, workPrefix)
	if err != nil {
		return fmt.Errorf("make a folder in %s: %w", root, err)
	}
	defer func() { _ = os.RemoveAll(work) }()
	tgz, err := p.download(ctx, root, work, progress)
	if err != nil {
		return err
	}
	if err := p.verify(tgz, progress); err != nil {
		return errors.Join(err, os.RemoveAll(filepath.Join(root, npmCache)))
	}
	fresh := filepath.Join(work, "fresh")
	if err := p.unpack(ctx, tgz, fresh, progress); err != nil {
		return err
	}
	if err := os.RemoveAll(home); err != nil {
		return fmt.Errorf("remove an incomplete installation: %w", err)
	}
	if err := os.Rename(fresh, home); err != nil {
		return fmt.Errorf("move the engine library into place: %w", err)
	}
	// npm's copy was only for trying again.
	return os.RemoveAll(filepath.Join(root, npmCache))
}
