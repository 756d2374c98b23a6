package activities

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/settlement"
)

// What a workflow sees of a fault is its type, and a sentence for people.
func TestClassify(t *testing.T) {
	refused := &url.Error{Op: "Post", URL: "http://127.0.0.1:8123", Err: &net.OpError{Op: "dial", Err: errors.New("connection refused")}}
	for name, c := range map[string]struct {
		err  error
		kind string
		ends bool
	}{
		"the engine refuses":         {fmt.Errorf("read the slots: %w", refused), "WarehouseUnreachable", false},
		"the engine dies":            {fmt.Errorf("write events: %w", io.ErrUnexpectedEOF), "WarehouseUnreachable", false},
		"the payout provider is off": {fmt.Errorf("%w: %w", settlement.ErrUnreachable, refused), "PayoutsUnreachable", false},
		"the mail provider is off":   {fmt.Errorf("%w: %w", ErrProviderDown, refused), "ProviderDown", false},
		"an id is used":              {fmt.Errorf("spring: %w", campaign.ErrUsed), "CampaignUsed", true},
	} {
		t.Run(name, func(t *testing.T) {
			var classified *temporal.ApplicationError
			require.ErrorAs(t, Classify(c.err), &classified)
			require.Equal(t, c.kind, classified.Type())
			require.Equal(t, c.ends, classified.NonRetryable())
		})
	}
	unknown := errors.New("code 241: memory limit exceeded")
	require.Equal(t, unknown, Classify(unknown))
	require.Equal(t, context.Canceled, Classify(context.Canceled), "a stopped step has no fault")
	require.NoError(t, Classify(nil))
}
