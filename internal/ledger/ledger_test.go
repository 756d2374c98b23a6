package ledger

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
)

var at = time.Date(2026, 9, 30, 3, 0, 0, 0, time.UTC)

func book() Book {
	return Book{Run: campaign.Run{Campaign: "autumn", Occurrence: 1, Plan: 1}, Currency: "KRW", At: at}
}

// drawn is any transaction of any kind, with any amount.
func drawn(t *rapid.T) (Transaction, error) {
	b := Book{Run: campaign.Run{Campaign: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "campaign"), Occurrence: rapid.Uint32Range(1, 2).Draw(t, "occurrence"), Plan: rapid.Uint16Range(1, 2).Draw(t, "plan")}, Currency: "KRW", At: at}
	amount := rapid.OneOf(
		rapid.Custom(func(t *rapid.T) money.Minor { return money.Minor(rapid.Int64().Draw(t, "any")) }),
		rapid.Custom(func(t *rapid.T) money.Minor { return money.Minor(rapid.Int64Range(-1, 1_000_000).Draw(t, "usual")) }),
	).Draw(t, "amount")
	offer := rapid.SampledFrom([]string{"x", "xy", ""}).Draw(t, "offer")
	customer, round := rapid.Uint32Range(0, 3).Draw(t, "customer"), rapid.Uint16Range(1, 2).Draw(t, "round")
	shard := campaign.Shard{Of: 2, Low: rapid.Uint32Range(0, 3).Draw(t, "low"), High: rapid.Uint32Range(3, 5).Draw(t, "high")}
	switch rapid.IntRange(0, 13).Draw(t, "kind") {
	case 7:
		return b.Reopen(shard, offer, amount)
	case 8:
		return b.Net(b.Run, customer, offer, round, amount)
	case 9:
		return b.Netted(customer, offer, round, amount)
	case 10:
		return b.Forgo(customer, offer, round, amount)
	case 11:
		return b.Resize(b.Run, amount)
	case 12:
		return b.Draw(b.Run, amount)
	case 13:
		return b.Return(b.Run, amount)
	case 0:
		return b.Approve(amount)
	case 1:
		return b.Reserve(shard, offer, amount)
	case 2:
		return b.Release(shard, offer, amount)
	case 3:
		return b.Due(customer, offer, round, amount)
	case 4:
		return b.Paid(customer, offer, round, amount)
	case 5:
		return b.Clawback(customer, offer, round, 0, amount)
	default:
		return b.Close(amount)
	}
}

func TestEveryTransactionSumsToZero(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		made, err := drawn(t)
		if err != nil {
			return // refused: nothing to book
		}
		budget, rest := money.Minor(0), money.Minor(0)
		for _, leg := range made.Legs {
			if leg.Amount == 0 || !slices.Contains(Accounts, leg.Account) {
				t.Fatalf("a leg of %+v", leg)
			}
			switch leg.Account {
			case BudgetGranted, BudgetApproved, BudgetReserved, BudgetReleased:
				budget += leg.Amount
			default:
				rest += leg.Amount
			}
		}
		if budget != 0 || rest != 0 {
			t.Fatalf("%s: the budget's accounts sum to %d, the money's to %d", made.Kind, budget, rest)
		}
	})
}

func TestAmountsMustBeAboveZero(t *testing.T) {
	for _, amount := range []money.Minor{0, -1, money.Least} {
		_, err := book().Due(1, "x", 1, amount)
		require.ErrorIs(t, err, ErrAmount)
	}
	_, err := book().Due(1, "x", 1, money.Greatest)
	require.NoError(t, err)
	lopsided := Transaction{Legs: []Leg{{BudgetApproved, 5}, {BudgetReserved, -4}}}
	require.ErrorIs(t, lopsided.Check(), ErrUnbalanced)
	require.ErrorIs(t, Transaction{Legs: []Leg{{BudgetApproved, money.Greatest}, {BudgetReserved, 1}}}.Check(), money.ErrOverflow)
}

// Different business, different identity; the same business booked at another time is the same transaction.
func TestIdentities(t *testing.T) {
	seen := map[campaign.ID]string{}
	add := func(what string, made Transaction, err error) {
		require.NoError(t, err)
		require.Empty(t, seen[made.ID], what)
		seen[made.ID] = what
	}
	one, other := campaign.Shard{Low: 0, High: 9}, campaign.Shard{Low: 10, High: 19}
	for _, plan := range []uint16{1, 2} {
		b := book()
		b.Run.Plan = plan
		made, err := b.Approve(5)
		add("approve", made, err)
		for _, shard := range []campaign.Shard{one, other} {
			for _, offer := range []string{"x", "y"} {
				made, err = b.Reserve(shard, offer, 5)
				add("reserve", made, err)
				require.Equal(t, made.ID, b.ReserveID(shard, offer))
				made, err = b.Release(shard, offer, 5)
				add("release", made, err)
			}
		}
	}
	for _, occurrence := range []uint32{1, 2} {
		b := book()
		b.Run.Occurrence = occurrence
		for _, make := range []func(uint32, string, uint16, money.Minor) (Transaction, error){b.Due, b.Paid, b.clawback} {
			for _, customer := range []uint32{1, 2} {
				for _, round := range []uint16{1, 2} {
					made, err := make(customer, "x", round, 5)
					add("personal", made, err)
				}
			}
		}
	}
	later := book()
	later.At, later.Run.Plan = at.Add(time.Hour), 2
	first, err := book().Due(1, "x", 1, 5)
	require.NoError(t, err)
	again, err := later.Due(1, "x", 1, 5)
	require.NoError(t, err)
	require.Equal(t, first.ID, again.ID)
}

func head(rows []Row, previous string, number uint32) string {
	return headOf(rows, Batch{Number: number, Kind: Dues, Previous: previous, At: at})
}

func headOf(rows []Row, link Batch) string {
	h := NewHasher()
	for _, r := range rows {
		_ = h.Add(r)
	}
	return h.Head(link)
}

// Whatever is changed in a row, the head is another one.
func TestTheHeadKnowsEveryColumn(t *testing.T) {
	made, err := book().Due(7, "x", 1, 5000)
	require.NoError(t, err)
	rows := Rows(3, []Transaction{made})
	want := head(rows, "before", 3)
	require.Equal(t, want, head(rows, "before", 3))
	for name, change := range map[string]func(*Row){
		"batch": func(r *Row) { r.Batch++ }, "transaction": func(r *Row) { r.Transaction += "0" }, "leg": func(r *Row) { r.Leg++ }, "kind": func(r *Row) { r.Kind = Paid },
		"account": func(r *Row) { r.Account = PayoutPaid }, "customer": func(r *Row) { r.Customer++ }, "amount": func(r *Row) { r.Amount++ },
		"currency": func(r *Row) { r.Currency = "USD" }, "at": func(r *Row) { r.At = r.At.Add(time.Second) }, "reference": func(r *Row) { r.Reference = "y" },
		// What moves from one column to its neighbour is a change too.
		"shift": func(r *Row) { r.Kind, r.Account = "due", "s"+r.Account },
	} {
		changed := slices.Clone(rows)
		change(&changed[1])
		require.NotEqual(t, want, head(changed, "before", 3), name)
	}
	require.NotEqual(t, want, head(rows[1:], "before", 3))
	require.NotEqual(t, want, head(append(slices.Clone(rows), rows[0]), "before", 3))
	require.NotEqual(t, want, head(rows, "befor", 3))
	require.NotEqual(t, head(nil, "", 1), head(nil, "", 2), "an empty batch has its place in the chain")
	empty := Batch{Number: 1, Kind: Release, At: at}
	require.NotEqual(t, headOf(nil, empty), headOf(nil, Batch{Number: 1, Kind: Close, At: at}), "and its kind")
	require.NotEqual(t, headOf(nil, empty), headOf(nil, Batch{Number: 1, Kind: Release, At: at.Add(time.Second)}), "and its time")
}

func TestHasherDoesNotOverflow(t *testing.T) {
	h := NewHasher()
	require.NoError(t, h.Add(Row{Amount: money.Greatest}))
	require.ErrorIs(t, h.Add(Row{Amount: 1}), money.ErrOverflow)
}

func TestAuditFindsBrokenChains(t *testing.T) {
	chain := func() ([]Batch, []*Hasher) {
		var links []Batch
		var hashed []*Hasher
		previous := ""
		for n := uint32(1); n <= 3; n++ {
			made, err := book().Due(n, "x", 1, 5000)
			require.NoError(t, err)
			h := NewHasher()
			for _, r := range Rows(n, []Transaction{made}) {
				require.NoError(t, h.Add(r))
			}
			link := Batch{Number: n, Kind: Dues, Postings: h.Postings, Previous: previous, At: at}
			link.Head = h.Head(link)
			links, hashed, previous = append(links, link), append(hashed, h), link.Head
		}
		return links, hashed
	}
	filed := []string{"2026-10-01"}
	findings := func(change func(links []Batch) []Batch, head string) []Finding {
		links, hashed := chain()
		if head == "" {
			head = links[2].Head
		}
		if change != nil {
			links = change(links)
		}
		a := NewAudit(links)
		for i, h := range hashed {
			a.Hashed(uint32(i+1), h)
			a.Found(uint32(i+1), h.Postings)
			a.Filed(uint32(i+1), filed)
		}
		return a.Findings(head)
	}
	require.Empty(t, findings(nil, ""))
	require.NotEmpty(t, findings(nil, "another"))
	for name, change := range map[string]func([]Batch) []Batch{
		"the last link removed":   func(l []Batch) []Batch { return l[:2] },
		"a middle link removed":   func(l []Batch) []Batch { return append(l[:1], l[2]) },
		"the first link removed":  func(l []Batch) []Batch { return l[1:] },
		"a head changed":          func(l []Batch) []Batch { l[1].Head = "0"; return l },
		"a previous head changed": func(l []Batch) []Batch { l[1].Previous = "0"; return l },
		"a count changed":         func(l []Batch) []Batch { l[1].Postings = 1; return l },
		"a second link": func(l []Batch) []Batch {
			l[0].Head += ""
			return append(l[:1:1], append([]Batch{{Number: 1, Head: "x"}}, l[1:]...)...)
		},
	} {
		require.NotEmpty(t, findings(change, ""), name)
	}
	links, _ := chain()
	links[1].Kind = Paid
	require.NotEmpty(t, findings(func([]Batch) []Batch { return links }, ""), "a kind changed")
	links, _ = chain()
	links[1].At = at.Add(time.Hour)
	require.NotEmpty(t, findings(func([]Batch) []Batch { return links }, ""), "a moment changed")
	filed = append(filed, "2026-11-01")
	require.NotEmpty(t, findings(nil, ""), "rows copied to another launch")
}

// Whoever changes a posting and makes the chain anew from there on, or takes batches off its end or puts some there, is
// found by the heads that were kept elsewhere, and only by them.
func TestWhatWasMadeAnewIsFoundByKeptHeads(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amounts := rapid.SliceOfN(rapid.Int64Range(1, 1_000_000), 1, 8).Draw(t, "amounts")
		kept := map[uint32]string{}
		audit := func(amounts []int64) *Audit {
			var links []Batch
			hashed, previous := map[uint32]*Hasher{}, ""
			for i, amount := range amounts {
				n := uint32(i + 1)
				made, err := book().Due(n, "x", 1, money.Minor(amount))
				require.NoError(t, err)
				h := NewHasher()
				for _, r := range Rows(n, []Transaction{made}) {
					require.NoError(t, h.Add(r))
				}
				link := Batch{Number: n, Kind: Dues, Postings: h.Postings, Previous: previous, At: at}
				link.Head = h.Head(link)
				links = append(links, link)
				hashed[n], previous = h, link.Head
			}
			a := NewAudit(links)
			for n, h := range hashed {
				a.Hashed(n, h)
				a.Found(n, h.Postings)
			}
			if len(kept) == 0 {
				for _, link := range links {
					kept[link.Number] = link.Head
				}
			}
			return a
		}
		honest := audit(amounts)
		honest.Kept(kept)
		require.Empty(t, honest.Findings(""))
		forged := slices.Clone(amounts)
		first := rapid.IntRange(0, len(forged)-1).Draw(t, "from")
		switch rapid.IntRange(0, 2).Draw(t, "how") {
		case 0:
			forged[first]++
		case 1:
			forged, first = forged[:len(forged)-1], len(forged)-1
		default:
			forged, first = append(forged, 5), len(forged)
		}
		a := audit(forged)
		require.Empty(t, a.Findings(""), "the rows agree among themselves")
		a.Kept(kept)
		found := a.Findings("")
		require.NotEmpty(t, found)
		require.EqualValues(t, first+1, found[0].Batch, "the first batch that is not as it was")
	})
}

func FuzzTransactionsBalance(f *testing.F) {
	f.Add(int64(5000), uint32(7), "reward", uint16(1))
	f.Add(int64(-1), uint32(0), "", uint16(0))
	f.Fuzz(func(t *testing.T, amount int64, customer uint32, offer string, round uint16) {
		for _, make := range []func(uint32, string, uint16, money.Minor) (Transaction, error){book().Due, book().Paid, book().clawback} {
			made, err := make(customer, offer, round, money.Minor(amount))
			if (err == nil) != (amount > 0) {
				t.Fatalf("%d: %v", amount, err)
			}
			if err == nil {
				require.NoError(t, made.Check())
			}
		}
	})
}

// clawback is the run's own.
func (b Book) clawback(customer uint32, offer string, round uint16, amount money.Minor) (Transaction, error) {
	return b.Clawback(customer, offer, round, 0, amount)
}
