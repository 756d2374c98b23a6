package workflows

import (
	"errors"
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
)

// BooksState is what the books carry through continue-as-new: the head of the chain, and every batch by its business
// identity, so that booking twice is booking once.
type BooksState struct {
	Run     campaign.Run                          `json:"run"`
	Number  uint32                                `json:"number"`
	Head    string                                `json:"head"`
	Batches map[string]activities.PostBatchOutput `json:"batches,omitempty"`
	Pass    uint16                                `json:"pass,omitempty"` // how often the run was settled again
}

// CloseBooks is the signal that ends a run's books.
const CloseBooks = "close"

// HeadQuery asks the books for the head of their chain.
const HeadQuery = "head"

// PassQuery asks the books how often their run was settled again.
const PassQuery = "pass"

// Books is the only writer of a run's ledger batches: one at a time, numbered, chained. The head in its history is what
// the rows of the ledger are checked against.
func Books(ctx workflow.Context, state BooksState) error {
	if state.Batches == nil {
		state.Batches = map[string]activities.PostBatchOutput{}
	}
	writer := workflow.NewMutex(ctx)
	err := errors.Join(
		workflow.SetQueryHandlerWithOptions(ctx, HeadQuery, func() (string, error) { return state.Head, nil },
			workflow.QueryHandlerOptions{Description: "Head of the ledger's hash chain"}),
		workflow.SetQueryHandlerWithOptions(ctx, PassQuery, func() (uint16, error) { return state.Pass, nil },
			workflow.QueryHandlerOptions{Description: "How often the run was settled again"}),
		Book.answer(ctx, "Post a batch to the ledger, in order",
			func(_ workflow.Context, in activities.BookBatchInput) error {
				if in.Run.Campaign != state.Run.Campaign || in.Run.Occurrence != state.Run.Occurrence {
					return fmt.Errorf("these are the books of %s/%d", state.Run.Campaign, state.Run.Occurrence)
				}
				return nil
			},
			func(ctx workflow.Context, in activities.BookBatchInput) (activities.PostBatchOutput, error) {
				if err := writer.Lock(ctx); err != nil {
					return activities.PostBatchOutput{}, err
				}
				defer writer.Unlock()
				key := BatchKey(in)
				if done, ok := state.Batches[key]; ok {
					return done, nil
				}
				out, err := run(workflow.WithTaskQueue(post(ctx), KeeperQueue), books.PostBatch, activities.PostBatchInput{Batch: in, Number: state.Number + 1, Previous: state.Head},
					fmt.Sprintf("batch %d: %s", state.Number+1, key))
				if err != nil {
					return out, err
				}
				state.Number, state.Head, state.Batches[key], state.Pass = out.Number, out.Head, out, max(state.Pass, in.Pass)
				workflow.SetCurrentDetails(ctx, fmt.Sprintf("### Books of `%s`\n\n**Why:** batch %d, %s, is posted; it waits for the next.\n\n**Next:** nothing to press. It ends when the campaign closes.\n\n- Head of the chain: `%s`\n- Check: `starter ledger %s verify`\n",
					state.Run.WorkflowID(), state.Number, key, state.Head, state.Run.Campaign))
				return out, nil
			}))
	if err != nil {
		return err
	}
	closing := false
	workflow.Go(ctx, func(ctx workflow.Context) {
		workflow.GetSignalChannel(ctx, CloseBooks).Receive(ctx, nil)
		closing = true
	})
	err = workflow.Await(ctx, func() bool {
		return (closing || workflow.GetInfo(ctx).GetContinueAsNewSuggested()) && workflow.AllHandlersFinished(ctx)
	})
	if err != nil || closing {
		return err
	}
	return workflow.NewContinueAsNewError(ctx, Books, state)
}

// BatchKey is the business identity of a batch within its books.
func BatchKey(in activities.BookBatchInput) string {
	key := string(in.Kind)
	if in.Of != nil { // in books that campaigns share
		key += fmt.Sprintf("/%s/%d/%d", in.Of.Run.Campaign, in.Of.Run.Occurrence, in.Of.Run.Plan)
	}
	if in.Shard.Of > 0 {
		key += fmt.Sprintf("/%d-%d", in.Shard.Low, in.Shard.High)
	}
	if in.Pass > 0 {
		key += fmt.Sprintf("/again-%d", in.Pass)
	}
	return key
}
