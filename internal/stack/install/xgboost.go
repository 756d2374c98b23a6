package install

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// EnvXGBoostLib names a libxgboost that is already on this machine; no other is looked for then.
const EnvXGBoostLib = "DANBI_XGBOOST_LIB"

// xgboostSystem is where systems keep the library: of their own packages, and of an administrator.
var xgboostSystem = []string{
	"/usr/local/lib/libxgboost.so", "/usr/local/lib64/libxgboost.so",
	"/usr/lib/x86_64-linux-gnu/libxgboost.so.0", "/usr/lib/aarch64-linux-gnu/libxgboost.so.0",
	"/usr/lib64/libxgboost.so", "/usr/lib/libxgboost.so",
}

// FindXGBoost returns the path of an XGBoost library that is there: the one DANBI_XGBOOST_LIB names, what XGBoost has
// installed into cacheDir (empty: CacheDir), the system's. It is empty when there is none.
func FindXGBoost(cacheDir string) (path string, err error) {
	if path := os.Getenv(EnvXGBoostLib); path != "" {
		if _, err := os.Stat(path); err != nil {
			return "", fmt.Errorf("%s names no file: %w", EnvXGBoostLib, err)
		}
		return path, nil
	}
	if cacheDir == "" {
		if cacheDir, err = CacheDir(); err != nil {
			return "", err
		}
	}
	if path := installedXGBoost(filepath.Join(cacheDir, "xgboost")); path != "" {
		return path, nil
	}
	for _, path := range xgboostSystem {
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", nil
}

// XGBoost returns what FindXGBoost finds, and where there is nothing installs it for this user without an
// administrator's rights: from Python's package index by pip, its checksum verified, or else from Debian's archive by
// apt, which verifies it. Several processes may call it at once, and after a failure it can be called again.
func XGBoost(ctx context.Context, cacheDir string, progress Progress) (path string, err error) {
	if path, err = FindXGBoost(cacheDir); path != "" || err != nil {
		return path, err
	}
	if cacheDir == "" {
		if cacheDir, err = CacheDir(); err != nil {
			return "", err
		}
	}
	return installXGBoost(ctx, filepath.Join(cacheDir, "xgboost"), xgboostWheels[runtime.GOOS+"/"+runtime.GOARCH], progress)
}

// installXGBoost fetches the library into root by the first way that works.
func installXGBoost(ctx context.Context, root string, pinned wheel, progress Progress) (string, error) {
	if err := os.MkdirAll(root, 0o755); err != nil {
		return "", fmt.Errorf("make the cache folder %s (set DANBI_CACHE to another): %w", root, err)
	}
	unlock, err := lockFile(ctx, filepath.Join(root, "install.lock"), func(waited time.Duration) {
		progress.say("waiting for another installation of XGBoost (%s)", waited.Round(time.Second))
	})
	if err != nil {
		return "", err
	}
	defer unlock()
	if path := installedXGBoost(root); path != "" { // by whoever held the lock
		return path, nil
	}
	if err := errors.Join(sweep(root), needSpace(root, 64<<20)); err != nil {
		return "", explainFull(err, "XGBoost", root)
	}
	var faults []error
	for _, way := range []func(context.Context, string, Progress) error{pinned.fetch, fetchDebian} {
		if err = attempt(ctx, root, way, progress); err == nil {
			return installedXGBoost(root), nil
		}
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		faults = append(faults, explainFull(err, "XGBoost", root))
	}
	return "", fmt.Errorf("XGBoost, which trains the models, can't be installed here: install a libxgboost of 1.7 or newer (Debian: apt-get install libxgboost0) or set %s to one: %w",
		EnvXGBoostLib, errors.Join(faults...))
}

// attempt has the way fill an empty folder, and moves that into place when it is whole.
func attempt(ctx context.Context, root string, way func(ctx context.Context, work string, progress Progress) error, progress Progress) error {
	work, err := os.MkdirTemp(root, workPrefix)
	if err != nil {
		return fmt.Errorf("make a folder in %s: %w", root, err)
	}
	defer func() { _ = os.RemoveAll(work) }()
	if err := way(ctx, work, progress); err != nil {
		return err
	}
	fresh, home := filepath.Join(work, xgboostHome), filepath.Join(root, xgboostHome)
	if xgboostIn(fresh) == "" {
		return errors.New("the package holds no libxgboost")
	}
	if err := os.RemoveAll(home); err != nil {
		return fmt.Errorf("remove an incomplete installation: %w", err)
	}
	if err := os.Rename(fresh, home); err != nil {
		return fmt.Errorf("move XGBoost into place: %w", err)
	}
	return nil
}

// xgboostHome is the folder of an installation, in the cache and in the folder that it is made in. It is moved whole,
// so that what is there was there whole.
const xgboostHome = "home"

func installedXGBoost(root string) string { return xgboostIn(filepath.Join(root, xgboostHome)) }

// xgboostIn finds the library in a package as it was laid out by its makers: its other parts are found from there.
func xgboostIn(home string) string {
	for _, pattern := range []string{"xgboost/lib/libxgboost.so", "libxgboost.so.0"} {
		if path := filepath.Join(home, pattern); exists(path) {
			return path
		}
	}
	return ""
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// patience is how long a stack waits for what it can do without.
const patience = 2 * time.Minute

// XGBoostIfItCan is XGBoost for those who can do without: when there is none and none can be installed soon, the
// progress says so and the path is empty.
func XGBoostIfItCan(ctx context.Context, cacheDir string, progress Progress) (path string, err error) {
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	path, err = XGBoost(limited, cacheDir, progress)
	if err != nil && ctx.Err() == nil {
		progress.say("no models are trained: %v", err)
		return "", nil
	}
	return path, err
}
