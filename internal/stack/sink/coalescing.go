package sink

import (
	"net"
	"sync"
	"time"
)

// coalescing holds answers back until the server waits for its client again. A client that pipelines (RFC 2920) then
// gets the answers to a group of commands in one packet; one that does not sees no difference. Half of the work of a
// mail is system calls, so this is worth a third of the rate.
type coalescing struct{ net.Listener }

// Accept wraps the next connection.
func (l coalescing) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &bufferedConn{Conn: conn}, nil
}

// bufferedConn is read and written by one goroutine; Close may come from another.
type bufferedConn struct {
	net.Conn
	mu      sync.Mutex
	pending []byte
}

// Write keeps p until the next Read or Close.
func (c *bufferedConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pending = append(c.pending, p...)
	if len(c.pending) > 32<<10 {
		return len(p), c.flush()
	}
	return len(p), nil
}

// Read sends what was kept, then waits for the client.
func (c *bufferedConn) Read(p []byte) (int, error) {
	c.mu.Lock()
	err := c.flush()
	c.mu.Unlock()
	if err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

// Close sends what was kept, such as the answer to QUIT.
func (c *bufferedConn) Close() error {
	c.mu.Lock()
	_ = c.SetWriteDeadline(time.Now().Add(time.Second))
	_ = c.flush()
	c.mu.Unlock()
	return c.Conn.Close()
}

func (c *bufferedConn) flush() error {
	if len(c.pending) == 0 {
		return nil
	}
	_, err := c.Conn.Write(c.pending)
	c.pending = c.pending[:0]
	return err
}
