package dispatch_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/dispatch"
)

func TestCheckTemplateNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, text string
		want       []string // parts of the message; none: the template is right
	}{
		{"all fields", "{{ name }}{{ threshold }}{{reward}}{{ deadline }}{{ offer }}{{ content }}{{ sender.name }}{{ sender.contact }}{{sender.email}}{{ unsubscribe_url }}", nil},
		{"conditions", "{% if reward %}a{% elsif threshold == '1' and name != nil %}b{% else %}c{% endif %}{%- unless content contains \"x\" -%}y{% endunless %}", nil},
		{"case", "{% case offer %}{% when 'a', 'b' %}x{% else %}y{% endcase %}", nil},
		{"filters", `{{ name | josa: "은/는" | append: "!" }} {{ name | default: "고객" | upcase }}`, nil},
		{"raw", "{% raw %}{{ anything }}{% endraw %}{% comment %}{{ nothing }}{% endcomment %}", nil},
		{"typo", "a\n{{ nmae }}", []string{"unknown field nmae", "line 2", "did you mean name?"}},
		{"typo within", "{{ sender.phone }}", []string{"unknown field sender.phone"}},
		{"sensitive feature", "{{ gender }} {{ age }}", []string{"unknown field gender", "unknown field age"}},
		{"deep", "{{ name.first }}", []string{"unknown field name.first"}},
		{"in a condition", "{% if rewrad %}x{% endif %}", []string{"unknown field rewrad", "did you mean reward?"}},
		{"as an argument", "{{ name | append: secret }}", []string{"unknown field secret"}},
		{"filter", "{{ name | upcse }}", []string{"unknown filter upcse", "did you mean upcase?"}},
		{"loop", "{% for i in (1..1000000000) %}x{% endfor %}", []string{"unknown tag for"}},
		{"assign", "{% assign x = name %}", []string{"unknown tag assign"}},
		{"include", "{% include 'etc/passwd' %}", []string{"unknown tag include"}},
		{"not closed", "{% if reward %}x", []string{"is not a template"}},
		{"garbage", "{{ name | }}", []string{"is not a template"}},
		{"too long", strings.Repeat("x", 65<<10), []string{"longer than"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := dispatch.CheckTemplate("email", "en", campaign.Template{Subject: "x", Text: test.text})
			if test.want == nil {
				require.NoError(t, err)
				return
			}
			require.Error(t, err)
			for _, part := range test.want {
				require.Contains(t, err.Error(), part)
			}
		})
	}
	require.ErrorContains(t, dispatch.CheckTemplate("sms", "ko", campaign.Template{Text: "x", HTML: "<b>"}), "only e-mail has HTML")
}

func TestJosa(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"김민수|은/는": "김민수는", "박지훈|은/는": "박지훈은", "서울|으로/로": "서울로", "부산|으로/로": "부산으로", "제주|으로/로": "제주로",
		"300,000원|을/를": "300,000원을", "1|이/가": "1이", "2|이/가": "2가", "10|으로/로": "10으로", "7|으로/로": "7로", "100%|을/를": "100%를",
		"Tom|이/가": "Tom이", "Ann|과/와": "Ann과", "Bob|을/를": "Bob를", "Paul|으로/로": "Paul로", "커피(아메리카노)|을/를": "커피(아메리카노)를",
		"「별」|이/가": "「별」이", "|은/는": "는", "!!!|이/가": "!!!가", "꽃|님": "꽃님",
	} {
		name, pair, _ := strings.Cut(text, "|")
		letter := compose(t, campaign.Template{Subject: "(광고) x", Text: `[{{ content | josa: "` + pair + `" }}]`}, func(b *campaign.Brief) {
			b.Spec.Contents = []campaign.Content{{ID: "c", Text: campaign.Text{"ko": name}}}
		}, dispatch.Recipient{Content: "c"})
		require.Contains(t, letter.text(t), "["+want+"]")
	}
}

func TestAFieldWithoutValueIsFalse(t *testing.T) {
	t.Parallel()
	text := "{% if reward %}reward {{ reward }}{% else %}nothing{% endif %}."
	require.Contains(t, compose(t, campaign.Template{Subject: "(광고) x", Text: text}, nil, dispatch.Recipient{Reward: 5000}).text(t), "reward 5,000원.")
	require.Contains(t, compose(t, campaign.Template{Subject: "(광고) x", Text: text}, nil, dispatch.Recipient{}).text(t), "nothing.")
}

func TestDatesAndMoneyInTheReadersForm(t *testing.T) {
	t.Parallel()
	text := "{{ threshold }}/{{ deadline }}"
	r := dispatch.Recipient{Threshold: 300_000}
	require.Contains(t, compose(t, campaign.Template{Subject: "(광고) x", Text: text}, nil, r).text(t), "300,000원/9월 28일")
	english := func(b *campaign.Brief) {
		b.Spec.Touches[0].Message["email"]["en"] = campaign.Template{Subject: "x", Text: text}
	}
	r.Language = "en"
	require.Contains(t, compose(t, campaign.Template{Subject: "(광고) x", Text: "x"}, english, r).text(t), "₩300,000/28 September")
	r.Language = "en_US"
	require.Contains(t, compose(t, campaign.Template{Subject: "(광고) x", Text: "x"}, english, r).text(t), "28 September")
	r.Language = "fr"
	require.Contains(t, compose(t, campaign.Template{Subject: "(광고) x", Text: text}, english, r).text(t), "300,000원", "an unknown language reads the campaign's own")
	noon := func(b *campaign.Brief) { b.Spec.Window.Length = campaign.Duration(36 * time.Hour) }
	require.Contains(t, compose(t, campaign.Template{Subject: "(광고) x", Text: text}, noon, r).text(t), "9월 2일 12:00")
}
