package activities

import (
	"context"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/money"
)

// QualifyCustomersInput asks who of a shard met the terms: customers whose offer was delivered, or may have been.
type QualifyCustomersInput struct {
	Run   campaign.Run   `json:"run"`
	Times campaign.Times `json:"times"`
	Shard campaign.Shard `json:"shard"`
}

// QualifyCustomersOutput counts the redemptions written.
type QualifyCustomersOutput struct {
	Reached   uint64      `json:"reached"` // customers with an offer that reached them
	Qualified uint64      `json:"qualified"`
	Due       money.Minor `json:"due"`
}

// PayDuesInput asks for the payouts of a shard. Each due is paid once, by an idempotency key that the provider knows.
type PayDuesInput struct {
	Run   campaign.Run   `json:"run"`
	Shard campaign.Shard `json:"shard"`
	Clock clock.Clock    `json:"clock"`
}

// PayDuesOutput counts the shard's payouts by outcome; Unknown is settled by asking the provider, never by guessing.
type PayDuesOutput struct {
	Dues    uint64      `json:"dues"`
	Paid    uint64      `json:"paid"`
	Amount  money.Minor `json:"amount"`
	Refused uint64      `json:"refused,omitempty"`
	Unknown uint64      `json:"unknown,omitempty"`
}

// ReconcilePayoutsInput asks to compare our books with the provider's for a run.
type ReconcilePayoutsInput struct {
	Run   campaign.Run `json:"run"`
	Clock clock.Clock  `json:"clock"`
}

// ReconcilePayoutsOutput is both sides, and what differs.
type ReconcilePayoutsOutput struct {
	Ours         uint64      `json:"ours"`
	OursAmount   money.Minor `json:"ours_amount"`
	Theirs       uint64      `json:"theirs"`
	TheirsAmount money.Minor `json:"theirs_amount"`
	Differences  []Fault     `json:"differences,omitempty"`
}

// ClawBackInput asks to judge a shard's paid redemptions again at the end of the clawback window.
type ClawBackInput struct {
	Run   campaign.Run   `json:"run"`
	Times campaign.Times `json:"times"`
	Shard campaign.Shard `json:"shard"`
}

// ClawBackOutput counts redemptions that no longer hold.
type ClawBackOutput struct {
	Reversed uint64      `json:"reversed"`
	Amount   money.Minor `json:"amount"`
}

// BatchKind is what a batch of ledger transactions books.
type BatchKind string

// The batches of a run, in the order of its life.
const (
	BatchApprove  BatchKind = "approve"  // the budget, once
	BatchReserve  BatchKind = "reserve"  // exposure per shard and tier when offers go out
	BatchRelease  BatchKind = "release"  // exposure of those who did not qualify, or were never reached, per shard
	BatchDues     BatchKind = "dues"     // reserved -> customer payable, per customer
	BatchPaid     BatchKind = "paid"     // payable -> clearing -> paid, per customer
	BatchClawback BatchKind = "clawback" // reversals, per customer
	BatchClose    BatchKind = "close"    // what is left of the approved budget
)

// BookBatchInput asks the run's books workflow to post a batch. Shard.Of = 0 is a batch of the whole run.
type BookBatchInput struct {
	Run    campaign.Run   `json:"run"`
	Kind   BatchKind      `json:"kind"`
	Shard  campaign.Shard `json:"shard"`
	At     time.Time      `json:"at"`               // campaign time
	Amount money.Minor    `json:"amount,omitempty"` // of approve
	Tiers  []Tier         `json:"tiers,omitempty"`  // of reserve
}

// PostBatchInput is a batch in its order: only the books workflow gives numbers and knows the head.
type PostBatchInput struct {
	Batch    BookBatchInput `json:"batch"`
	Number   uint32         `json:"number"`
	Previous string         `json:"previous"`
}

// PostBatchOutput is what was booked, and the new head of the chain.
type PostBatchOutput struct {
	Number       uint32      `json:"number"`
	Transactions uint64      `json:"transactions"`
	Postings     uint64      `json:"postings"`
	Amount       money.Minor `json:"amount"` // sum of the positive legs
	Head         string      `json:"head"`
}

// CheckBooksInput asks for the trial balance of a run, and whether the rows still hash to Head.
type CheckBooksInput struct {
	Run  campaign.Run `json:"run"`
	Head string       `json:"head"`
}

// CheckBooksOutput is the balance of each account; they sum to zero.
type CheckBooksOutput struct {
	Accounts map[string]money.Minor `json:"accounts"`
	Sum      money.Minor            `json:"sum"`
	Intact   bool                   `json:"intact"`
}

// SettlementStore is the redemptions and payouts in the warehouse.
type SettlementStore interface{}

// PayoutProvider pays rewards out. Its idempotency key is what makes a payout happen once.
type PayoutProvider interface{}

// Settlement finds who met the terms, and pays them.
type Settlement struct {
	Store   SettlementStore
	Payouts PayoutProvider
	Briefs  Briefs
}

// QualifyCustomers writes the redemptions of a shard.
func (a *Settlement) QualifyCustomers(ctx context.Context, in QualifyCustomersInput) (QualifyCustomersOutput, error) {
	return QualifyCustomersOutput{}, errUnwritten
}

// PayDues pays what a shard is due, each due once.
func (a *Settlement) PayDues(ctx context.Context, in PayDuesInput) (PayDuesOutput, error) {
	return PayDuesOutput{}, errUnwritten
}

// ReconcilePayouts compares our books with the provider's.
func (a *Settlement) ReconcilePayouts(ctx context.Context, in ReconcilePayoutsInput) (ReconcilePayoutsOutput, error) {
	return ReconcilePayoutsOutput{}, errUnwritten
}

// ClawBack judges a shard's paid redemptions again.
func (a *Settlement) ClawBack(ctx context.Context, in ClawBackInput) (ClawBackOutput, error) {
	return ClawBackOutput{}, errUnwritten
}
