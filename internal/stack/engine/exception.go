package engine

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// Codes of ClickHouse's that this package raises or looks at itself.
const (
	codeNotImplemented     = 48
	codeUnknownTable       = 60
	codeSyntax             = 62
	codeUnknownDatabase    = 81
	codeUnknownSetting     = 115
	codeTooManyQueries     = 202
	codeCancelled          = 394
	codeAuthentication     = 516
	codeUnclassified       = 1002
	codeBadArguments       = 36
	codeIncorrectDataInput = 117
)

// exception is an error in ClickHouse's own terms, so that clients classify it
// as they would one of a real server.
type exception struct {
	code int
	text string // the whole line: "Code: 60. DB::Exception: …"
}

func (e *exception) Error() string { return e.text }

var exceptionCode = regexp.MustCompile(`Code:\s*(\d+)\.`)

// parseException reads the engine's text. A text without a code gets one, as
// clients find the error by it.
func parseException(text string) *exception {
	text = strings.TrimSpace(text)
	found := exceptionCode.FindStringSubmatchIndex(text)
	if found == nil {
		return raise(codeUnclassified, "%s", text)
	}
	code, err := strconv.Atoi(text[found[2]:found[3]])
	if err != nil {
		return raise(codeUnclassified, "%s", text)
	}
	return &exception{code: code, text: text[found[0]:]}
}

// raise makes an exception of our own.
func raise(code int, format string, args ...any) *exception {
	return &exception{code: code, text: fmt.Sprintf("Code: %d. DB::Exception: %s", code, fmt.Sprintf(format, args...))}
}

// status maps a code to the status a ClickHouse server answers with.
func (e *exception) status() int {
	switch e.code {
	case codeAuthentication:
		return http.StatusForbidden
	case codeUnknownTable, codeUnknownDatabase:
		return http.StatusNotFound
	case codeSyntax, codeBadArguments, codeUnknownSetting, codeIncorrectDataInput:
		return http.StatusBadRequest
	case codeNotImplemented:
		return http.StatusNotImplemented
	case codeTooManyQueries:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// frame is how an error is told after a 200 was sent: clients look for the
// marker and check the tag against the one in the header.
func (e *exception) frame(tag string) string {
	text := strings.TrimRight(e.text, "\n") + "\n"
	return fmt.Sprintf("\r\n__exception__\r\n%s\r\n%s%d %s\r\n__exception__\r\n", tag, text, len(text), tag)
}
