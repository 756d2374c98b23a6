package activities

import (
	"context"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
)

// World lets the simulated population live on while a rehearsal's clock moves. A real campaign never calls it.
type World struct{ Population Population }

// Population lives on, for a shard of customers, from one instant of campaign time to another. Living the same time twice is living it once.
type Population interface {
	Live(ctx context.Context, shard campaign.Shard, from, to time.Time) (transactions, interactions uint64, err error)
}

// LiveOnInput is a shard and the time to live.
type LiveOnInput struct {
	Shard campaign.Shard `json:"shard"`
	From  time.Time      `json:"from"`
	To    time.Time      `json:"to"` // exclusive
}

// LiveOnOutput counts what happened.
type LiveOnOutput struct {
	Transactions uint64 `json:"transactions"`
	Interactions uint64 `json:"interactions"`
}

// LiveOn writes what the shard's customers do between From and To, given what reached them.
func (w *World) LiveOn(ctx context.Context, in LiveOnInput) (LiveOnOutput, error) {
	stop := heartbeat(ctx)
	defer stop()
	transactions, interactions, err := w.Population.Live(ctx, in.Shard, in.From, in.To)
	return LiveOnOutput{Transactions: transactions, Interactions: interactions}, Classify(err)
}
