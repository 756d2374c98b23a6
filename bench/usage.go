package main

import (
	"os"
	"sync"
	"syscall"
	"time"
)

// usage is what parts use that are killed and started again: the CPU time of processes that ended is their parent's.
type usage struct {
	e      *engines
	parts  []string
	began  time.Time
	before float64
	stop   chan struct{}
	done   sync.WaitGroup
	peaks  map[string]float64
}

func (e *engines) usage(parts ...string) *usage {
	u := &usage{e: e, parts: parts, began: time.Now(), stop: make(chan struct{}), peaks: map[string]float64{}}
	u.before = u.cpu()
	u.done.Go(func() {
		ticker := time.NewTicker(500 * time.Millisecond)
		defer ticker.Stop()
		for {
			for _, part := range parts {
				u.peaks[part] = max(u.peaks[part], e.peak(part))
			}
			select {
			case <-u.stop:
				return
			case <-ticker.C:
			}
		}
	})
	return u
}

// cpu is of this process, of its children that ended, and of the parts that run. The sink is in it once it was killed.
func (u *usage) cpu() float64 {
	var ended syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_CHILDREN, &ended)
	total := cpuOf(os.Getpid()) + time.Duration(ended.Utime.Nano()+ended.Stime.Nano()).Seconds()
	for _, part := range u.parts {
		total += u.e.cpu(part)
	}
	return total
}

// end writes seconds, cpu_seconds and each part's peak memory; rss_mb is the worker's.
func (u *usage) end(out map[string]any) {
	close(u.stop)
	u.done.Wait()
	out["seconds"], out["cpu_seconds"] = time.Since(u.began).Seconds(), u.cpu()-u.before
	for _, part := range u.parts {
		out[part+"_rss_mb"] = u.peaks[part]
	}
	out["rss_mb"] = out["worker_rss_mb"]
}
