package main

import (
	"os"

	"golang.org/x/sys/unix"
)

const (
	shared    = "/dev/shm" // Linux keeps it in memory
	roomOfRun = 1 << 30    // bytes that one run may come to
)

// passingFolder is where data lie that nobody needs in a minute: in memory where there is room, because a third of a
// small run's processor time is its file system's, else in the system's temporary folder.
func passingFolder(memory string, room uint64) string {
	var stat unix.Statfs_t
	if err := unix.Statfs(memory, &stat); err != nil {
		return os.TempDir()
	}
	if free := stat.Bavail * uint64(stat.Bsize); free < room { //nolint:gosec // a block's size is positive
		return os.TempDir()
	}
	probe, err := os.MkdirTemp(memory, "danbi-")
	if err != nil {
		return os.TempDir()
	}
	_ = os.Remove(probe)
	return memory
}
