package compose

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/warehouse"
	"github.com/danbi-project/danbi/internal/world"
)

// population lets the world that the warehouse holds live on. It is opened when a rehearsal first asks for it.
type population struct {
	store *warehouse.Warehouse
	mu    sync.Mutex
	world *world.World
}

func (p *population) open(ctx context.Context) (*world.World, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.world == nil {
		found, err := world.Open(ctx, p.store)
		if err != nil {
			return nil, err
		}
		p.world = found
	}
	return p.world, nil
}

// Live lives on from where each customer stands, so that from is only what the history shows.
func (p *population) Live(ctx context.Context, shard campaign.Shard, _, to time.Time) (transactions, interactions uint64, err error) {
	w, err := p.open(ctx)
	if err != nil {
		return 0, 0, err
	}
	lived, err := w.Live(ctx, p.store, world.Range{Low: shard.Low, High: shard.High}, to, world.Context{})
	if errors.Is(err, world.ErrOther) { // it was replaced: the next attempt opens the new one
		p.mu.Lock()
		p.world = nil
		p.mu.Unlock()
	}
	return lived.Transactions, lived.Interactions, err
}
