package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestTwoServersOnOneDatabaseAreRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "temporal.db.lock")
	unlock, err := lock(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock(path); err == nil || !strings.Contains(err.Error(), "another Temporal server uses this database") {
		t.Fatalf("the second lock gave %v", err)
	}
	unlock()
	again, err := lock(path)
	if err != nil {
		t.Fatalf("the lock wasn't let go of: %v", err)
	}
	again()
}

func TestATakenPortIsNamedWithItsFlag(t *testing.T) {
	l, err := net.Listen("tcp", hostPort(0))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	s := settings{UIPort: l.Addr().(*net.TCPAddr).Port}
	if err := s.choosePorts(); err == nil || !strings.Contains(err.Error(), "--ui-port") {
		t.Fatalf("a taken port gave %v", err)
	}
}

func TestAHalfWrittenSchemaIsWrittenAgain(t *testing.T) {
	s := settings{Database: filepath.Join(t.TempDir(), "temporal.db"), Namespace: "default", Retention: time.Hour}
	// What a process killed while it wrote the schema leaves.
	if err := os.WriteFile(s.Database+".new", []byte("SQLite format 3\x00 and then nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // made, then found again
		if _, err := openDatabase(s); err != nil {
			t.Fatal(err)
		}
	}
}
