package importing

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// jsonReader cuts JSON lines. Columns are the keys, those of objects inside
// named by their path (value.amount); a key that a line lacks is empty.
type jsonReader struct {
	buffer
	header []string
	index  map[string]int
}

func newJSONL(s Source, r io.Reader) (*jsonReader, error) {
	j := &jsonReader{buffer: buffer{r: r}, index: map[string]int{}}
	if err := j.begin(); err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(j.data)) == 0 {
		return nil, errors.New("the file is empty")
	}
	for _, name := range s.Columns {
		j.column(name)
	}
	// Keys that only appear later in the file have to be listed in the mapping.
	objects := 0
	for line := range bytes.Lines(j.data) {
		if len(line) == 0 || line[len(line)-1] != '\n' && !j.eof {
			break
		}
		var object map[string]json.RawMessage
		if json.Unmarshal(line, &object) == nil {
			objects++
			j.discover("", object)
		}
	}
	if objects == 0 {
		return nil, errors.New("the file does not hold JSON objects, one a line")
	}
	return j, nil
}

func (j *jsonReader) column(name string) {
	if _, there := j.index[name]; !there {
		j.index[name] = len(j.header)
		j.header = append(j.header, name)
	}
}

func (j *jsonReader) discover(prefix string, object map[string]json.RawMessage) {
	keys := make([]string, 0, len(object))
	for k := range object {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		var inner map[string]json.RawMessage
		if isObject(object[k]) && json.Unmarshal(object[k], &inner) == nil {
			j.discover(prefix+k+".", inner)
			continue
		}
		j.column(prefix + k)
	}
}

func isObject(raw json.RawMessage) bool { return len(raw) > 0 && raw[0] == '{' }

func (j *jsonReader) Header() []string { return slices.Clone(j.header) }

func (j *jsonReader) Next() (Block, error) {
	for size := blockBytes; ; size *= 2 {
		if err := j.fill(size); err != nil {
			return nil, err
		}
		if len(j.data) == 0 {
			return nil, io.EOF
		}
		end := len(j.data)
		if !j.eof {
			end = bytes.LastIndexByte(j.data, '\n') + 1
		}
		if end == 0 {
			if size > maxRecord {
				return nil, fmt.Errorf("line %d is longer than %d MiB; is this a file of JSON lines?", j.line, maxRecord>>20)
			}
			continue
		}
		text, line := j.take(end)
		return jsonBlock{text, line, j.index}, nil
	}
}

type jsonBlock struct {
	text  string
	line  uint64
	index map[string]int
}

func (b jsonBlock) Each(record func(uint64, []string) error, bad func(uint64, string) error) error {
	values := make([]string, len(b.index))
	line := b.line - 1
	for text := range strings.Lines(b.text) {
		line++
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		var object map[string]json.RawMessage
		var err error
		if !utf8.ValidString(text) {
			err = bad(line, "not valid UTF-8")
		} else if json.Unmarshal([]byte(text), &object) != nil || object == nil {
			err = bad(line, "not a JSON object")
		} else {
			clear(values)
			b.flatten("", object, values)
			err = record(line, values)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (b jsonBlock) flatten(prefix string, object map[string]json.RawMessage, values []string) {
	for k, raw := range object {
		if isObject(raw) {
			var inner map[string]json.RawMessage
			if json.Unmarshal(raw, &inner) == nil {
				b.flatten(prefix+k+".", inner, values)
			}
			continue
		}
		i, known := b.index[prefix+k]
		if !known {
			continue
		}
		switch {
		case string(raw) == "null":
		case raw[0] == '"':
			_ = json.Unmarshal(raw, &values[i]) // it was read as JSON already
		default:
			values[i] = string(raw) // numbers as they are written
		}
	}
}
