package engine

import (
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"github.com/ebitengine/purego"
)

// Opaque handles of the C interface. They point into the library's own memory,
// which the garbage collector never moves or frees.
type (
	connHandle   uintptr
	resultHandle uintptr
	insertHandle uintptr
)

// library is libchdb bound by name. Only what the HTTP interface needs is
// bound; the header is programs/local/chdb.h of chdb-io/chdb-core.
type library struct {
	setSignalHandlers func(enabled int32)
	connect           func(argc int32, argv **byte) *connHandle
	closeConn         func(conn *connHandle)

	query func(conn connHandle, sql *byte, sqlLen uintptr, format *byte, formatLen uintptr,
		names **byte, nameLens *uintptr, values **byte, valueLens *uintptr, count uintptr) resultHandle
	streamQuery func(conn connHandle, sql *byte, sqlLen uintptr, format *byte, formatLen uintptr,
		names **byte, nameLens *uintptr, values **byte, valueLens *uintptr, count uintptr) resultHandle
	streamFetch  func(conn connHandle, stream resultHandle) resultHandle
	streamCancel func(conn connHandle, stream resultHandle)

	insert func(conn connHandle, sql *byte, sqlLen uintptr, format *byte, formatLen uintptr,
		names **byte, nameLens *uintptr, values **byte, valueLens *uintptr, count uintptr) insertHandle
	insertAppend  func(stream insertHandle, data *byte, length uintptr) int32
	insertDone    func(stream insertHandle) resultHandle
	insertCancel  func(stream insertHandle)
	insertError   func(stream insertHandle) string
	insertDestroy func(stream insertHandle)

	resultBuffer      func(result resultHandle) *byte
	resultLength      func(result resultHandle) uintptr
	resultError       func(result resultHandle) string
	resultRowsRead    func(result resultHandle) uint64
	resultRowsWritten func(result resultHandle) uint64
	resultDestroy     func(result resultHandle)
}

// load maps the library and binds its functions. A library of another version
// that lacks one of them is an error, not a panic.
func load(path string) (lib *library, err error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("the ClickHouse engine library is missing (install it by starting the stack again): %w", err)
	}
	if err := setZone("UTC"); err != nil {
		return nil, err
	}
	handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, fmt.Errorf("load the ClickHouse engine library %s: %w", path, err)
	}
	defer func() {
		if missing := recover(); missing != nil {
			lib, err = nil, fmt.Errorf("the library %s is not the engine version Danbi was built for: %v", path, missing)
		}
	}()
	lib = &library{}
	for name, target := range map[string]any{
		"chdb_set_signal_handlers_enabled": &lib.setSignalHandlers,
		"chdb_connect":                     &lib.connect,
		"chdb_close_conn":                  &lib.closeConn,
		"chdb_query_with_params_n":         &lib.query,
		"chdb_stream_query_with_params_n":  &lib.streamQuery,
		"chdb_stream_fetch_result":         &lib.streamFetch,
		"chdb_stream_cancel_query":         &lib.streamCancel,
		"chdb_stream_insert_with_params_n": &lib.insert,
		"chdb_stream_append":               &lib.insertAppend,
		"chdb_stream_done":                 &lib.insertDone,
		"chdb_stream_cancel_insert":        &lib.insertCancel,
		"chdb_stream_insert_error":         &lib.insertError,
		"chdb_destroy_insert_stream":       &lib.insertDestroy,
		"chdb_result_buffer":               &lib.resultBuffer,
		"chdb_result_length":               &lib.resultLength,
		"chdb_result_error":                &lib.resultError,
		"chdb_result_rows_read":            &lib.resultRowsRead,
		"chdb_result_rows_written":         &lib.resultRowsWritten,
		"chdb_destroy_query_result":        &lib.resultDestroy,
	} {
		purego.RegisterLibFunc(target, handle, name)
	}
	// The engine's handlers would take Go's SIGSEGV, and a nil dereference in
	// Go would hang the process instead of ending it.
	lib.setSignalHandlers(0)
	return lib, nil
}

// setZone sets TZ in C's copy of the environment, which os.Setenv does not
// reach without cgo. The engine reads it once, when it is loaded.
func setZone(zone string) error {
	name := "libc.so.6"
	if runtime.GOOS == "darwin" {
		name = "/usr/lib/libSystem.B.dylib"
	}
	libc, err := purego.Dlopen(name, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return fmt.Errorf("load the C library (the engine needs glibc or macOS): %w", err)
	}
	var setenv func(name, value string, overwrite int32) int32
	purego.RegisterLibFunc(&setenv, libc, "setenv")
	if setenv("TZ", zone, 1) != 0 {
		return fmt.Errorf("set TZ=%s for the engine", zone)
	}
	return nil
}

// parameters is the C form of a map of query parameters.
type parameters struct {
	names, values       []*byte
	nameLens, valueLens []uintptr
}

func bind(values map[string]string) parameters {
	var p parameters
	for name, value := range values {
		p.names = append(p.names, unsafe.StringData(name))
		p.nameLens = append(p.nameLens, uintptr(len(name)))
		// The pointer of an empty string is unspecified; C wants one it may keep.
		if value == "" {
			value = "\x00"[:1]
			p.valueLens = append(p.valueLens, 0)
		} else {
			p.valueLens = append(p.valueLens, uintptr(len(value)))
		}
		p.values = append(p.values, unsafe.StringData(value))
	}
	return p
}

type startFunc[H ~uintptr] func(conn connHandle, sql *byte, sqlLen uintptr, format *byte, formatLen uintptr,
	names **byte, nameLens *uintptr, values **byte, valueLens *uintptr, count uintptr) H

// start calls one of the three functions that begin a statement.
func start[H ~uintptr](f startFunc[H], conn connHandle, sql, format string, params map[string]string) H {
	p := bind(params)
	h := f(conn, unsafe.StringData(sql), uintptr(len(sql)), unsafe.StringData(format), uintptr(len(format)),
		unsafe.SliceData(p.names), unsafe.SliceData(p.nameLens),
		unsafe.SliceData(p.values), unsafe.SliceData(p.valueLens), uintptr(len(p.names)))
	runtime.KeepAlive(p)
	runtime.KeepAlive(params)
	runtime.KeepAlive(sql)
	runtime.KeepAlive(format)
	return h
}

// arguments builds argv; the returned slices must outlive the call.
func arguments(args []string) (argv []*byte, keep [][]byte) {
	for _, a := range args {
		text := append([]byte(a), 0)
		keep = append(keep, text)
		argv = append(argv, unsafe.SliceData(text))
	}
	return append(argv, nil), keep
}
