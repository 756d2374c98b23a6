package workflows

// Changes to workflow code that histories in the field have not seen go here, one predicate each, with the day it may go:
//
//	func paysPerWave(ctx workflow.Context) bool { return workflow.GetVersion(ctx, "pays-per-wave", workflow.DefaultVersion, 1) == 1 }
//
// There is none yet: nothing has been released.
