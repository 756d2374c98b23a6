package world

// A surface is what the source tables say about one customer, apart from what they buy.
type surface struct {
	segment, gender string
	language        string
	birthYear       uint16
	joined          uint16 // civil day since 1970
	naming          stream // draws the name, which few ask for
	hasEmail        bool
	hasSMS          bool
}

var segments = []string{"basic", "silver", "gold", "vip"}

var surnames = []string{
	"김", "이", "박", "최", "정", "강", "조", "윤", "장", "임", "한", "오", "서", "신", "권", "황", "안", "송", "전", "홍",
}

var givenFirst = []string{
	"민", "서", "지", "현", "수", "영", "은", "정", "하", "도", "주", "유", "예", "태", "성", "재", "승", "준", "시", "윤", "미", "경", "동", "상",
}

var givenLast = []string{
	"준", "연", "우", "아", "민", "희", "호", "은", "진", "원", "영", "빈", "윤", "훈", "숙", "석", "경", "현", "서", "린", "철", "자", "혁", "나",
}

var englishFirst = []string{
	"Alex", "Maria", "James", "Linda", "Daniel", "Sophie", "Michael", "Emma", "David", "Olivia", "Thomas", "Grace", "Peter", "Hannah", "Robert", "Julia",
}

var englishLast = []string{
	"Smith", "Brown", "Miller", "Wilson", "Taylor", "Clark", "Lewis", "Walker", "Hall", "Young", "King", "Wright", "Scott", "Green", "Baker", "Carter",
}

// surface draws what is known of p. It depends on p only as far as it does in life: better customers are more often in
// better segments, with much noise.
func (w *World) surface(p *person) surface {
	s := newStream(w.seed, p.key, forSurface, 0)
	var out surface
	out.segment = segments[segmentOf(p.monthly()*(0.5+s.exponential()))]
	out.gender = [...]string{"female", "female", "female", "male", "male", "male", ""}[s.below(7)]
	out.birthYear = uint16(w.year - 19 - int(s.beta(1.6, 2.4)*66))
	// All were customers before the world begins: what the warehouse knows of them starts then.
	days := int(s.exponential()*4*365) + 30
	out.joined = uint16(int((w.origin+homeOffset)/secondsPerDay) - min(days, 20*365))
	out.language = "ko"
	if s.chance(0.05) {
		out.language = "en"
	}
	out.naming = s
	c := newStream(w.seed, p.key, forContact, 0)
	out.hasEmail, out.hasSMS = c.chance(w.HasEmail), c.chance(w.HasSMS)
	return out
}

func (s *surface) name() string {
	n := s.naming
	if s.language == "ko" {
		return surnames[n.below(len(surnames))] + givenFirst[n.below(len(givenFirst))] + givenLast[n.below(len(givenLast))]
	}
	return englishFirst[n.below(len(englishFirst))] + " " + englishLast[n.below(len(englishLast))]
}

func segmentOf(monthly float64) int {
	switch {
	case monthly > 320_000:
		return 3
	case monthly > 130_000:
		return 2
	case monthly > 45_000:
		return 1
	default:
		return 0
	}
}

// A consent is one row of consents: granted or withdrawn at an instant.
type consent struct {
	at       int64
	channel  string
	night    bool
	granted  bool
	evidence string
}

var grantedBy = []string{"signup-form", "app", "branch", "call-centre"}

// consents draws what p agreed to, unprompted, in order of time: what a message makes them withdraw comes on top. Each
// consent is asked for again within the 60 days before it is two years old, then before the last answer is, until it is
// not confirmed: so at any time about one in ten is older than two years. Of the confirmations before the world begins
// only the last is known, as in an import. The last rows lie years ahead.
func (w *World) consents(p *person, joined uint16) []consent {
	s := newStream(w.seed, p.key, forConsent, 0)
	since := int64(joined)*secondsPerDay + 10*3600 - homeOffset
	var out []consent
	grant := func(channel string, night bool, share float64) bool {
		given, evidence := s.chance(share), grantedBy[s.below(len(grantedBy))]
		asks := newStream(w.seed, p.key, forConsent, s.next())
		withdrawal := w.origin - 300*secondsPerDay + int64(s.exponential()*365/w.ConsentTurnover*secondsPerDay)
		if !given {
			return false
		}
		if withdrawal <= since {
			withdrawal = never
		}
		out = append(out, consent{since, channel, night, true, evidence})
		first, at := len(out), since
		for asks.chance(w.ConsentRenewed) {
			at += consentYears*365*secondsPerDay - int64(asks.unit()*consentAsked*secondsPerDay)
			if at >= min(withdrawal, w.until+yearsAhead*365*secondsPerDay) {
				break
			}
			if len(out) > first && at < w.origin {
				out = out[:first]
			}
			out = append(out, consent{at, channel, night, true, reconfirmed})
		}
		if withdrawal < never {
			out = append(out, consent{withdrawal, channel, night, false, "preferences"})
		}
		return true
	}
	grant("email", false, w.ConsentEmail)
	if grant("sms", false, w.ConsentSMS) {
		grant("sms", true, min(w.ConsentNight/w.ConsentSMS, 1))
	}
	return out
}

// How consents are confirmed.
const (
	reconfirmed  = "reconfirmation"
	consentYears = 2
	consentAsked = 60 // days before, at most
	yearsAhead   = 5  // as far as a world may be lived on
)

// A suppression is one row of suppressions; no kind: none.
type suppression struct {
	reason, channel string
	at, until       int64 // until 0: for ever
}

func (w *World) suppression(p *person) suppression {
	s := newStream(w.seed, p.key, forSuppression, 0)
	if !s.chance(w.SuppressedShare) {
		return suppression{}
	}
	out := suppression{at: w.origin - int64(s.unit()*300*secondsPerDay)}
	switch s.below(4) {
	case 0:
		out.reason, out.channel = "complaint", "email"
	case 1:
		out.reason, out.until = "dispute", out.at+400*secondsPerDay
	case 2:
		out.reason = "staff"
	default:
		out.reason = "do-not-contact"
	}
	return out
}
