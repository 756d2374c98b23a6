package main

import (
	"slices"
	"sync"
	"time"
)

// sampler notes the CPU time of some parts a few times a second, so that it can be said what each stretch of a run took.
type sampler struct {
	e     *engines
	parts []string
	stop  chan struct{}
	done  sync.WaitGroup

	mu      sync.Mutex
	at      []time.Time
	seconds [][]float64 // by sample, in the parts' order
}

func (e *engines) sample(parts ...string) *sampler {
	s := &sampler{e: e, parts: parts, stop: make(chan struct{})}
	s.note()
	s.done.Go(func() {
		ticker := time.NewTicker(200 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-s.stop:
				return
			case <-ticker.C:
				s.note()
			}
		}
	})
	return s
}

func (s *sampler) note() {
	now, seconds := time.Now(), make([]float64, len(s.parts))
	for i, part := range s.parts {
		seconds[i] = s.e.cpu(part)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at, s.seconds = append(s.at, now), append(s.seconds, seconds)
}

func (s *sampler) end() {
	close(s.stop)
	s.done.Wait()
	s.note()
}

// between is the CPU time that each part used between two instants.
func (s *sampler) between(from, to time.Time) map[string]float64 {
	used := map[string]float64{}
	for i, part := range s.parts {
		used[part] = s.until(to, i) - s.until(from, i)
	}
	return used
}

// until interpolates between the two samples around an instant.
func (s *sampler) until(t time.Time, part int) float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, _ := slices.BinarySearchFunc(s.at, t, time.Time.Compare)
	if i == 0 {
		return s.seconds[0][part]
	}
	if i == len(s.at) {
		return s.seconds[i-1][part]
	}
	share := t.Sub(s.at[i-1]).Seconds() / s.at[i].Sub(s.at[i-1]).Seconds()
	return s.seconds[i-1][part] + share*(s.seconds[i][part]-s.seconds[i-1][part])
}
