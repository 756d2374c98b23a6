package dispatch

import (
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/campaign"
)

func TestParticlesFitWhatIsReadAloud(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{
		{"김단비", "은/는", "는"}, {"박민준", "은/는", "은"}, {"서울", "으로/로", "로"}, {"부산", "(으)로", "으로"}, {"제주", "(으)로", "로"}, {"서울", "(으)로", "로"},
		{"300,000원", "을/를", "을"}, {"7", "은/는", "은"}, {"2", "이/가", "가"}, {"10", "이/가", "이"}, {"8", "(으)로", "로"}, {"3", "으로/로", "으로"},
		{"KT", "은/는", "는"}, {"LG", "이/가", "가"}, {"CJ ENM", "을/를", "을"}, {"SKT", "와/과", "과"}, {"GL", "(으)로", "로"}, {"A", "을/를", "를"},
		{"Danbi", "은/는", "는"}, {"Book", "을/를", "을"}, {"Bank", "을/를", "를"}, {"Mall", "(으)로", "로"}, {"Apple", "이/가", "이"}, {"Apple", "(으)로", "로"},
		{"Line", "은/는", "은"}, {"Nike", "은/는", "는"}, {"King", "이/가", "이"}, {"Market", "을/를", "을"}, {"Best", "을/를", "를"}, {"Coffee", "와/과", "과"},
		{"단비카드(주)", "은/는", "는"}, {"(주)단비", "은/는", "는"}, {"박민준(VIP)", "이/가", "이"}, {"사과(apple)", "을/를", "를"}, {"'수박'", "을/를", "을"}, {"「별」", "을/를", "을"},
		{"50%", "을/를", "를"}, {"", "은/는", "는"}, {"😀", "은/는", "는"}, {"(12)", "이/가", "가"}, {"별))", "을/를", "을"}, {"(이)", "(이)나", "나"}, {"떡", "(이)나", "이나"},
	} {
		require.Equal(t, c[0]+c[2], josa(c[0], c[1]), "%s %s", c[0], c[1])
	}
	require.Equal(t, "단비님", josa("단비", "님"))
}

func FuzzTemplate(f *testing.F) {
	for _, seed := range []string{"{{ name | josa: \"은/는\" }}", "{% for x in y %}{% endfor %}", "{% if reward %}a{% else %}b{% endif %}", "{% raw %}{{{% endraw %}", "{{ name | truncate: 3 }}", "{%", "{{ sender.name", "{% case offer %}{% when \"a\" %}x{% endcase %}",
		"{{ 10000000000000000000 }}", "{{ name | truncate: -5 }}", "{{ name | truncate: 99999999999999999999 }}"} {
		f.Add(seed)
	}
	v := values{name: "김단비", threshold: "300,000원", offer: "가을"}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4096 || len(checkNames("text", text)) > 0 {
			return // is refused, with its line
		}
		w, err := newWording("ko", campaign.Template{Text: text})
		if err != nil {
			return // is refused
		}
		out, err := w.render(partText, v.fill(&filled{}, false))
		if err == nil && len(out) > 64*(len(text)+64) {
			t.Fatalf("%q grows to %d bytes", text, len(out))
		}
		if utf8.ValidString(text) && err == nil && !utf8.ValidString(out) {
			t.Logf("%q gives text that is not UTF-8, which is refused later", text)
		}
	})
}

// A number that the engine panics over is a fault of the template, not the end of whoever reads it.
func TestATemplateDoesNotEndTheProcess(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"{{ 10000000000000000000 }}", "{% if 99999999999999999999 %}a{% endif %}"} {
		require.Error(t, CheckTemplate("email", "ko", campaign.Template{Text: text}), text)
		_, err := newWording("ko", campaign.Template{Text: text})
		require.Error(t, err, text)
	}
}
