package dispatch

import "sync"

// saying is what decides how amounts, terms and dates read: few customers have one of their own.
type saying struct {
	language, offer, content string
	threshold, reward        int64
	deadline                 int64 // Unix seconds
}

// said keeps texts that were made, because many customers are told the same. It forgets all of them when they are many.
type said struct {
	mu    sync.RWMutex
	known map[saying]values
}

const mostSaid = 4096

func (s *said) of(key saying, make_ func(saying) (values, error)) (values, error) {
	s.mu.RLock()
	v, known := s.known[key]
	s.mu.RUnlock()
	if known {
		return v, nil
	}
	v, err := make_(key)
	if err != nil {
		return v, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil || len(s.known) >= mostSaid {
		s.known = map[saying]values{}
	}
	s.known[key] = v
	return v, nil
}
