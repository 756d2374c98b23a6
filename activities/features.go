package activities

import (
	"context"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/features"
)

// Features takes snapshots of what is known of every customer at an instant.
type Features struct {
	Store  FeatureStore
	Briefs Briefs
}

// FeatureStore is where features are extracted to.
type FeatureStore interface {
	// PlanSnapshot identifies the snapshot and cuts the customers into shards (0: as many as their number asks for).
	PlanSnapshot(ctx context.Context, want features.Snapshot, shards int) (features.Snapshot, []campaign.Shard, error)
	// ExtractFeatures puts one shard's features into staging, whole or not at all, and counts them.
	ExtractFeatures(ctx context.Context, of features.Snapshot, shard campaign.Shard) (uint64, error)
	// PublishSnapshot puts the staged shards in place as a whole once they add up to customers.
	PublishSnapshot(ctx context.Context, of features.Snapshot, shards []campaign.Shard, customers uint64) (features.Snapshot, error)
	// SweepStaging removes what killed extractions left behind before an instant of wall time.
	SweepStaging(ctx context.Context, before time.Time) (int, error)
}

// An extraction takes minutes; what is this old was left behind.
const abandoned = 48 * time.Hour

var (
	_ = classify(features.ErrNoCustomers, "NoCustomers", true)
	_ = classify(features.ErrSnapshotIncomplete, "SnapshotIncomplete", false)
	_ = classify(features.ErrUnknownFeature, "UnknownFeature", true)
	_ = classify(features.ErrOtherCatalogue, "OtherCatalogue", true)
	_ = classify(features.ErrNoSnapshot, "NoSnapshot", true)
)

// PlanSnapshot names the snapshot of an instant and cuts it into shards.
func (f *Features) PlanSnapshot(ctx context.Context, in PlanSnapshotInput) (PlanSnapshotOutput, error) {
	stop := heartbeat(ctx)
	defer stop()
	if _, err := f.Store.SweepStaging(ctx, clock.Wall().Add(-abandoned)); err != nil {
		return PlanSnapshotOutput{}, Classify(err)
	}
	want := features.Snapshot{Instant: in.Instant, Currency: in.Currency, Zone: in.Zone}
	snapshot, shards, err := f.Store.PlanSnapshot(ctx, want, in.Shards)
	return PlanSnapshotOutput{Snapshot: Snapshot(snapshot), Shards: shards}, Classify(err)
}

// ExtractFeatures writes one shard's features to staging. It may run twice, and at the same time, without a row too many.
func (f *Features) ExtractFeatures(ctx context.Context, in ExtractFeaturesInput) (ExtractFeaturesOutput, error) {
	stop := heartbeat(ctx)
	defer stop()
	customers, err := f.Store.ExtractFeatures(ctx, features.Snapshot(in.Snapshot), in.Shard)
	return ExtractFeaturesOutput{Customers: customers}, Classify(err)
}

// PublishSnapshot puts the staged shards in place as a whole.
func (f *Features) PublishSnapshot(ctx context.Context, in PublishSnapshotInput) (PublishSnapshotOutput, error) {
	stop := heartbeat(ctx)
	defer stop()
	snapshot, err := f.Store.PublishSnapshot(ctx, features.Snapshot(in.Snapshot), in.Shards, in.Customers)
	return PublishSnapshotOutput{Snapshot: Snapshot(snapshot)}, Classify(err)
}

// Snapshot names the features of all customers strictly before an instant. It is immutable once published.
type Snapshot struct {
	ID        string    `json:"id"`
	Instant   time.Time `json:"instant"`
	Currency  string    `json:"currency"`
	Zone      string    `json:"zone"` // of customers whose own is missing or unknown
	Catalogue string    `json:"catalogue"`
	Binning   string    `json:"binning,omitempty"` // how values are made bins
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
