package warehouse

import (
	"math"
	"slices"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/settlement"
)

// mostOffers is how many offers one pass judges: a row's mask has a bit for each.
const mostOffers = 64

// compiled are terms as the parameters of settlement_judge.sql: an entry in each array for each offer.
func compiled(t settlement.Terms) args {
	n := len(t.Offers)
	every := uint64(math.MaxUint64)
	thresholds, rewards := make([]int64, n), make([]int64, n)
	anchors, withins, starts, ends, receipts := make([]uint8, n), make([]uint32, n), make([]uint8, n), make([]uint8, n), make([]uint8, n)
	singles, stricts, grosses := make([]uint8, n), make([]uint8, n), make([]uint8, n)
	purchases, times, rounds, millionths := make([]uint16, n), make([]uint8, n), make([]uint16, n), make([]uint32, n)
	tiers, tierRewards := make([][]int64, n), make([][]int64, n)
	caps, dayCaps := make([]int64, n), make([]int64, n)
	timed := false
	for i, o := range t.Offers {
		thresholds[i], rewards[i] = int64(o.Threshold), int64(o.Reward)
		anchors[i] = map[string]uint8{campaign.FromReceipt: 1, campaign.FromFirstPurchase: 2}[o.From]
		withins[i] = uint32(min(o.Within.Std()/time.Second, math.MaxUint32/2))
		starts[i], ends[i] = flag(o.Start == campaign.BoundExcluded), flag(o.End == campaign.BoundIncluded)
		receipts[i] = uint8(o.Receipts())
		singles[i], stricts[i], grosses[i] = flag(o.Single()), flag(o.Strict()), flag(o.Gross)
		purchases[i], times[i], rounds[i] = uint16(max(o.Purchases, 1)), uint8(max(o.Times, 1)), uint16(o.Rounds())
		millionths[i] = uint32(o.PerMillion())
		before := o.Reward
		tiers[i], tierRewards[i] = []int64{}, []int64{}
		for _, tier := range o.Tiers {
			tiers[i], tierRewards[i] = append(tiers[i], int64(tier.Threshold)), append(tierRewards[i], int64(tier.Reward-before))
			before = tier.Reward
		}
		caps[i], dayCaps[i] = int64(o.Caps.Customer), int64(o.Caps.Day)
		timed = timed || o.Hours != nil || len(o.Days) > 0
	}
	parameters := args{
		"imported": flag(t.Imported), "currency": t.Currency, "zone": t.Zone.String(), "every": every, "timed": flag(timed),
		"opens": second(t.Opens), "closes": second(t.Closes), "known": second(t.Known),
		"offers": offerIDs(t), "thresholds": thresholds, "rewards": rewards,
		"anchors": numbers(anchors), "withins": withins, "starts": numbers(starts), "ends": numbers(ends), "receipts": numbers(receipts),
		"singles": numbers(singles), "stricts": numbers(stricts), "grosses": numbers(grosses), "purchases": purchases, "times": numbers(times), "rounds": rounds,
		"millionths": millionths, "tiers": tiers, "tier_rewards": tierRewards, "caps": caps, "day_caps": dayCaps,
	}
	for _, dimension := range []struct {
		one, many, others string
		only, never       func(settlement.OfferTerms) []string
	}{
		{"category", "categories", "other_categories", func(o settlement.OfferTerms) []string { return o.Categories }, func(o settlement.OfferTerms) []string { return o.Excluded }},
		{"brand", "brands", "other_brands", func(o settlement.OfferTerms) []string { return o.Brands }, nil},
		{"merchant", "merchants", "other_merchants", func(o settlement.OfferTerms) []string { return o.Merchants }, nil},
		{"channel", "channels", "other_channels", func(o settlement.OfferTerms) []string { return o.Channels }, nil},
		{"nature", "natures", "other_natures", nil, func(o settlement.OfferTerms) []string { return o.Natures }},
	} {
		names, masks, others := masksOf(t.Offers, dimension.only, dimension.never)
		parameters[dimension.many], parameters[dimension.one+"_masks"], parameters[dimension.others] = names, masks, others
	}
	parameters["days"], parameters["day_masks"] = dayMasks(t.Offers)
	parameters["minutes"], parameters["minute_masks"] = minuteMasks(t.Offers, timed)
	return parameters
}

func offerIDs(t settlement.Terms) []string {
	ids := make([]string, len(t.Offers))
	for i, o := range t.Offers {
		ids[i] = o.ID
	}
	return ids
}

// masksOf are the offers that count a purchase of each name that any of them mentions, and of all other names.
func masksOf(offers []settlement.OfferTerms, only, never func(settlement.OfferTerms) []string) (names []string, masks []uint64, others uint64) {
	list := func(of func(settlement.OfferTerms) []string, o settlement.OfferTerms) []string {
		if of == nil {
			return nil
		}
		return of(o)
	}
	names = []string{""} // transform needs one
	for i, o := range offers {
		names = append(append(names, list(only, o)...), list(never, o)...)
		if len(list(only, o)) == 0 {
			others |= 1 << i
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	for _, name := range names {
		var mask uint64
		for i, o := range offers {
			in := list(only, o)
			if (len(in) == 0 || slices.Contains(in, name)) && !slices.Contains(list(never, o), name) {
				mask |= 1 << i
			}
		}
		masks = append(masks, mask)
	}
	return names, masks, others
}

// numbers makes an array of bytes one that is not taken for a text.
func numbers(bytes []uint8) []int16 {
	wide := make([]int16, len(bytes))
	for i, b := range bytes {
		wide[i] = int16(b)
	}
	return wide
}

func dayMasks(offers []settlement.OfferTerms) (days []int16, masks []uint64) {
	for day := 1; day <= 7; day++ {
		var mask uint64
		for i, o := range offers {
			if len(o.Days) == 0 || slices.ContainsFunc(o.Days, func(word string) bool { return campaign.Weekday(word) == day }) {
				mask |= 1 << i
			}
		}
		days, masks = append(days, int16(day)), append(masks, mask)
	}
	return days, masks
}

// minuteMasks are the offers that count each minute of the day.
func minuteMasks(offers []settlement.OfferTerms, timed bool) (minutes []uint16, masks []uint64) {
	if !timed {
		return []uint16{0}, []uint64{math.MaxUint64}
	}
	for minute := range campaign.Clock(24 * 60) {
		var mask uint64
		for i, o := range offers {
			if o.Hours == nil || o.Hours.Holds(minute) {
				mask |= 1 << i
			}
		}
		minutes, masks = append(minutes, uint16(minute)), append(masks, mask)
	}
	return minutes, masks
}
