package world

import "math"

// A purpose keeps draws apart that are made for different things about one customer: adding one changes no other.
type purpose uint64

const (
	forPerson purpose = iota + 1
	forTaste
	forBrands
	forHome
	forMonth
	forApp
	forSurface
	forContact
	forConsent
	forSuppression
	forTouch
	forThinning
	forPast
	forParameters
	forLeaving
	forFading
)

// A stream is a sequence of draws, started from a counter (splitmix64: Steele, Lea and Flood, OOPSLA 2014). It is a
// value: copying it forks it.
type stream struct{ state uint64 }

func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func newStream(seed uint64, key uint32, p purpose, n uint64) stream {
	h := mix(seed + 0x9e3779b97f4a7c15)
	h = mix(h ^ (uint64(key)<<8 | uint64(p)))
	return stream{mix(h + n*0xd1342543de82ef95)}
}

func (s *stream) next() uint64 {
	s.state += 0x9e3779b97f4a7c15
	return mix(s.state)
}

// unit is uniform in (0, 1): never 0 or 1, so that its logarithm is finite.
func (s *stream) unit() float64 { return (float64(s.next()>>12) + 0.5) * (1.0 / (1 << 52)) }

// below is uniform in [0, n).
func (s *stream) below(n int) int { return int((s.next() >> 32) * uint64(n) >> 32) }

func (s *stream) chance(p float64) bool { return s.unit() < p }

func (s *stream) normal() float64 { return math.Sqrt2 * math.Erfinv(2*s.unit()-1) }

func (s *stream) exponential() float64 { return -math.Log(s.unit()) }

// gamma has scale 1 (Marsaglia and Tsang, ACM TOMS 2000).
func (s *stream) gamma(shape float64) float64 {
	if shape < 1 {
		boost := math.Pow(s.unit(), 1/shape)
		return s.gamma(shape+1) * boost
	}
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		x := s.normal()
		v := 1 + c*x
		if v <= 0 {
			continue
		}
		v = v * v * v
		if math.Log(s.unit()) < 0.5*x*x+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}

func (s *stream) beta(a, b float64) float64 {
	x := s.gamma(a)
	return x / (x + s.gamma(b))
}

// poisson by inversion; large means are split, because exp(-mean) would vanish.
func (s *stream) poisson(mean float64) int {
	if mean > 30 {
		return s.poisson(mean/2) + s.poisson(mean/2)
	}
	u, p, n := s.unit(), math.Exp(-mean), 0
	for u > p && n < 200 {
		u -= p
		n++
		p *= mean / float64(n)
	}
	return n
}

// An alias table draws from fixed weights in one step (Walker, ACM TOMS 1977).
type alias struct {
	keep  []uint32
	other []uint16
}

func newAlias(weights []float64) alias {
	n, total := len(weights), 0.0
	for _, w := range weights {
		total += w
	}
	a := alias{make([]uint32, n), make([]uint16, n)}
	scaled := make([]float64, n)
	var small, large []int
	for i, w := range weights {
		if scaled[i] = w * float64(n) / total; scaled[i] < 1 {
			small = append(small, i)
		} else {
			large = append(large, i)
		}
	}
	for len(small) > 0 && len(large) > 0 {
		s, l := small[len(small)-1], large[len(large)-1]
		small = small[:len(small)-1]
		a.keep[s], a.other[s] = uint32(scaled[s]*math.MaxUint32), uint16(l)
		if scaled[l] -= 1 - scaled[s]; scaled[l] < 1 {
			large = large[:len(large)-1]
			small = append(small, l)
		}
	}
	for _, i := range append(small, large...) {
		a.keep[i], a.other[i] = math.MaxUint32, uint16(i)
	}
	return a
}

func (a alias) draw(r uint64) int {
	i := int((r >> 32) * uint64(len(a.keep)) >> 32)
	if uint32(r) <= a.keep[i] {
		return i
	}
	return int(a.other[i])
}

// hashText turns names into counters (FNV-1a, then mixed).
func hashText(parts ...string) uint64 {
	h := uint64(14695981039346656037)
	for _, part := range parts {
		for i := range len(part) {
			h = (h ^ uint64(part[i])) * 1099511628211
		}
		h = (h ^ 0xff) * 1099511628211
	}
	return mix(h)
}

// expSpread is a lognormal factor with median 1.
func expSpread(s *stream, sigma float64) float64 { return math.Exp(sigma * s.normal()) }
