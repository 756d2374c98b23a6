// Package xgboost trains forests on binned features with the XGBoost library, which is loaded at run time and needs no
// C compiler. Only training is asked of it: a trained model leaves as a forest.Forest, with the same scores.
package xgboost

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"unsafe"

	"github.com/ebitengine/purego"
)

// ErrMissing means that there is no XGBoost library to train with.
var ErrMissing = errors.New("XGBoost is missing, which trains the models: run `starter install`, or set DANBI_XGBOOST_LIB to a libxgboost.so of 1.7 or newer")

// The oldest release whose functions are all there.
const oldestMajor, oldestMinor = 1, 7

// Handles of the C interface; they point into the library's memory.
type (
	matrixHandle  uintptr
	boosterHandle uintptr
)

// calls are the functions of xgboost/c_api.h that are used. Each returns 0, or -1 and leaves its error with the thread.
type calls struct {
	version   func(major, minor, patch *int32)
	lastError func() string

	matrixFromDense func(data, config string, out *matrixHandle) int32
	matrixSetInfo   func(m matrixHandle, field, data string) int32
	matrixFree      func(m matrixHandle) int32

	boosterCreate  func(matrices *matrixHandle, count uint64, out *boosterHandle) int32
	boosterSet     func(b boosterHandle, name, value string) int32
	boosterUpdate  func(b boosterHandle, round int32, m matrixHandle) int32
	boosterSave    func(b boosterHandle, config string, length *uint64, out **byte) int32
	boosterPredict func(b boosterHandle, data, config string, m matrixHandle, shape **uint64, dim *uint64, out **float32) int32
	matrixPredict  func(b boosterHandle, m matrixHandle, config string, shape **uint64, dim *uint64, out **float32) int32
	boosterFree    func(b boosterHandle) int32
}

// Library is a loaded XGBoost. It may be used by several goroutines; their calls run one after the other, each on all
// the cores it was given, because the library's state belongs to the thread that made it.
type Library struct {
	calls   calls
	work    chan func()
	Version string // such as 1.7.4
}

// Open loads the library at path; internal/stack/install finds or installs one. It stays loaded until the process
// ends, as its threads do.
func Open(path string) (*Library, error) {
	if path == "" {
		return nil, ErrMissing
	}
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("%w (%w)", ErrMissing, err)
	}
	if err := waitPassively(); err != nil {
		return nil, err
	}
	// What lies beside it serves it first: an unpacked package finds its own parts without an LD_LIBRARY_PATH.
	beside := []string{"libgomp.so.1", "libdmlc.so.0"}
	for _, name := range beside {
		if part := filepath.Join(filepath.Dir(path), name); exists(part) {
			if _, err := purego.Dlopen(part, purego.RTLD_NOW|purego.RTLD_GLOBAL); err != nil {
				return nil, fmt.Errorf("load a part of XGBoost: %w", err)
			}
		}
	}
	handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, fmt.Errorf("load XGBoost from %s: %w", path, err)
	}
	l := &Library{work: make(chan func())}
	if err := l.calls.bind(handle); err != nil {
		return nil, fmt.Errorf("%s is no XGBoost of %d.%d or newer: %w", path, oldestMajor, oldestMinor, err)
	}
	var major, minor, patch int32
	l.calls.version(&major, &minor, &patch)
	l.Version = fmt.Sprintf("%d.%d.%d", major, minor, patch)
	if major < oldestMajor || major == oldestMajor && minor < oldestMinor {
		return nil, fmt.Errorf("%s is XGBoost %s: %d.%d or newer is needed", path, l.Version, oldestMajor, oldestMinor)
	}
	go l.serve()
	return l, nil
}

// waitPassively has the library's threads sleep when they wait for each other. They would turn in a loop, which on a
// machine that does other work as well makes training many times slower. It is read once, when the library is loaded,
// and from C's copy of the environment; what the user has set stays.
func waitPassively() error {
	libc, err := purego.Dlopen("libc.so.6", purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return fmt.Errorf("load the C library (XGBoost needs Linux with glibc): %w", err)
	}
	var setenv func(name, value string, overwrite int32) int32
	purego.RegisterLibFunc(&setenv, libc, "setenv")
	if setenv("OMP_WAIT_POLICY", "passive", 0) != 0 {
		return errors.New("set OMP_WAIT_POLICY for XGBoost")
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func (c *calls) bind(handle uintptr) error {
	for name, target := range map[string]any{
		"XGBoostVersion":                &c.version,
		"XGBGetLastError":               &c.lastError,
		"XGDMatrixCreateFromDense":      &c.matrixFromDense,
		"XGDMatrixSetInfoFromInterface": &c.matrixSetInfo,
		"XGDMatrixFree":                 &c.matrixFree,
		"XGBoosterCreate":               &c.boosterCreate,
		"XGBoosterSetParam":             &c.boosterSet,
		"XGBoosterUpdateOneIter":        &c.boosterUpdate,
		"XGBoosterSaveModelToBuffer":    &c.boosterSave,
		"XGBoosterPredictFromDense":     &c.boosterPredict,
		"XGBoosterPredictFromDMatrix":   &c.matrixPredict,
		"XGBoosterFree":                 &c.boosterFree,
	} {
		symbol, err := purego.Dlsym(handle, name)
		if err != nil {
			return err
		}
		purego.RegisterFunc(target, symbol)
	}
	return nil
}

// serve is the one thread that calls the library: its errors, random state and pool of workers are the thread's own.
func (l *Library) serve() {
	runtime.LockOSThread()
	for job := range l.work {
		job()
	}
}

// do runs the job on the library's thread and waits for it.
func (l *Library) do(job func() error) error {
	done := make(chan error, 1)
	l.work <- func() { done <- job() }
	return <-done
}

// check turns a call's result into its error.
func (l *Library) check(step string, result int32) error {
	if result == 0 {
		return nil
	}
	// The library adds its source line and a stack trace, which tell a reader nothing.
	text, _, _ := strings.Cut(l.calls.lastError(), "Stack trace")
	return fmt.Errorf("XGBoost %s could not %s: %s", l.Version, step, strings.Join(strings.Fields(text), " "))
}

// denseInterface describes rows to the library in place, in the form of numpy's __array_interface__. The memory must
// be pinned for as long as the library may look at it.
func denseInterface(data unsafe.Pointer, kind string, shape ...int) string {
	dims := strings.Trim(strings.ReplaceAll(fmt.Sprint(shape), " ", ","), "[]")
	return fmt.Sprintf(`{"data":[%d,true],"shape":[%s],"typestr":%q,"version":3}`, uintptr(data), dims, kind)
}
