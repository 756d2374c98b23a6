package campaign

import (
	"fmt"
	"slices"
	"strings"
)

// rules checks what a policy says of rule packs.
func (v *validator) rules(r *Rules) {
	if r == nil {
		return
	}
	var known []string
	versions := map[string]int{}
	for _, pack := range ShippedRules() {
		known = append(known, pack.ID)
		versions[pack.ID] = max(versions[pack.ID], pack.Version)
	}
	known = append(known, anywhere, "kr", "us", "eu")
	for i, name := range r.Use {
		v.word(fmt.Sprintf("rules.use[%d]", i), name, known...)
	}
	seen := map[string]bool{}
	for i, pack := range r.Packs {
		field := fmt.Sprintf("rules.packs[%d]", i)
		v.pack(field, pack)
		name := fmt.Sprintf("%s v%d", pack.ID, pack.Version)
		if seen[name] {
			v.add(key(field, "version"), sayf("%s is there twice", "%s: 두 번 있습니다", name), say("raise the version whenever a pack changes", "규칙을 바꿀 때마다 version을 올리세요"))
		}
		seen[name] = true
		if pack.Version < versions[pack.ID] {
			v.add(key(field, "version"), sayf("%[2]s stands in the place of the shipped pack of version %[1]d, which is newer", "%[2]s: 기본 규칙(버전 %[1]d)보다 오래된 버전입니다", versions[pack.ID], name),
				say("see what has changed (starter rules show), then write at least its version", "바뀐 내용을 확인하고(starter rules show) 그 버전 이상을 쓰세요"))
		}
	}
}

func (v *validator) pack(field string, p RulePack) {
	if !idForm.MatchString(p.ID) {
		v.add(key(field, "id"), sayf("%q is not an id", "%q: ID로 쓸 수 없습니다", p.ID), say("write lower-case words joined by hyphens", "소문자 낱말을 하이픈으로 이어 쓰세요"))
	}
	positive(v, key(field, "version"), p.Version, nil)
	for i, channel := range p.Channels {
		v.word(fmt.Sprintf("%s.channels[%d]", field, i), channel, channels...)
	}
	if strings.TrimSpace(p.Source) == "" {
		v.add(key(field, "source"), say("is empty: a rule says where it comes from", "비어 있습니다. 규칙의 근거를 쓰세요"), nil)
	}
	if p.Consent != "" {
		v.word(key(field, "consent"), p.Consent, ConsentPrior)
	}
	for i, name := range p.Names {
		v.word(fmt.Sprintf("%s.names[%d]", field, i), name, "name", "contact", "postal")
	}
	if p.OptOut != nil && p.OptOut.Number == "" && !p.OptOut.Link && len(p.OptOut.Says) == 0 {
		v.add(key(field, "opt_out"), say("names no way to opt out", "수신거부 방법이 없습니다"), say("write number, link or says", "number, link, says 중 하나를 쓰세요"))
	}
	if p.Hours != nil && p.Hours.From == p.Hours.Until {
		v.add(key(field, "hours"), say("allow no time at all", "허용하는 시간이 없습니다"), nil)
	}
	for _, topic := range sortedKeys(p.Words) {
		if slices.ContainsFunc(p.Words[topic], func(word string) bool { return strings.TrimSpace(word) == "" }) {
			v.add(key(key(field, "words"), topic), say("has an empty word, which stands in every text", "빈 낱말이 있습니다. 모든 글에 들어 있는 것이 됩니다"), nil)
		}
	}
}
