package activities

import (
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
)

// Snapshot names the features of all customers strictly before an instant. It is immutable once published.
type Snapshot struct {
	ID        string    `json:"id"`
	Instant   time.Time `json:"instant"`
	Currency  string    `json:"currency"`
	Zone      string    `json:"zone"` // of customers whose own is missing or unknown
	Catalogue string    `json:"catalogue"`
	Customers uint64    `json:"customers,omitempty"`
	Checksum  uint64    `json:"checksum,omitempty"`
	Published bool      `json:"published,omitempty"`
}

// PlanSnapshotInput asks for the snapshot of a run at an instant, cut into shards (0: by the number of customers).
type PlanSnapshotInput struct {
	Run      campaign.Run `json:"run"`
	Instant  time.Time    `json:"instant"`
	Currency string       `json:"currency"`
	Zone     string       `json:"zone"`
	Shards   int          `json:"shards,omitempty"`
}

// PlanSnapshotOutput names the snapshot; Published says that it is there already. Shards are cut by quantiles of transaction counts.
type PlanSnapshotOutput struct {
	Snapshot Snapshot         `json:"snapshot"`
	Shards   []campaign.Shard `json:"shards"`
}

// ExtractFeaturesInput asks for one shard of the snapshot.
type ExtractFeaturesInput struct {
	Snapshot Snapshot       `json:"snapshot"`
	Shard    campaign.Shard `json:"shard"`
}

// ExtractFeaturesOutput counts what was written to staging.
type ExtractFeaturesOutput struct {
	Customers uint64 `json:"customers"`
}

// PublishSnapshotInput puts the staged shards in place as a whole; Customers is what they must add up to.
type PublishSnapshotInput struct {
	Snapshot  Snapshot         `json:"snapshot"`
	Shards    []campaign.Shard `json:"shards"`
	Customers uint64           `json:"customers"`
}

// PublishSnapshotOutput is the published snapshot, with its count and checksum.
type PublishSnapshotOutput struct {
	Snapshot Snapshot `json:"snapshot"`
}
