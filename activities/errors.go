package activities

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"go.temporal.io/sdk/temporal"

	"github.com/danbi-project/danbi/internal/campaign"
)

// failure is how one sentinel error is told to a workflow: its type has a line in docs/runbook.md.
type failure struct {
	is   error
	kind string
	ends bool // trying again cannot help: somebody has to change something first
}

// failures is added to by each stage, in its own file, so that an error is classified exactly once.
var failures []failure

// Every stage reads its run's brief.
var (
	_ = classify(campaign.ErrUsed, "CampaignUsed", true)
	_ = classify(campaign.ErrPlanTaken, "PlanTaken", true)
	_ = classify(campaign.ErrNoBrief, "NoBrief", true)
)

// classify adds a sentinel to the table. It returns a value so that it can stand in a var declaration.
func classify(is error, kind string, ends bool) struct{} {
	failures = append(failures, failure{is: is, kind: kind, ends: ends})
	return struct{}{}
}

// Classify turns a sentinel of the domain or the warehouse into the error type that workflows and people know.
// What it does not know is returned as it is: an unknown fault is worth another try.
func Classify(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	var known *temporal.ApplicationError
	if errors.As(err, &known) {
		return err
	}
	for _, f := range failures {
		if !errors.Is(err, f.is) {
			continue
		}
		if f.ends {
			return temporal.NewNonRetryableApplicationError(err.Error(), f.kind, err)
		}
		return temporal.NewApplicationErrorWithCause(err.Error(), f.kind, err)
	}
	var wrong campaign.Fault
	if errors.As(err, &wrong) {
		return temporal.NewNonRetryableApplicationError(err.Error(), "BadSpec", err)
	}
	if broken := connection(err); broken != nil {
		return temporal.NewApplicationError(fmt.Sprintf("%s (%v)", warehouseAway, broken), "WarehouseUnreachable") // whose causes say no more
	}
	return err
}

// warehouseAway is what a person reads while the engine is down: providers' silence has sentinels of its own, so whoever
// else does not answer an activity is ClickHouse.
const warehouseAway = "ClickHouse can't be reached. Nothing is lost: this step is tried again by itself until ClickHouse answers. " +
	"Next: bring ClickHouse back (`starter up` restarts a local one by itself; else check DANBI_CLICKHOUSE_ADDR, the server and the network); nothing has to be pressed here"

// connection is the fault of a connection that could not be made, or broke; nil for other faults.
func connection(err error) error {
	var network *net.OpError
	var name *net.DNSError
	switch {
	case errors.As(err, &network):
		return network
	case errors.As(err, &name):
		return name
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("it broke the connection off")
	}
	return nil
}
