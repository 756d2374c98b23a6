package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"syscall"
)

// lock takes the file for this process alone. SQLite lets two servers open one database without an error, and each
// would then overwrite what the other believes.
func lock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock file: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("another Temporal server uses this database (%s is locked): stop it, or name another file with --db", path)
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return func() { _ = f.Close() }, nil
}

// choosePorts fills in ports left at 0 and makes sure that named ones are free: the UI's own failure to listen would
// end the process without a sentence.
func (s *settings) choosePorts() error {
	for _, p := range []struct {
		flag string
		port *int
	}{{"--port", &s.Port}, {"--ui-port", &s.UIPort}, {"--metrics-port", &s.MetricsPort}} {
		port, err := freePort(*p.port)
		if err != nil {
			return fmt.Errorf("port %d is taken: stop what listens there, or name another with %s (%w)", *p.port, p.flag, err)
		}
		*p.port = port
	}
	return nil
}

func freePort(want int) (int, error) {
	l, err := net.Listen("tcp", hostPort(want))
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func hostPort(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
