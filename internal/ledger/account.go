// Package ledger keeps the books of a campaign: transactions whose legs sum to zero, made from business facts by
// constructors, with identities that make booking twice booking once.
package ledger

// Account is where value sits. A balance above zero is a debit, one below zero a credit; all balances sum to zero.
type Account string

// The chart of accounts. The budget's four sum to zero among themselves, and so do the money's:
// docs/ledger.md walks a reward through them.
const (
	BudgetGranted  Account = "budget:granted"  // credit: what approval granted, less what became rewards
	BudgetApproved Account = "budget:approved" // debit: free to be reserved
	BudgetReserved Account = "budget:reserved" // debit: the most that offers which are out may cost
	BudgetReleased Account = "budget:released" // debit: came back unspent

	RewardExpense      Account = "expense:rewards"     // debit: what the rewards cost us
	CustomerPayable    Account = "customer:payable"    // credit: owed to customers
	PayoutClearing     Account = "payout:clearing"     // credit: with the provider, not confirmed
	PayoutPaid         Account = "payout:paid"         // credit: money that left
	ClawbackReceivable Account = "clawback:receivable" // debit: to be had back from customers
	NettingClearing    Account = "netting:clearing"    // between what a customer owes and what we owe them; zero over all books
)

// Accounts is the chart in the order in which it is shown.
var Accounts = []Account{
	BudgetGranted, BudgetApproved, BudgetReserved, BudgetReleased,
	RewardExpense, CustomerPayable, PayoutClearing, PayoutPaid, ClawbackReceivable, NettingClearing,
}
