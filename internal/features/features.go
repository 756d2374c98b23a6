// Package features decides about snapshots: what identifies one, how customers are cut into shards, and how far each
// time zone was from UTC. It reads nothing; the warehouse extracts.
package features

import (
	"errors"
	"time"
)

// Faults of a snapshot.
var (
	// ErrNoCustomers says that there is nobody to extract features of.
	ErrNoCustomers = errors.New("the warehouse holds no customers: import them first")
	// ErrSnapshotIncomplete says that shards are missing or do not add up; extracting them again mends it.
	ErrSnapshotIncomplete = errors.New("the snapshot's shards do not add up")
	// ErrUnknownFeature says that a snapshot does not have a feature that was asked for.
	ErrUnknownFeature = errors.New("the snapshot has no such feature")
	// ErrOtherCatalogue says that a snapshot or a model is of features that are defined otherwise by now.
	ErrOtherCatalogue = errors.New("the features are defined otherwise by now: take another snapshot")
	// ErrNoSnapshot says that no such snapshot is published.
	ErrNoSnapshot = errors.New("there is no such snapshot")
)

// Snapshot names the features of all customers strictly before Instant. Published, it never changes.
type Snapshot struct {
	ID        string
	Instant   time.Time
	Currency  string
	Zone      string // of customers whose own is missing or unknown
	Catalogue string // hash of what the columns mean
	Binning   string // hash of the edges by which values are bins
	Customers uint64
	Checksum  uint64
	Published bool
}
