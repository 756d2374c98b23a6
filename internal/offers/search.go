package offers

import "github.com/danbi-project/danbi/internal/offers/budget"

// farRounds is how many rounds over all shards a search may ask for.
const farRounds = 16

// Begin begins a search over all treated customers, of whom there are so many by class, on a table of one in every so many
// of them. The search then asks for sums, which shards give, and is told them.
func Begin(sample *Table, byClass []uint64) *budget.Search {
	var all uint64
	for _, n := range byClass {
		all += n
	}
	limits := sample.rules.Limits(byClass)
	share := float64(sample.Len()) / float64(max(all, 1))
	steps := sample.table.LotUse(limits, sample.rules.explore)
	for _, step := range steps {
		for j := range step {
			step[j] = int64(float64(step[j]) / share)
		}
	}
	return budget.Begin(sample.table, share, limits, budget.Settings{Drawn: budget.CutLots(limits, steps, sample.rules.explore), Rounds: farRounds})
}

// Sums are the sums of a shard's table at the prices that are asked about.
func (t *Table) Sums(limits []budget.Limit, ask budget.Ask) budget.Sums {
	return t.table.Sums(limits, ask)
}

// Found is the solution of a search that has ended. Why there is none is told from the sample.
func Found(s *budget.Search, rules Rules) (Solution, error) {
	t := &Table{rules: rules}
	plan, err := s.Plan()
	if err != nil {
		return Solution{}, t.infeasible(err)
	}
	return t.solution(s.Limits, budget.Solution{Plan: plan, Bound: s.Bound, BoundAt: s.BoundAt, Passes: s.Passes}), nil
}
