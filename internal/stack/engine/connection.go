package engine

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"unsafe"
)

// connection is one session of the engine. It runs one statement at a time and
// is not safe for use by several goroutines. Opening one takes 0.2 ms, so each
// request has its own: settings and the current database never leak, and
// requests run in parallel.
type connection struct {
	lib     *library
	pointer *connHandle
	handle  connHandle
}

// errLocked is what the engine means when it answers with no connection at all.
var errLocked = errors.New("the engine refuses the connection: the data folder may be in use by another process, or not be writable")

func (l *library) open(args []string) (*connection, error) {
	argv, keep := arguments(args)
	pointer := l.connect(int32(len(args)), unsafe.SliceData(argv))
	runtime.KeepAlive(keep)
	if pointer == nil || *pointer == 0 {
		return nil, errLocked
	}
	return &connection{lib: l, pointer: pointer, handle: *pointer}, nil
}

func (c *connection) close() { c.lib.closeConn(c.pointer) }

// summary counts what a statement did.
type summary struct{ rowsRead, rowsWritten uint64 }

func (s *summary) add(lib *library, r resultHandle) {
	s.rowsRead += lib.resultRowsRead(r)
	s.rowsWritten += lib.resultRowsWritten(r)
}

// sink takes one chunk of output. The bytes are valid only during the call.
type sink func(chunk []byte) error

// exec runs a whole statement before it hands out any output, so that an error
// is known first.
func (c *connection) exec(sql, format string, params map[string]string, out sink) (summary, error) {
	var done summary
	r := start(c.lib.query, c.handle, sql, format, params)
	if r == 0 {
		return done, errors.New("the engine gave no result")
	}
	defer c.lib.resultDestroy(r)
	if text := c.lib.resultError(r); text != "" {
		return done, parseException(text)
	}
	done.add(c.lib, r)
	if out == nil {
		return done, nil
	}
	if n := c.lib.resultLength(r); n > 0 {
		return done, out(unsafe.Slice(c.lib.resultBuffer(r), n))
	}
	return done, nil
}

// stream runs a SELECT and hands out its chunks as they come. Statements that
// can't be streamed are run whole.
func (c *connection) stream(sql, format string, params map[string]string, out sink) (summary, error) {
	var done summary
	r := start(c.lib.streamQuery, c.handle, sql, format, params)
	if r == 0 {
		return done, errors.New("the engine gave no result")
	}
	destroyed := false
	destroy := func() {
		if !destroyed {
			destroyed = true
			c.lib.resultDestroy(r)
		}
	}
	defer destroy()
	if text := c.lib.resultError(r); text != "" {
		if strings.Contains(text, "Streaming query is not supported") {
			destroy()
			return c.exec(sql, format, params, out)
		}
		return done, parseException(text)
	}
	for {
		more, err := c.fetch(r, &done, out)
		if err != nil {
			c.lib.streamCancel(c.handle, r)
			return done, err
		}
		if !more {
			return done, nil
		}
	}
}

func (c *connection) fetch(stream resultHandle, done *summary, out sink) (more bool, err error) {
	chunk := c.lib.streamFetch(c.handle, stream)
	if chunk == 0 {
		return false, errors.New("the engine gave no chunk")
	}
	defer c.lib.resultDestroy(chunk)
	if text := c.lib.resultError(chunk); text != "" {
		return false, parseException(text)
	}
	n := c.lib.resultLength(chunk)
	if n == 0 {
		return false, nil
	}
	done.add(c.lib, chunk)
	return true, out(unsafe.Slice(c.lib.resultBuffer(chunk), n))
}

// source yields the next piece of a body: io.EOF ends it, any other error
// abandons the insert.
type source func() ([]byte, error)

// insert feeds pieces of a body to INSERT. What was cut off by an error of the
// source is not committed beyond the blocks that the engine has already
// written: the insert is not atomic across blocks.
func (c *connection) insert(sql, format string, params map[string]string, next source) (summary, error) {
	var done summary
	h := start(c.lib.insert, c.handle, sql, format, params)
	if h == 0 {
		return done, errors.New("the engine opened no insert")
	}
	defer c.lib.insertDestroy(h)
	if text := c.lib.insertError(h); text != "" {
		return done, parseException(text)
	}
	if err := c.feed(h, next); err != nil {
		c.lib.insertCancel(h)
		return done, err
	}
	r := c.lib.insertDone(h)
	if r == 0 {
		return done, errors.New("the engine did not say how the insert ended")
	}
	defer c.lib.resultDestroy(r)
	if text := c.lib.resultError(r); text != "" {
		return done, parseException(text)
	}
	done.add(c.lib, r)
	return done, nil
}

func (c *connection) feed(h insertHandle, next source) error {
	for {
		piece, err := next()
		if len(piece) > 0 && c.lib.insertAppend(h, unsafe.SliceData(piece), uintptr(len(piece))) != 0 {
			if text := c.lib.insertError(h); text != "" {
				return parseException(text)
			}
			return fmt.Errorf("the engine closed the insert early")
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
