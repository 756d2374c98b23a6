package campaign

// Stage is where a run stands. Paused is a flag beside it, never a stage.
type Stage string

// The stages in order; cancelling, cancelled and failed can follow any of them.
const (
	StageDraft       Stage = "draft"
	StageExtracting  Stage = "extracting"
	StageTargeting   Stage = "targeting"
	StagePersonalise Stage = "personalising"
	StagePlanning    Stage = "planning"
	StageAwaiting    Stage = "awaiting_approval"
	StageDispatching Stage = "dispatching"
	StageObserving   Stage = "observing"
	StageSettling    Stage = "settling"
	StageSettled     Stage = "settled"
	StageClosed      Stage = "closed"
	StageCancelling  Stage = "cancelling"
	StageCancelled   Stage = "cancelled"
	StageFailed      Stage = "failed"
)
