package stacktest

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"
)

// Quota makes a folder that holds at most so many bytes: a full disk at hand.
// It is a mount, so it needs root. Without, the test fails in CI and is
// skipped, saying so, elsewhere.
func Quota(t testing.TB, bytes int64) (dir string) {
	t.Helper()
	dir = t.TempDir()
	err := syscall.Mount("danbi-quota", dir, "tmpfs", 0, fmt.Sprintf("size=%d", bytes))
	if errors.Is(err, syscall.EPERM) && os.Getenv("CI") == "" {
		t.Skip("a disk with a quota is a mount, which needs root: run this test as root")
	}
	if err != nil {
		t.Fatalf("mount a disk with a quota: %v", err)
	}
	t.Cleanup(func() {
		// Detached, so that a process that still looks at it can't hold up the test.
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmount the disk with a quota: %v", err)
		}
	})
	return dir
}
