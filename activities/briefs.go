package activities

import (
	"context"

	"github.com/danbi-project/danbi/internal/campaign"
)

// Briefs gives the spec and policy of a registered run. Every stage's struct holds it beside its store.
type Briefs interface {
	Brief(ctx context.Context, run campaign.Run) (campaign.Brief, error)
}
