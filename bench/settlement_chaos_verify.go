package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/ledger"
	"github.com/danbi-project/danbi/internal/money"
)

// plant makes every run's brief, offers and deliveries, and the purchases by which 220 of 250 customers meet the terms.
func (b *settlementChaosBench) plant(ctx context.Context, runs int) error {
	brief := b.brief
	brief.Spec.Offers = brief.Spec.Offers[:1]
	brief.Spec.Offers[0].Reward = chaosReward
	b.brief = brief
	conn := b.engines.store.Conn()
	assignments, err := conn.PrepareBatch(ctx, "INSERT INTO assignments (campaign, occurrence, plan, launch, customer_key, offer, threshold, reward)")
	if err != nil {
		return err
	}
	defer func() { _ = assignments.Close() }()
	events, err := conn.PrepareBatch(ctx, "INSERT INTO delivery_events (campaign, occurrence, launch, touch, customer_key, channel, attempt, state, at)")
	if err != nil {
		return err
	}
	defer func() { _ = events.Close() }()
	for i := range runs {
		run := b.named(i)
		brief.Spec.Campaign = run.Campaign
		if err := b.engines.store.SaveBrief(ctx, run, "rehearsal", brief, b.times); err != nil {
			return err
		}
		for c := uint32(1); c <= chaosCustomers; c++ {
			if err := assignments.Append(run.Campaign, run.Occurrence, run.Plan, run.Launch, c, brief.Spec.Offers[0].ID, int64(100_000), int64(chaosReward)); err != nil {
				return err
			}
			if err := events.Append(run.Campaign, run.Occurrence, run.Launch, "first", c, "email", uint8(1), "sent", run.Launch.Add(time.Hour)); err != nil {
				return err
			}
		}
	}
	if err := assignments.Send(); err != nil {
		return err
	}
	if err := events.Send(); err != nil {
		return err
	}
	purchases, err := conn.PrepareBatch(ctx, "INSERT INTO transactions (customer_key, at, id, line, kind, amount, currency)")
	if err != nil {
		return err
	}
	defer func() { _ = purchases.Close() }()
	for c := range uint32(chaosDues) {
		if err := purchases.Append(c+1, b.times.Opens.Add(48*time.Hour), uint64(c+1), uint16(1), "purchase", int64(120_000), brief.Spec.Currency); err != nil {
			return err
		}
	}
	return purchases.Send()
}

// verify reads the provider's own file of what it paid, line by line, and our books by plain sums.
func (b *settlementChaosBench) verify(ctx context.Context, runs []campaign.Run, out map[string]any) error {
	paid, other, err := b.providerBooks()
	if err != nil {
		return err
	}
	var once, twice, unpaid, wrong, over, strangers int
	known := map[string]bool{}
	for _, run := range runs {
		known[run.Campaign] = true
		var sum money.Minor
		for c := uint32(1); c <= chaosCustomers; c++ {
			amounts := paid[run.Campaign][c]
			for _, amount := range amounts {
				sum += amount
			}
			switch {
			case c > chaosDues:
				strangers += len(amounts)
			case len(amounts) == 0:
				unpaid++
			case len(amounts) > 1:
				twice++
			case amounts[0] != chaosReward:
				wrong++
			default:
				once++
			}
		}
		if sum > chaosExposure {
			over++
		}
	}
	for name, by := range paid {
		if !known[name] {
			strangers += len(by)
		}
	}
	trial, broken, err := b.ourBooks(ctx, runs, &over)
	if err != nil {
		return err
	}
	kills := 0
	for _, n := range b.killed {
		kills += n
	}
	out["runs"], out["dues"], out["kills"], out["kills_of"], out["open_at_kills"] = len(runs), len(runs)*chaosDues, kills, b.killed, b.open
	out["paid_once"], out["paid_twice"], out["unpaid"], out["paid_wrong"], out["paid_strangers"] = once, twice, unpaid, wrong, strangers
	out["over_exposure"], out["trial_balance"], out["books_broken"], out["refused_draws"] = over, trial, broken, b.refused
	pools := (b.runs + chaosPool - 1) / chaosPool
	if twice+unpaid+wrong+strangers+over+broken+other > 0 || trial != 0 || once != len(runs)*chaosDues || b.refused != pools {
		if err := json.NewEncoder(os.Stdout).Encode(out); err != nil {
			return err
		}
		return fmt.Errorf("%w: of %d dues %d were paid once, %d twice, %d not, %d wrongly, %d to strangers; %d over exposure, trial balance %d, %d books broken, %d of %d draws refused",
			errWrong, len(runs)*chaosDues, once, twice, unpaid, wrong, strangers, over, trial, broken, b.refused, pools)
	}
	return nil
}

// providerBooks are the amounts that the provider paid, by campaign and customer, from the file that it wrote each into
// before it answered. other counts lines that are no payout of ours.
func (b *settlementChaosBench) providerBooks() (paid map[string]map[uint32][]money.Minor, other int, err error) {
	found, err := filepath.Glob(filepath.Join(b.engines.dir, "stack", "*", "payouts.jsonl"))
	if err != nil || len(found) != 1 {
		return nil, 0, fmt.Errorf("the provider's books are not where they were: %v (%w)", found, err)
	}
	file, err := os.Open(found[0])
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = file.Close() }()
	paid = map[string]map[uint32][]money.Minor{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var p struct {
			Amount      int64  `json:"amount"`
			Currency    string `json:"currency"`
			CustomerKey uint32 `json:"customer_key"`
			Reference   string `json:"reference"`
		}
		var name string
		if err := json.Unmarshal(lines.Bytes(), &p); err != nil {
			return nil, 0, fmt.Errorf("the provider's books: %w", err)
		}
		if len(p.Reference) < 2 || p.Reference[len(p.Reference)-2:] != "/1" || p.Currency != b.brief.Spec.Currency {
			other++
			continue
		}
		name = p.Reference[:len(p.Reference)-2]
		if paid[name] == nil {
			paid[name] = map[uint32][]money.Minor{}
		}
		paid[name][p.CustomerKey] = append(paid[name][p.CustomerKey], money.Minor(p.Amount))
	}
	return paid, other, lines.Err()
}

// ourBooks sums the postings of every run and every shared budget, and verifies each chain.
func (b *settlementChaosBench) ourBooks(ctx context.Context, runs []campaign.Run, over *int) (trial money.Minor, broken int, err error) {
	all := append([]campaign.Run{}, runs...)
	pools := map[string]bool{}
	for next, done := 0, 0; done < b.runs; {
		asking := b.asking(next)
		for i := range asking {
			pools[poolOf(next, i)] = true
		}
		next, done = next+asking, done+min(chaosWave, b.runs-done)
	}
	for pool := range pools {
		all = append(all, campaign.SharedBudget(pool))
	}
	for _, run := range all {
		balances, err := b.engines.store.Balances(ctx, run)
		if err != nil {
			return 0, 0, err
		}
		var sum money.Minor
		for account, balance := range balances {
			sum += balance
			switch account {
			case ledger.BudgetApproved, ledger.BudgetReserved:
				if balance < 0 {
					*over++
				}
			case ledger.CustomerPayable, ledger.PayoutClearing:
				if balance != 0 {
					say("%s: %s has %d left", run.Campaign, account, balance)
					broken++
				}
			case ledger.PayoutPaid:
				if balance != -chaosDues*chaosReward {
					say("%s: %d paid", run.Campaign, -balance)
					broken++
				}
			}
		}
		trial += max(sum, -sum)
		findings, err := b.engines.store.Verify(ctx, run, "")
		if err != nil {
			return 0, 0, err
		}
		for _, f := range findings {
			say("%s: batch %d: %s", run.Campaign, f.Batch, f.Message)
			broken++
		}
	}
	return trial, broken, nil
}
