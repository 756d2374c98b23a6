package dispatch

import (
	"encoding/base64"
	"mime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/danbi-project/danbi/internal/campaign"
)

func someText(t *rapid.T, name string) string {
	return rapid.OneOf(
		rapid.Just(""), rapid.StringOfN(rapid.RuneFrom([]rune("abz <&>\"'0%")), 0, 12, -1),
		rapid.StringOfN(rapid.RuneFrom([]rune("가나달김민서🎉é\n")), 0, 90, -1),
	).Draw(t, name)
}

// What is rendered without the engine reads as the engine renders it.
func TestQuickTemplatesReadAsTheEnginesDo(t *testing.T) {
	require.Len(t, Fields, numFields)
	var piece func(t *rapid.T, depth int) string
	pieces := func(t *rapid.T, depth int) string {
		var out strings.Builder
		for range rapid.IntRange(0, 4).Draw(t, "pieces") {
			out.WriteString(piece(t, depth))
		}
		return out.String()
	}
	piece = func(t *rapid.T, depth int) string {
		field := rapid.SampledFrom(Fields).Draw(t, "field")
		switch kind := rapid.IntRange(0, 4).Draw(t, "kind"); {
		case kind == 0:
			return someText(t, "literal")
		case kind == 1:
			return "{{ " + field + " }}"
		case kind == 2:
			return "{{" + field + " | josa: " + rapid.SampledFrom([]string{`"은/는"`, `'이/가'`, `"으로/로"`, `"x"`}).Draw(t, "josa") + "}}"
		case depth > 2:
			return "\n"
		case kind == 3:
			return "{% if " + field + " %}" + pieces(t, depth+1) + "{% endif %}"
		default:
			return "{%if " + field + "%}" + pieces(t, depth+1) + "{% else %}" + pieces(t, depth+1) + "{%endif%}"
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		source := "x" + pieces(t, 0)
		parts, ok := quicken(source)
		if !ok {
			t.Fatalf("%q needs the engine", source)
		}
		v := values{name: someText(t, "name"), threshold: someText(t, "threshold"), reward: someText(t, "reward"), content: someText(t, "content"),
			unsubscribe: someText(t, "unsubscribe"), sender: campaign.Sender{Name: someText(t, "sender"), Postal: someText(t, "postal")}}
		f := v.fill(&filled{}, rapid.Bool().Draw(t, "escaped"))
		template, err := compile(source)
		require.NoError(t, err)
		want, err := template.RenderString(f.bindings())
		require.NoError(t, err)
		require.Equal(t, want, string(appendQuick(nil, parts, f)), source)
	})
}

// What it does not know, it leaves to the engine.
func TestOtherTemplatesNeedTheEngine(t *testing.T) {
	for _, source := range []string{
		"{{- name }}", "{{ name | upcase }}", "{% if name == 'a' %}x{% endif %}", "{% unless name %}x{% endunless %}", "{% if name %}", "{% endif %}",
		"{% if name %}a{% elsif reward %}b{% endif %}", "{% raw %}{{ name }}{% endraw %}", "{{ name", "name }}", "{{ age }}", "{% if name %}a{% else %}b{% else %}c{% endif %}",
	} {
		_, ok := quicken(source)
		require.False(t, ok, source)
	}
}

// Headers and texts are encoded as the standard library's encoders do, which are slower.
func TestEncodingsAreStandard(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.ReplaceAll(someText(t, "text")+someText(t, "more"), "\n", " ")
		want := text
		if !ascii(text) {
			want = strings.ReplaceAll(mime.BEncoding.Encode("utf-8", text), "?= =?", "?=\r\n =?")
		}
		require.Equal(t, want, string(appendEncoded(nil, text)))

		body := strings.Repeat("가", 20) + someText(t, "body")
		encoded := base64.StdEncoding.EncodeToString([]byte(strings.ReplaceAll(body, "\n", "\r\n")))
		var lines strings.Builder
		for len(encoded) > 0 {
			n := min(76, len(encoded))
			lines.WriteString(encoded[:n] + "\r\n")
			encoded = encoded[n:]
		}
		require.Equal(t, "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"+lines.String(), string(appendPart(nil, "text/plain", body)))
	})
}

// Whatever somebody writes: what is rendered without the engine is a template that the engine takes, and reads the same.
func FuzzQuickTemplates(f *testing.F) {
	for _, source := range []string{"{{ name }}님", "{% if reward %}{{ reward | josa: '은/는' }}{% else %}-{% endif %}", "{{", "%}", "{% if name %}", "}}{{name}}"} {
		f.Add(source, "김서연", "")
	}
	f.Fuzz(func(t *testing.T, source, name, reward string) {
		parts, ok := quicken(source)
		if !ok || source == "" {
			return
		}
		template, err := compile(source)
		if err != nil {
			t.Fatalf("%q is no template: %v", source, err)
		}
		v := values{name: name, reward: reward}.fill(&filled{}, false)
		want, err := template.RenderString(v.bindings())
		if err != nil {
			t.Fatalf("%q: %v", source, err)
		}
		if got := string(appendQuick(nil, parts, v)); got != want {
			t.Fatalf("%q reads %q, the engine has %q", source, got, want)
		}
	})
}
