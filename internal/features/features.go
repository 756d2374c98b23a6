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
)

// Snapshot names the features of all customers strictly before Instant. Published, it never changes.
type Snapshot struct {
	ID        string
	Instant   time.Time
	Currency  string
	Zone      string // of customers whose own is missing or unknown
	Catalogue string // hash of what the columns mean
	Customers uint64
	Checksum  uint64
	Published bool
}
