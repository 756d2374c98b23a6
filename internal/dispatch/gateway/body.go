package gateway

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danbi-project/danbi/internal/dispatch"
)

// placeholder is where a text takes a value of the message: {{ to }}.
var placeholder = regexp.MustCompile(`\{\{\s*([a-z_]*)\s*\}\}`)

// names are the values that a message has.
var names = []string{"id", "to", "from", "text", "title", "template", "link", "form", "advertising", "expires", "ttl"}

func checkPlaceholders(text string) error {
	for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(names, m[1]) {
			return fmt.Errorf("a message has no value %q; it has %s", m[1], strings.Join(names, ", "))
		}
	}
	if rest := placeholder.ReplaceAllString(text, ""); strings.Contains(rest, "{{") || strings.Contains(rest, "}}") || strings.Contains(rest, "{%") {
		return fmt.Errorf("%q: only {{ name }} stands for a value", text)
	}
	return nil
}

func checkBody(field string, body any, fault func(field, format string, args ...any)) {
	switch at := body.(type) {
	case string:
		if err := checkPlaceholders(at); err != nil {
			fault(field, "%v", err)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(at)) {
			checkBody(field+"."+name, at[name], fault)
		}
	case []any:
		for i, one := range at {
			checkBody(fmt.Sprintf("%s[%d]", field, i), one, fault)
		}
	}
}

// valuesOf are what the placeholders stand for.
func valuesOf(m dispatch.Message, now time.Time) map[string]any {
	v := map[string]any{
		"id": m.ID, "to": m.To, "from": m.From, "text": string(m.Body), "title": m.Title, "template": m.Template, "link": m.Link,
		"form": string(m.Form), "advertising": m.Advertising, "expires": "", "ttl": "",
	}
	if !m.Expires.IsZero() {
		v["expires"] = m.Expires.UTC().Format(time.RFC3339)
		v["ttl"] = int64(max(m.Expires.Sub(now), 0) / time.Second)
	}
	return v
}

// fill puts values into a text. A text that is one placeholder and nothing else becomes the value itself, a number or a
// truth; so no value can end a text, or begin a key of its own.
func fill(text string, values map[string]any) any {
	if m := placeholder.FindStringSubmatch(text); m != nil && m[0] == strings.TrimSpace(text) {
		return values[m[1]]
	}
	return placeholder.ReplaceAllStringFunc(text, func(p string) string {
		return plain(values[placeholder.FindStringSubmatch(p)[1]])
	})
}

// hollow says that a text was to hold values and all of them are empty: "{{ ttl }}s" of a message that never expires.
func hollow(text string, values map[string]any) bool {
	all := placeholder.FindAllStringSubmatch(text, -1)
	for _, m := range all {
		if values[m[1]] != "" {
			return false
		}
	}
	return len(all) > 0
}

func plain(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	}
	return ""
}

// filled is a body with its values; what stays empty is nil and left out.
func filled(body any, values map[string]any) any {
	switch at := body.(type) {
	case string:
		if out := fill(at, values); out != "" && !hollow(at, values) {
			return out
		}
		return nil
	case map[string]any:
		out := make(map[string]any, len(at))
		for name, one := range at {
			if v := filled(one, values); v != nil {
				out[name] = v
			}
		}
		if len(out) == 0 && len(at) > 0 {
			return nil
		}
		return out
	case []any:
		out := make([]any, 0, len(at))
		for _, one := range at {
			if v := filled(one, values); v != nil {
				out = append(out, v)
			}
		}
		if len(out) == 0 && len(at) > 0 {
			return nil
		}
		return out
	}
	return body
}

// bytesOf is the body as it leaves, and its content type.
func (c Config) bytesOf(values map[string]any) (body []byte, kind string, err error) {
	made := filled(c.Body, values)
	if !c.Form {
		body, err = json.Marshal(made)
		return body, "application/json; charset=utf-8", err
	}
	form := url.Values{}
	if fields, ok := made.(map[string]any); ok {
		for name, value := range fields {
			form.Set(name, plain(value))
		}
	}
	return []byte(form.Encode()), "application/x-www-form-urlencoded", nil
}

// at is a value in a JSON answer by its path, as text.
func at(answer any, path string) (string, bool) {
	for name := range strings.SplitSeq(path, ".") {
		switch in := answer.(type) {
		case map[string]any:
			value, there := in[name]
			if !there {
				return "", false
			}
			answer = value
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(in) {
				return "", false
			}
			answer = in[i]
		default:
			return "", false
		}
	}
	switch v := answer.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}
