package stack

import (
	"crypto/rand"
	"os"
	"slices"

	"github.com/danbi-project/danbi/internal/warehouse"
)

// address chooses where every part listens, before any is started: a part that crashes comes back at its address.
func (s *Stack) address() error {
	earlier, err := readRunning(s.dir)
	if err != nil {
		earlier = &Running{} // no earlier stack, or one whose file is damaged: its ports are no loss
	}
	earlier.awaitEnd(stopLimit)
	ports := s.config.Ports
	choice := &portChoice{}
	r := Running{Dir: s.dir, PID: os.Getpid()}
	if s.has(PartEngine) {
		r.ClickHouse = ClickHouse{
			Addr:     choice.choose("ClickHouse", ports.ClickHouse, earlier.ClickHouse.Addr),
			Token:    rand.Text(),
			Database: orDefault(s.config.Database, warehouse.DefaultDatabase),
			Passing:  s.config.Passing,
		}
	}
	r.ClickHouse.External = ExternalClickHouse()
	if s.has(PartTemporal) {
		r.Temporal = Temporal{
			Address:   choice.choose("Temporal", ports.Temporal, earlier.Temporal.Address),
			UI:        "http://" + choice.choose("Temporal's UI", ports.TemporalUI, earlier.Temporal.UI),
			Metrics:   "http://" + choice.choose("Temporal's metrics", ports.TemporalMetrics, earlier.Temporal.Metrics) + "/metrics",
			Namespace: orDefault(s.config.Namespace, orDefault(os.Getenv("TEMPORAL_NAMESPACE"), "default")),
		}
	}
	r.Temporal.External = ExternalTemporal()
	if s.has(PartSink) {
		r.Sink = Sink{
			SMTP: choice.choose("SMTP", ports.SMTP, earlier.Sink.SMTP),
			SMPP: choice.choose("SMPP", ports.SMPP, earlier.Sink.SMPP),
			HTTP: "http://" + choice.choose("the sink's HTTP", ports.SinkHTTP, earlier.Sink.HTTP),
		}
	}
	if s.has(PartWorker) {
		r.Worker.Metrics = "http://" + choice.choose("the worker's metrics", ports.WorkerMetrics, earlier.Worker.Metrics) + "/metrics"
	}
	r.Metrics = "http://" + choice.choose("the stack's metrics", ports.Metrics, earlier.Metrics) + "/metrics"
	s.running = r
	return choice.done()
}

// has says whether the part is started here: it is wanted, and the environment doesn't name a server in its place.
func (s *Stack) has(name string) bool {
	switch {
	case slices.Contains(s.config.Without, name),
		name == PartEngine && ExternalClickHouse(),
		name == PartTemporal && ExternalTemporal():
		return false
	case name == PartTemporal:
		return true
	default:
		return slices.ContainsFunc(s.config.Parts, func(p Part) bool { return p.Name == name })
	}
}
