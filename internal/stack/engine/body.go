package engine

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/ClickHouse/ch-go/compress"
)

const (
	// maxText is the most SQL text, inline rows included, of one request.
	maxText = 64 << 20
	// pieceSize is how much of an INSERT's body the engine takes at once: large
	// enough that the copy into its queue costs nothing.
	pieceSize = 1 << 20
)

// readStatement reads the URL and, unless it holds an INSERT's rows, the body.
func readStatement(r *http.Request) (*statement, io.Reader, error) {
	values := r.URL.Query()
	s, err := newStatement(values, r.Header.Get)
	if err != nil {
		return nil, nil, err
	}
	body, err := plainBody(r, values.Get("decompress") == "1")
	if err != nil {
		return nil, nil, err
	}
	if s.sql != "" && s.takesRows() {
		s.hasBody = true
		return s, body, nil
	}
	text, err := io.ReadAll(io.LimitReader(body, maxText+1))
	if err != nil {
		return nil, nil, fmt.Errorf("read the request: %w", err)
	}
	if len(text) > maxText {
		return nil, nil, raise(codeSyntax, "the statement is longer than %d MiB; send rows as the body of INSERT … FORMAT, with the INSERT in ?query=", maxText>>20)
	}
	// A server joins the two in this order as well.
	if s.sql != "" && len(text) > 0 {
		s.sql += "\n"
	}
	s.sql += string(text)
	if firstWord(s.sql) == "" {
		return nil, nil, raise(codeSyntax, "Empty query")
	}
	return s, nil, nil
}

// plainBody undoes the compression that the request declares.
func plainBody(r *http.Request, native bool) (io.Reader, error) {
	if native {
		return compress.NewReader(r.Body), nil
	}
	switch encoding := r.Header.Get("Content-Encoding"); encoding {
	case "", "identity":
		return r.Body, nil
	case "gzip":
		unzipped, err := gzip.NewReader(r.Body)
		if err != nil {
			return nil, raise(codeIncorrectDataInput, "the body is not gzip: %v", err)
		}
		return unzipped, nil
	default:
		return nil, raise(codeNotImplemented, "the embedded engine takes no body encoded as %q; send it plain or as gzip", encoding)
	}
}

// pieces reads a body in large pieces, whatever the sizes of its chunks. A
// body that ends before its announced end is an error, never an end.
func pieces(body io.Reader) source {
	buffer := make([]byte, pieceSize)
	return func() ([]byte, error) {
		n := 0
		for n < len(buffer) {
			m, err := body.Read(buffer[n:])
			n += m
			if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				return buffer[:n], io.EOF
			}
			if err != nil {
				return nil, fmt.Errorf("the client went away in the middle of an insert: %w", err)
			}
		}
		return buffer, nil
	}
}

// compressor packs chunks as ClickHouse's own blocks of LZ4, which clients ask
// for by ?compress=1.
func compressor(next sink) sink {
	packer := compress.NewWriter(compress.LevelZero, compress.LZ4)
	return func(chunk []byte) error {
		// The frame's sizes are 32 bits wide, and clients refuse very large ones.
		for piece := range bytesOf(chunk, pieceSize) {
			if err := packer.Compress(piece); err != nil {
				return err
			}
			if err := next(packer.Data); err != nil {
				return err
			}
		}
		return nil
	}
}

func bytesOf(b []byte, size int) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(b) > 0 {
			n := min(size, len(b))
			if !yield(b[:n]) {
				return
			}
			b = b[n:]
		}
	}
}
