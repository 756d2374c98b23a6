// Package compose is the composition root: it gives activities their adapters and workflows their worker. Only programs import it.
package compose

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.uber.org/zap"
	"go.uber.org/zap/exp/zapslog"

	"github.com/danbi-project/danbi/workflows"
)

// Dial connects to Temporal, with logs through zap. It waits for the server for as long as the context lasts.
func Dial(ctx context.Context, options client.Options, log *zap.Logger) (client.Client, error) {
	options.Logger = sdklog.NewStructuredLogger(slog.New(zapslog.NewHandler(log.Core(), zapslog.WithCaller(false))))
	var told bool
	for {
		c, err := client.DialContext(ctx, options)
		if err == nil {
			return c, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("temporal at %s can't be reached: %w", options.HostPort, errors.Join(err, ctx.Err()))
		}
		if !told {
			log.Warn("Temporal can't be reached; trying again until it can", zap.String("address", options.HostPort), zap.Error(err))
			told = true
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// searchAttributes are what the namespace must know before a campaign starts.
var searchAttributes = []temporal.SearchAttributeKey{
	workflows.CampaignID, workflows.CampaignStage, workflows.CampaignNext, workflows.CampaignPaused, workflows.CampaignPeople,
}

// EnsureSearchAttributes creates the campaigns' search attributes in the namespace, or checks that an operator has.
func EnsureSearchAttributes(ctx context.Context, c client.Client, namespace string) error {
	operator := c.OperatorService()
	known, err := operator.ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err != nil {
		return fmt.Errorf("list the search attributes of namespace %s: %w", namespace, err)
	}
	missing := map[string]enums.IndexedValueType{}
	for _, key := range searchAttributes {
		have, ok := known.GetCustomAttributes()[key.GetName()]
		switch {
		case !ok:
			missing[key.GetName()] = key.GetValueType()
		case have != key.GetValueType():
			return fmt.Errorf("search attribute %s of namespace %s is a %s; Danbi needs a %s: remove it, or use another namespace", key.GetName(), namespace, have, key.GetValueType())
		}
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = operator.AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{Namespace: namespace, SearchAttributes: missing})
	var exists *serviceerror.AlreadyExists
	if err == nil || errors.As(err, &exists) { // another worker was faster
		return nil
	}
	return fmt.Errorf("add the search attributes to namespace %s (an operator may have to): %w", namespace, err)
}
