package targeting

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/danbi-project/danbi/internal/campaign"
)

// deciles is how many parts of the chosen a control group by decile is drawn from.
const deciles = 10

// cutDeciles are the score bins from which on the second to the tenth decile of the chosen begins, lowest first.
func cutDeciles(totals [Bins]uint64, cut Cut, size uint64) []int {
	edges := make([]int, 0, deciles-1)
	seen := uint64(0)
	for bin := max(cut.Bin, 0); bin < Bins; bin++ {
		n := totals[bin]
		if bin == cut.Bin {
			n = uint64(math.Round(cut.Share * float64(n)))
		}
		seen += n
		for len(edges) < deciles-1 && seen*deciles >= uint64(len(edges)+1)*size {
			edges = append(edges, bin+1)
		}
	}
	return edges
}

// Stratum is the part of the audience in which a control group is drawn in proportion, or "" where it is drawn by the
// customer alone.
func (t Terms) Stratum(segment string, bin int, cut Cut) string {
	switch t.ControlBy {
	case campaign.ControlBySegment:
		return cmp.Or(segment, "-")
	case campaign.ControlByDecile:
		decile, _ := slices.BinarySearch(cut.Deciles, bin+1)
		return fmt.Sprintf("%02d", min(decile+1, deciles))
	}
	return ""
}

// controlsOf draws of each stratum's customers of a shard as many as its share comes to, those with the lowest hashes. What is
// left of a whole customer is drawn, too, so that everybody's chance is the share itself.
func (t Terms) controlsOf(strata map[string][]uint32, shard int) map[uint32]bool {
	control := map[uint32]bool{}
	experiment := t.Run.Experiment("control")
	for name, customers := range strata {
		luck := campaign.Uniform(t.Salt, experiment+"/"+name, uint32(shard))
		slices.SortFunc(customers, func(a, b uint32) int {
			return cmp.Or(cmp.Compare(campaign.Hash64(t.Salt, experiment, a), campaign.Hash64(t.Salt, experiment, b)), cmp.Compare(a, b))
		})
		for _, customer := range customers[:min(int(float64(len(customers))*float64(t.Control)+luck), len(customers))] {
			control[customer] = true
		}
	}
	return control
}
