package features

import "github.com/danbi-project/danbi/internal/campaign"

// A shard of so many customers takes seconds and fits beside others in the engine's memory.
const (
	customersPerShard = 250_000
	fewestShards      = 4
	mostShards        = 64
	// A customer costs as much work as so many transactions: a row to read, join and write.
	workOfCustomer = 4
)

// Buckets are transaction counts of equally long ranges of customer keys: range i starts at 1 + i·Width.
type Buckets struct {
	Width        uint32
	Last         uint32 // the greatest customer key
	Transactions []uint64
}

// ShardsFor is how many shards so many customers are cut into, when nobody says otherwise.
func ShardsFor(customers uint64) int {
	return int(min(max((customers+customersPerShard-1)/customersPerShard, fewestShards), mostShards))
}

// Cut cuts the keys 1 to Last into at most n contiguous ranges of about equal work. There are fewer when a range would
// be empty.
func (b Buckets) Cut(n int) []campaign.Shard {
	work := func(i int) uint64 { return b.Transactions[i] + workOfCustomer*uint64(b.Width) }
	var total uint64
	for i := range b.Transactions {
		total += work(i)
	}
	n = max(1, min(n, len(b.Transactions)))
	var shards []campaign.Shard
	low, done := uint32(1), uint64(0)
	for i := range b.Transactions {
		done += work(i)
		high := uint32(min(uint64(i+1)*uint64(b.Width), uint64(b.Last)))
		left := len(b.Transactions) - i - 1
		due := done*uint64(n) >= uint64(len(shards)+1)*total
		// Buckets must remain for the shards that are still to come.
		if last := left == 0; last || due && len(shards) < n-1 || left < n-len(shards) && len(shards) < n-1 {
			if high >= low {
				shards = append(shards, campaign.Shard{Low: low, High: high})
			}
			low = high + 1
		}
	}
	for i := range shards {
		shards[i].Index, shards[i].Of = i, len(shards)
	}
	return shards
}
