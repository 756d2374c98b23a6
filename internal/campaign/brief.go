package campaign

// Brief is what a run is to do and within which limits. It is kept in the warehouse when a run is registered;
// activities read it by Run, so that histories carry it once.
type Brief struct {
	Spec   Spec   `json:"spec"`
	Policy Policy `json:"policy"`
}
