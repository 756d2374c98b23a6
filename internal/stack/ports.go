package stack

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports on 127.0.0.1. One that is 0 is the port of the last time, when that is free, else any free one.
type Ports struct {
	ClickHouse      int
	Temporal        int
	TemporalUI      int
	TemporalMetrics int
	SMTP            int
	SMPP            int
	SinkHTTP        int
	WorkerMetrics   int
	Metrics         int
}

// Free ports are looked for below the range that kernels hand to outgoing connections: a client that redials a server
// while it restarts could be given the server's own port, and would then keep the server from coming back.
const (
	lowestPort  = 20_000
	highestPort = 32_000
)

// FreePort returns a port on 127.0.0.1 that nothing listens on and that no outgoing connection is given.
func FreePort() (int, error) {
	l, err := listenFree()
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func listenFree() (net.Listener, error) {
	const tries = 200
	for range tries {
		port := lowestPort + rand.IntN(highestPort-lowestPort)
		if l, err := net.Listen("tcp", loopback(port)); err == nil {
			return l, nil
		}
	}
	return nil, fmt.Errorf("no free port was found between %d and %d on this machine", lowestPort, highestPort)
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// portChoice chooses several ports, holding each until all are chosen, so that none is chosen twice.
type portChoice struct {
	held   []net.Listener
	faults []error
}

// choose returns host:port. A named port must be free; an earlier one may have been taken meanwhile.
func (c *portChoice) choose(purpose string, named int, earlier string) string {
	var l net.Listener
	var err error
	switch {
	case named != 0:
		if l, err = net.Listen("tcp", loopback(named)); err != nil {
			c.faults = append(c.faults, fmt.Errorf("port %d for %s is taken: stop what listens there or name another (%w)", named, purpose, err))
			return ""
		}
	default:
		if port, atoiErr := strconv.Atoi(portOf(earlier)); atoiErr == nil && port > 0 {
			l, err = net.Listen("tcp", loopback(port))
		}
		if l == nil || err != nil {
			if l, err = listenFree(); err != nil {
				c.faults = append(c.faults, err)
				return ""
			}
		}
	}
	c.held = append(c.held, l)
	return l.Addr().String()
}

// done lets go of the ports, for the parts to take.
func (c *portChoice) done() error {
	for _, l := range c.held {
		_ = l.Close()
	}
	return errors.Join(c.faults...)
}
