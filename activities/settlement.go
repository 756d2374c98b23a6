package activities

import (
	"context"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/settlement"
)

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
	Amount  money.Minor `json:"amount"`           // paid out
	Netted  money.Minor `json:"netted,omitempty"` // set against what customers owed
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
	Matched      uint64      `json:"matched"`
	Differences  []Fault     `json:"differences,omitempty"`
	Open         uint64      `json:"open,omitempty"` // breaks that nobody has settled yet, of this statement and of earlier ones
}

// ClawBackInput asks to judge a shard's paid redemptions again at the end of the clawback window.
type ClawBackInput struct {
	Run   campaign.Run   `json:"run"`
	Times campaign.Times `json:"times"`
	Shard campaign.Shard `json:"shard"`
	Known time.Time      `json:"known,omitzero"` // what happened before it is known; default: the end of the clawback window
	Pass  uint16         `json:"pass,omitempty"`
}

// ClawBackOutput counts redemptions that no longer hold.
type ClawBackOutput struct {
	Reversed uint64      `json:"reversed"`
	Amount   money.Minor `json:"amount"`
	Waived   money.Minor `json:"waived,omitempty"` // not earned either, but below the policy's floor
	Late     uint64      `json:"late,omitempty"`   // would have met the terms, had it been known in time: listed, not paid
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
	BatchForgo    BatchKind = "forgo"    // dues that a person decided will not be paid
	BatchDraw     BatchKind = "draw"     // of a shared budget: what a plan may have out
	BatchReturn   BatchKind = "return"   // of a shared budget: what a plan did not spend
	BatchNet      BatchKind = "net"      // of the receivables: dues against what their customers owe
)

// BookBatchInput asks the run's books workflow to post a batch. Shard.Of = 0 is a batch of the whole run.
type BookBatchInput struct {
	Run    campaign.Run   `json:"run"`
	Kind   BatchKind      `json:"kind"`
	Shard  campaign.Shard `json:"shard"`
	At     time.Time      `json:"at"`               // campaign time
	Amount money.Minor    `json:"amount,omitempty"` // of approve
	Tiers  []Tier         `json:"tiers,omitempty"`  // of reserve
	Pass   uint16         `json:"pass,omitempty"`   // 0: the run's own settlement; n: the n-th time that it is settled again
	Of     *DrawnBy       `json:"of,omitempty"`     // of draw, return and net, which are in books that campaigns share
}

// DrawnBy is the run whose batch stands in books that campaigns share.
type DrawnBy struct {
	Run      campaign.Run `json:"run"`
	Currency string       `json:"currency"`
	Limit    money.Minor  `json:"limit,omitempty"` // of draw: how large the policy says that the shared budget is
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
	Findings []string               `json:"findings,omitempty"` // what is wrong, batch by batch
}

// SettlementStore is the redemptions, payouts and clawbacks in the warehouse.
type SettlementStore interface {
	QualifyCustomers(ctx context.Context, run campaign.Run, terms settlement.Terms, shard campaign.Shard) (reached uint64, err error)
	FindCandidates(ctx context.Context, run campaign.Run, terms settlement.Terms, shard campaign.Shard) (settlement.Set, error)
	CutFirstComers(ctx context.Context, run campaign.Run, terms settlement.Terms, sets []settlement.Set) ([]settlement.Cut, error)
	PublishRedemptions(ctx context.Context, run campaign.Run, terms settlement.Terms, shard campaign.Shard, set settlement.Set, cuts []settlement.Cut) (redemptions uint64, due money.Minor, err error)
	Redemptions(ctx context.Context, run campaign.Run, shard campaign.Shard) ([]settlement.Redemption, error)
	Dues(ctx context.Context, run campaign.Run, shard campaign.Shard) (dues []settlement.Due, booked []bool, err error)
	Payouts(ctx context.Context, run campaign.Run, shard campaign.Shard) ([]settlement.Due, error)
	RecordPayouts(ctx context.Context, run campaign.Run, events []settlement.PayoutEvent) error

	Rejudge(ctx context.Context, run campaign.Run, terms settlement.Terms, shard campaign.Shard) ([]settlement.Redemption, error)
	Clawbacks(ctx context.Context, run campaign.Run, shard campaign.Shard) ([]settlement.Reversal, error)
	RecordClawbacks(ctx context.Context, run campaign.Run, shard campaign.Shard, pass uint16, at time.Time, reversals []settlement.Reversal) error
	LowerClawbacks(ctx context.Context, run campaign.Run, pass uint16, at time.Time, reversals []settlement.Reversal) error
	RecordLate(ctx context.Context, run campaign.Run, late []settlement.Redemption) error
	// JudgedInTime gives each step that was found when the run was settled.
	JudgedInTime(ctx context.Context, run campaign.Run, shard campaign.Shard, each func(campaign.ID)) error
	Breaks(ctx context.Context, run campaign.Run) ([]settlement.Break, error)
	RecordBreaks(ctx context.Context, run campaign.Run, actor string, at time.Time, breaks []settlement.Break) error
	Owed(ctx context.Context, currency string, shard campaign.Shard) (map[uint32]money.Minor, error)
	// Pending is what all runs recorded to take back and have not booked yet.
	Pending(ctx context.Context, currency string, shard campaign.Shard) (map[uint32]money.Minor, error)
}

// Settlement finds who met the terms, and pays them.
type Settlement struct {
	Store    SettlementStore
	Payouts  PayoutRoutes
	Briefs   Briefs
	Throttle ThrottleKeeper // needed when the policy limits the rate of a route

	circuits circuits
}

var (
	_ = classify(settlement.ErrNotBooked, "NotBooked", false)
	_ = classify(settlement.ErrUnreachable, "PayoutsUnreachable", false)
)
