package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/danbi-project/danbi/internal/campaign"
)

// dispatchRoute is a way to send that can be measured: a channel of the product, and where the sink keeps what came by it.
type dispatchRoute struct {
	channel   string // of the spec
	shelf     string // path at the sink
	address   string // of a customer, in SQL over number
	templates map[string]campaign.Template
}

var dispatchRoutes = map[string]dispatchRoute{
	"smtp": {channel: campaign.ChannelEmail, shelf: "messages", address: `concat('member', toString(number + 1), '@example.com')`, templates: map[string]campaign.Template{
		"ko": {
			Subject: "(광고) {{ sender.name }} {{ name }}님, {{ threshold }} 쓰면 {{ reward }}",
			Text: "{{ name }}님, 안녕하세요. {{ sender.name }}입니다.\n\n{{ deadline }}까지 {{ threshold }} 이상 쓰시면 {{ reward }} 상당의 포인트를 드립니다.\n" +
				"{% if content %}{{ content }}\n{% endif %}\n자세히: {{ unsubscribe_url }}?page=offer\n\n{{ sender.name }} · 문의 {{ sender.contact }} · {{ sender.postal }}\n무료 수신거부: {{ unsubscribe_url }}\n",
		},
		"en": {
			Subject: "(광고) {{ name }}, spend {{ threshold }} and get {{ reward }} in points",
			Text: "Dear {{ name }},\n\nSpend {{ threshold }} or more until {{ deadline }} and we give you points worth {{ reward }}.\n" +
				"{% if content %}{{ content }}\n{% endif %}\nYour page: {{ unsubscribe_url }}?page=offer\n\n{{ sender.name }} · {{ sender.contact }} · {{ sender.postal }}\nUnsubscribe: {{ unsubscribe_url }}\n",
		},
	}},
	"smpp": {channel: campaign.ChannelSMS, shelf: "sms", address: `concat('010', leftPad(toString(number + 1), 8, '0'))`, templates: map[string]campaign.Template{
		"ko": {Text: "(광고){{ sender.name }} {{ name }}님 {{ reward }}\n{{ sender.contact }}"},
	}},
	"http": {channel: campaign.ChannelPush, shelf: "gateway", address: `concat('device-', hex(cityHash64(number)))`, templates: map[string]campaign.Template{
		"ko": {Subject: "(광고) {{ sender.name }} {{ name }}님께", Text: "{{ deadline }}까지 {{ threshold }} 이상 쓰시면 {{ reward }} 상당의 포인트를 드립니다. 수신거부: 설정에서 알림 끄기", Link: "{{ unsubscribe_url }}?page=offer"},
	}},
}

func routeOf(name string) (dispatchRoute, error) {
	if r, ok := dispatchRoutes[name]; ok {
		return r, nil
	}
	return dispatchRoute{}, fmt.Errorf("there is no --channel %s: it is one of %s", name, strings.Join(slices.Sorted(maps.Keys(dispatchRoutes)), ", "))
}
