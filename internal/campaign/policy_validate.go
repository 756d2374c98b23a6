package campaign

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"net/mail"
	"slices"
	"strings"

	"github.com/danbi-project/danbi/internal/money"
)

// DecodePolicy reads and validates a policy: every fault at once, defaults filled in, nothing returned on an error.
func DecodePolicy(name string, data []byte) (Policy, error) {
	policy, source, all := decode[Policy](name, data)
	if source != nil {
		all = append(all, source.further(all, policy.Validate())...)
	}
	if len(all) > 0 {
		return Policy{}, all.err()
	}
	policy.Rules.resolve()
	return policy, nil
}

// Validate checks the policy as a whole.
func (p Policy) Validate() error {
	v := &validator{}
	v.tier("limits", "auto_approve", p.Limits, p.AutoApprove)
	seen := map[string]bool{p.Limits.Currency: true}
	for i, other := range p.Currencies {
		field := fmt.Sprintf("other_currencies[%d]", i)
		v.tier(key(field, "limits"), key(field, "auto_approve"), other.Limits, other.AutoApprove)
		if seen[other.Limits.Currency] {
			v.add(key(key(field, "limits"), "currency"), sayf("%s has limits already", "%s 한도가 이미 있습니다", other.Limits.Currency), say("keep one set of limits for each currency", "통화마다 한도를 하나만 두세요"))
		}
		seen[other.Limits.Currency] = true
	}
	v.approvers(p.Approvers)
	if p.Holdout > 0.5 {
		v.add("holdout", sayf("%s of all customers would never be contacted", "전체 고객의 %s에게 연락하지 않게 됩니다", p.Holdout), say("write at most 50%, usually 1% to 5%", "50% 이하, 보통 1~5%를 쓰세요"))
	}
	if len(p.Salt) < 8 {
		v.add("salt", say("is too short", "너무 짧습니다"), say("write at least 8 letters, and never change them: they keep the holdout stable", "8자 이상 쓰고 바꾸지 마세요. 바꾸면 홀드아웃이 달라집니다"))
	}
	if p.Exposure < 1 || p.Exposure > 100 {
		v.add("exposure_factor", sayf("%v is not a factor from 1 to 100", "%v: 1에서 100 사이가 아닙니다", p.Exposure), say("write how many times the expected cost may be out, as in 3", "기대 비용의 몇 배까지 허용할지 쓰세요. 예: 3"))
	}
	v.budgets(p.Budgets)
	if p.Clawback != nil && p.Clawback.Floor > 0 {
		v.add("clawback.floor", say("is above zero: it is how far a customer's balance may fall", "0보다 큽니다. 고객 잔액이 내려갈 수 있는 한도입니다"), say("write 0 or a negative amount, as in -50000", "0이나 음수를 쓰세요. 예: -50000"))
	}
	for i, cap := range p.Caps {
		field := fmt.Sprintf("caps[%d]", i)
		positive(v, key(field, "most"), cap.Most, nil)
		positive(v, key(field, "within"), cap.Within, nil)
		if cap.Channel != "" {
			v.word(key(field, "channel"), cap.Channel, channels...)
		}
	}
	if p.Bundle != nil {
		positive(v, "bundle.within", p.Bundle.Within, nil)
		if p.Bundle.Most < 2 || p.Bundle.Most > 5 {
			v.add("bundle.most", sayf("%d is not 2 to 5 offers", "%d: 혜택 2~5개가 아닙니다", p.Bundle.Most), nil)
		}
	}
	if p.Priority < 0 || p.Priority > mostPriority {
		v.add("priority_most", sayf("%d is not 1 to %d", "%d: 1에서 %d 사이가 아닙니다", p.Priority, mostPriority), nil)
	}
	for i, rate := range p.Rates {
		field := fmt.Sprintf("rates[%d]", i)
		v.word(key(field, "channel"), rate.Channel, slices.Concat(channels, Payouts)...)
		positive(v, key(field, "per_second"), rate.PerSecond, nil)
	}
	for i, channel := range p.Quiet.Exempt {
		v.word(fmt.Sprintf("quiet_hours.exempt[%d]", i), channel, channels...)
	}
	positive(v, "consent_age", p.ConsentAge, nil)
	positive(v, "snapshot_age", p.SnapshotAge, nil)
	positive(v, "approval_age", p.ApprovalAge, nil)
	v.sender(p.Sender)
	v.texts(p.Texts)
	v.rules(p.Rules)
	return v.err()
}

// budgets are those that campaigns share, each named once.
func (v *validator) budgets(all []SharedLimit) {
	seen := map[string]bool{}
	for i, b := range all {
		field := fmt.Sprintf("budgets[%d]", i)
		if !idForm.MatchString(b.Name) {
			v.add(key(field, "name"), sayf("%q is not a name", "%q: 이름이 아닙니다", b.Name), say("write lower-case words joined by hyphens", "소문자 단어를 하이픈으로 이어 쓰세요"))
		} else if seen[b.Name] {
			v.add(key(field, "name"), sayf("%q is there twice", "%q: 두 번 있습니다", b.Name), nil)
		}
		seen[b.Name] = true
		v.currencyKnown(key(field, "currency"), b.Currency)
		positive(v, key(field, "exposure"), b.Exposure, nil)
	}
}

// tier is the limits of one currency and what approves itself in it, which cannot be more.
func (v *validator) tier(field, autoField string, limits Limits, auto *Limits) {
	if limits.Currency == "" {
		v.add(key(field, "currency"), say("is missing: limits are amounts of a currency", "없습니다. 한도는 통화별 금액입니다"), say("write currency: KRW", "currency: KRW처럼 쓰세요"))
	} else {
		v.currencyKnown(key(field, "currency"), limits.Currency)
	}
	if limits.Exposure < limits.Expected {
		v.add(key(field, "exposure"), say("is less than expected", "expected보다 작습니다"), say("the most that may be out cannot be less than what is expected to be spent", "최대 노출액은 기대 비용보다 작을 수 없습니다"))
	}
	for name, value := range limits.amounts() {
		unsigned(v, key(field, name), value)
	}
	if auto == nil {
		return
	}
	if auto.Currency != limits.Currency && limits.Currency != "" {
		v.add(key(autoField, "currency"), sayf("%q is not the currency of the limits, %s", "%q: 한도의 통화(%s)와 다릅니다", auto.Currency, limits.Currency), sayf("write currency: %s", "currency: %s로 쓰세요", limits.Currency))
		return
	}
	most := limits.amounts()
	for name, value := range auto.amounts() {
		unsigned(v, key(autoField, name), value)
		if value > most[name] {
			v.add(key(autoField, name), say("is more than the limit", "한도보다 큽니다"), say("what approves itself has to lie within the limits", "자동 승인 한도는 전체 한도 안이어야 합니다"))
		}
	}
}

func (l Limits) amounts() map[string]money.Minor {
	return map[string]money.Minor{"expected": l.Expected, "exposure": l.Exposure, "reward": l.Reward, "customers": money.Minor(l.Customers)}
}

func (v *validator) approvers(approvers []Approver) {
	names, keys := map[string]bool{}, map[string]bool{}
	for i, approver := range approvers {
		field := fmt.Sprintf("approvers[%d]", i)
		switch {
		case strings.TrimSpace(approver.Name) == "":
			v.add(key(field, "name"), say("is empty", "비어 있습니다"), nil)
		case names[strings.ToLower(approver.Name)]: // an author is compared without case, so approvers are too
			v.add(key(field, "name"), sayf("%q is in the list twice", "%q: 두 번 있습니다", approver.Name), nil)
		}
		if _, err := approver.public(); err != nil {
			v.adopt(key(field, "key"), err)
		} else if keys[approver.Key] {
			v.add(key(field, "key"), say("is another approver's key too", "다른 승인자의 키와 같습니다"), say("give each approver a key of their own: starter keys new NAME", "승인자마다 키를 만드세요: starter keys new 이름"))
		}
		names[strings.ToLower(approver.Name)], keys[approver.Key] = true, true
	}
}

func (a Approver) public() (ed25519.PublicKey, error) {
	raw, err := base64.StdEncoding.DecodeString(a.Key)
	if err != nil || len(raw) != ed25519.PublicKeySize {
		return nil, wrong(say("is not an Ed25519 public key in base64", "base64로 쓴 Ed25519 공개키가 아닙니다"), say("make one with: starter keys new NAME", "키 만들기: starter keys new 이름"))
	}
	return raw, nil
}

func (v *validator) sender(s Sender) {
	if strings.TrimSpace(s.Name) == "" {
		v.add("sender.name", say("is empty: every message names its sender", "비어 있습니다. 모든 메시지에는 발신자가 있어야 합니다"), nil)
	}
	if address, err := mail.ParseAddress(s.Email); err != nil || address.Address != s.Email {
		v.add("sender.email", sayf("%q is not an address", "%q: 이메일 주소가 아닙니다", s.Email), say("write it without a name, as in benefits@example.com", "이름 없이 benefits@example.com처럼 쓰세요"))
	}
	if strings.TrimSpace(s.Contact) == "" {
		v.add("sender.contact", say("is empty: every message says how its sender is reached", "비어 있습니다. 모든 메시지에는 연락처가 있어야 합니다"), nil)
	}
	if s.Unsubscribe != "" && (!strings.HasPrefix(s.Unsubscribe, "http") || !strings.Contains(s.Unsubscribe, "{message}")) {
		v.add("sender.unsubscribe", say("is not a link that holds {message}", "{message}가 든 링크가 아닙니다"), say("as in https://example.com/unsubscribe/{message}", "예: https://example.com/unsubscribe/{message}"))
	}
}
