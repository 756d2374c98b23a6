package main

import (
	"context"
	"errors"
	"fmt"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/converter"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/workflows"
)

// errForgotten says that Temporal has no history of the books.
var errForgotten = errors.New("it has no history of these books any more")

// keptHeads are the heads of the chain, by number of batch, as Temporal's history of the books' workflow has them: what
// the workflow was started or continued with, and what each of its batches answered since. It is read from the history's
// events themselves, so it needs no worker, and no program that somebody could have changed.
func (a *App) keptHeads(ctx context.Context, run campaign.Run) (map[uint32]string, error) {
	asking, cancel := context.WithTimeout(ctx, soon)
	defer cancel()
	c, err := a.Temporal(asking)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	type link struct {
		Number uint32 `json:"number"`
		Head   string `json:"head"`
	}
	heads, data := map[uint32]string{}, converter.GetDefaultDataConverter()
	for events := c.GetWorkflowHistory(asking, run.BooksID(), "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); events.HasNext(); {
		event, err := events.Next()
		if err != nil {
			return nil, err
		}
		if started := event.GetWorkflowExecutionStartedEventAttributes(); started != nil {
			var state workflows.BooksState
			if err := data.FromPayloads(started.GetInput(), &state); err != nil {
				return nil, fmt.Errorf("read what the books of %s began with: %w", run.Campaign, err)
			}
			for _, posted := range state.Batches {
				heads[posted.Number] = posted.Head
			}
		}
		if posted := event.GetActivityTaskCompletedEventAttributes(); posted != nil {
			var l link
			if err := data.FromPayloads(posted.GetResult(), &l); err != nil {
				return nil, fmt.Errorf("read what the books of %s posted: %w", run.Campaign, err)
			}
			if l.Number > 0 {
				heads[l.Number] = l.Head
			}
		}
	}
	if len(heads) == 0 {
		return nil, errForgotten
	}
	return heads, nil
}
