package workflows

import "go.temporal.io/sdk/workflow"

// Changes to workflow code that histories in the field have not seen go here, one predicate each, with the day it may go:
//
//	func paysPerWave(ctx workflow.Context) bool { return workflow.GetVersion(ctx, "pays-per-wave", workflow.DefaultVersion, 1) == 1 }

// waitsForAnswers: a settlement nets dues against what is owed, and asks until each payout has an answer. Histories from
// before 2026-11-22 did neither; it may go when the last of them is closed, 2027-03.
func waitsForAnswers(ctx workflow.Context) bool {
	return workflow.GetVersion(ctx, "waits-for-answers", workflow.DefaultVersion, 1) == 1
}

// clawsBackInSettlement: the end of the clawback window is a step of a settlement child. Before 2026-11-22 the campaign
// did it itself; it may go when the last of those is closed, 2027-03.
func clawsBackInSettlement(ctx workflow.Context) bool {
	return workflow.GetVersion(ctx, "claws-back-in-settlement", workflow.DefaultVersion, 1) == 1
}

// learnsOffers: plans start from what past campaigns taught about offers, and campaigns add to it when they are measured.
// Campaigns that began before 2026-11-22 value offers by the prior; it may go when the last of them is closed.
func learnsOffers(ctx workflow.Context) bool {
	return workflow.GetVersion(ctx, "learns-offers", workflow.DefaultVersion, 1) == 1
}

// pricesByShards: a large audience is priced in rounds over shards. Since 2026-11-22; goes when no campaign that was priced
// before is open.
func pricesByShards(ctx workflow.Context) bool {
	return workflow.GetVersion(ctx, "prices-by-shards", workflow.DefaultVersion, 1) == 1
}

// publishesSets: redemptions come from sets that the history fixed, not from whichever attempt wrote them. 2026-11-22;
// may go when no run is open that was launched before.
func publishesSets(ctx workflow.Context) bool {
	return workflow.GetVersion(ctx, "publishes-sets", workflow.DefaultVersion, 1) == 1
}

// sharesWaves: places in hours with a capacity are shared out by what they are worth to whom. Before 2026-11-22 each shard
// had an even part of them; goes when no touch that was planned before is open.
func sharesWaves(ctx workflow.Context) bool {
	return workflow.GetVersion(ctx, "shares-waves", workflow.DefaultVersion, 1) == 1
}
