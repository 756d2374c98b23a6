package install

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// debianParts are the library and those of its parts that a small system lacks.
var debianParts = []string{"libxgboost0", "libdmlc0", "libgomp1"}

// fetchDebian unpacks the system's own packages beside the system: apt verifies them by the archive's signature, and
// in folders of its own it needs no administrator and no package lists.
func fetchDebian(ctx context.Context, work string, progress Progress) error {
	for _, tool := range []string{"apt-get", "dpkg"} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("%s is missing, which fetches XGBoost on Debian and its kin", tool)
		}
	}
	progress.say("downloading XGBoost by apt")
	for _, dir := range []string{"lists/partial", "cache/archives/partial"} {
		if err := os.MkdirAll(filepath.Join(work, dir), 0o755); err != nil {
			return fmt.Errorf("make a folder for apt: %w", err)
		}
	}
	own := []string{
		"-qq", "-o", "Dir::State::Lists=" + filepath.Join(work, "lists"), "-o", "Dir::Cache=" + filepath.Join(work, "cache"),
		"-o", "APT::Sandbox::User=", "-o", "Acquire::Languages=none",
	}
	if err := runQuietly(ctx, work, "apt-get", append(own, "update")...); err != nil {
		return fmt.Errorf("apt could not read the archive's lists: check the network and apt's sources: %w", err)
	}
	if err := runQuietly(ctx, work, "apt-get", append(append(own, "download"), debianParts...)...); err != nil {
		return fmt.Errorf("apt could not fetch libxgboost0: %w", err)
	}
	packages, err := filepath.Glob(filepath.Join(work, "*.deb"))
	if err != nil || len(packages) != len(debianParts) {
		return fmt.Errorf("apt left %d packages where %d were expected", len(packages), len(debianParts))
	}
	tree := filepath.Join(work, "tree")
	for _, name := range packages {
		if err := runQuietly(ctx, work, "dpkg", "-x", name, tree); err != nil {
			return fmt.Errorf("unpack %s: %w", filepath.Base(name), err)
		}
	}
	return gatherDebian(tree, filepath.Join(work, xgboostHome))
}

// gatherDebian lays the libraries beside each other under the names by which they ask for each other.
func gatherDebian(tree, home string) error {
	folder := map[string]string{"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}[runtime.GOARCH]
	if folder == "" {
		return fmt.Errorf("no folder of Debian's libraries is known for %s", runtime.GOARCH)
	}
	if err := os.MkdirAll(home, 0o755); err != nil {
		return fmt.Errorf("unpack XGBoost: %w", err)
	}
	for _, name := range []string{"libgomp.so.1", "libdmlc.so.0", "libxgboost.so.0"} {
		from, err := os.Open(filepath.Join(tree, "usr", "lib", folder, name))
		if err != nil {
			return fmt.Errorf("unpack %s: %w", name, err)
		}
		if err := errors.Join(writeSynced(filepath.Join(home, name), 0o755, from), from.Close()); err != nil {
			return fmt.Errorf("unpack %s: %w", name, err)
		}
	}
	return nil
}
