package main

import (
	"os"
	"syscall"
	"time"
)

// section is the measured part of a bench: its wall time, and the CPU time and peak memory that this process and some
// parts of the stack have in it.
type section struct {
	e     *engines
	began time.Time
	self  float64
	parts map[string]float64 // CPU seconds before it began
}

// begin starts the measured section. Peaks of before it are forgotten: what prepared the data does not count.
func (e *engines) begin(parts ...string) *section {
	s := &section{e: e, parts: map[string]float64{}}
	forget(os.Getpid())
	for _, part := range parts {
		e.forget(part)
		s.parts[part] = e.cpu(part)
	}
	s.self, s.began = cpuOf(os.Getpid()), time.Now()
	return s
}

// end writes the section's figures: cpu_seconds is of all of its processes together, rss_mb of this one.
func (s *section) end(out map[string]any) {
	out["seconds"] = time.Since(s.began).Seconds()
	total := cpuOf(os.Getpid()) - s.self
	for part, before := range s.parts {
		used := s.e.cpu(part) - before
		total += used
		out[part+"_cpu_seconds"], out[part+"_rss_mb"] = used, s.e.peak(part)
	}
	out["cpu_seconds"], out["rss_mb"] = total, peakOf(os.Getpid())
}

// children is the CPU time, in seconds, of the processes that this one started and that are over.
func children() float64 {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_CHILDREN, &used) != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()).Seconds()
}
