package main

import (
	"errors"

	"github.com/danbi-project/danbi/internal/stack"
)

// Exit codes are an interface: scripts branch on them, so a number keeps its meaning.
const (
	ExitOK          = 0
	ExitFailed      = 1
	ExitUsage       = 2
	ExitInvalid     = 3 // validation found faults
	ExitUnreachable = 4 // Temporal or ClickHouse can't be reached, or no stack runs
	ExitRefused     = 5 // the policy refuses it
)

const exitHelp = `Exit codes: 0 done · 1 failed · 2 wrong usage · 3 validation found faults ·
            4 the engines can't be reached · 5 refused by the policy`

// exitError carries the code that the process ends with.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// withExit says which code err ends the process with. A nil err stays nil.
func withExit(code int, err error) error {
	if err == nil {
		return nil
	}
	return &exitError{code: code, err: err}
}

func exitCode(err error) int {
	var exit *exitError
	switch {
	case err == nil:
		return ExitOK
	case errors.As(err, &exit):
		return exit.code
	case errors.Is(err, stack.ErrNotRunning):
		return ExitUnreachable
	default:
		return ExitFailed
	}
}
