package activities

import (
	"sync"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/offers"
)

// mostTableBytes is how much of shards' offers a worker keeps between rounds. What does not fit is valued again.
const mostTableBytes = 1 << 30

type tableKey struct {
	run       campaign.Run
	snapshot  string
	knowledge string
	shard     campaign.Shard
}

// tables keeps the offers of shards that were valued last. Valuing takes a hundred times as long as adding up.
type tables struct {
	mu    sync.Mutex
	kept  map[tableKey]*offers.Table
	order []tableKey // the oldest first
	bytes int
}

func (t *tables) get(key tableKey, value func() (*offers.Table, error)) (*offers.Table, error) {
	t.mu.Lock()
	table := t.kept[key]
	t.mu.Unlock()
	if table != nil {
		return table, nil
	}
	table, err := value()
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.kept == nil {
		t.kept = map[tableKey]*offers.Table{}
	}
	if t.kept[key] == nil {
		t.kept[key], t.order, t.bytes = table, append(t.order, key), t.bytes+table.Bytes()
	}
	for t.bytes > mostTableBytes && len(t.order) > 1 {
		oldest := t.order[0]
		t.bytes -= t.kept[oldest].Bytes()
		delete(t.kept, oldest)
		t.order = t.order[1:]
	}
	return table, nil
}
