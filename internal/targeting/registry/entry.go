// Package registry is what is kept of a model made of forests: which features it reads, how it scores, what it was fitted
// on and how good it proved, with intervals. An entry's name is the hash of all of it, so that fitting the same again
// gives the same entry, and nothing is overwritten.
package registry

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/danbi-project/danbi/internal/features"
	"github.com/danbi-project/danbi/internal/targeting"
	"github.com/danbi-project/danbi/internal/targeting/forest"
	"github.com/danbi-project/danbi/internal/targeting/learn"
	"github.com/danbi-project/danbi/internal/targeting/uplift"
)

// Faults of an entry.
var (
	// ErrBroken says that what the warehouse holds of a model is not whole.
	ErrBroken = errors.New("the model's entry in the registry is not whole, or was changed: fit it again, or promote another")
	// ErrOtherCatalogue says that a model was fitted on features of another catalogue.
	ErrOtherCatalogue = errors.New("the model was fitted on features of another catalogue: fit it again, or promote another")
	// ErrTaken says that another model has the name already.
	ErrTaken = errors.New("a model of this name is in the registry already and is another")
)

// Kinds of models that are made of forests.
const (
	Response    = "response_trees" // the chance to respond to a contact
	Uplift      = "uplift"         // what a contact adds to the outcome of the goal
	Churn       = "churn"          // the chance of a drop below one's own forecast
	ChurnUplift = "churn_uplift"   // what a contact adds to the chance to stay
	Worth       = "worth"          // what a contact earns in money, by a goal above one's own forecast
	Interest    = "interest"       // likeness to those who have it already
)

// Kinds are all of them.
var Kinds = []string{Response, Uplift, Churn, ChurnUplift, Worth, Interest}

// Is says whether a kind is of forests.
func Is(kind string) bool { return slices.Contains(Kinds, kind) }

// Card says what a model is and how good.
type Card struct {
	Learner     string          `json:"learner"`
	Outcome     string          `json:"outcome"` // spend, bought, responded, stayed, dropped, met, met_anyway, has
	Rows        int             `json:"rows"`    // learned from
	Held        int             `json:"held"`    // judged by
	From        time.Time       `json:"from,omitzero"`
	Until       time.Time       `json:"until,omitzero"`
	TrainedOn   []string        `json:"trained_on,omitempty"`
	Snapshot    string          `json:"snapshot,omitempty"` // that it was fitted for: what later ones have drifted from
	Area        float64         `json:"area,omitempty"`     // under the ROC curve, on those held back
	Judged      *uplift.Judged  `json:"judged,omitempty"`   // on those held back, by doubly robust effects
	Challengers []uplift.Judged `json:"challengers,omitempty"`
	Rivals      []Rival         `json:"rivals,omitempty"` // of an automatic choice
	Note        string          `json:"note,omitempty"`
}

// Rival is a kind of model that stood for an automatic choice.
type Rival struct {
	Kind  string          `json:"kind"`
	Value uplift.Interval `json:"value"` // per customer of those held back, if the best by it were contacted
}

// Entry is a model with all that is kept of it.
type Entry struct {
	ID          string
	Kind        string
	Catalogue   string
	Binning     string
	Features    []string // in the order of the forests' columns
	Model       uplift.Model
	Calibration learn.Isotonic
	Cuts        []float32 // rising: a score's place among targeting.Bins
	Card        Card
	At          time.Time // of the snapshot that it was fitted for
}

// form is what is kept under "parameters".
type form struct {
	Kind        string         `json:"kind"`
	Binning     string         `json:"binning"`
	Features    []string       `json:"features"`
	Effect      []byte         `json:"effect"`
	Calibration learn.Isotonic `json:"calibration"`
	Cuts        []float32      `json:"cuts"`
}

// Row is an entry as the warehouse keeps it.
type Row struct {
	ID, Kind, Catalogue, TrainedOn, Metrics, Parameters, Checksum string
	Rows                                                          uint64
	At                                                            time.Time
}

// Row encodes an entry and names it.
func (e *Entry) Row() (Row, error) {
	effect, err := e.Model.Encode()
	if err != nil {
		return Row{}, err
	}
	parameters, err := json.Marshal(form{e.Kind, e.Binning, e.Features, effect, e.Calibration, e.Cuts})
	if err != nil {
		return Row{}, fmt.Errorf("write the model: %w", err)
	}
	metrics, err := json.Marshal(e.Card)
	if err != nil {
		return Row{}, fmt.Errorf("write the model's card: %w", err)
	}
	sum := checksum(e.Kind, e.Catalogue, string(metrics), string(parameters))
	e.ID = "m" + sum[:12]
	trained, err := json.Marshal(e.Card.TrainedOn)
	return Row{ID: e.ID, Kind: e.Kind, Catalogue: e.Catalogue, TrainedOn: string(trained), Metrics: string(metrics), Parameters: string(parameters),
		Checksum: sum, Rows: uint64(e.Card.Rows), At: e.At}, err
}

func checksum(parts ...string) string {
	sum := sha256.New()
	for _, p := range parts {
		_, _ = fmt.Fprintf(sum, "%d:%s", len(p), p) // a hash never fails
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// Check is ErrBroken unless the row is what its checksum says.
func (r Row) Check() error {
	if r.Checksum == "" || checksum(r.Kind, r.Catalogue, r.Metrics, r.Parameters) != r.Checksum {
		return fmt.Errorf("%s: %w", r.ID, ErrBroken)
	}
	return nil
}

// Read decodes a row; one that is not whole is ErrBroken.
func (r Row) Read() (Entry, error) {
	e := Entry{ID: r.ID, Kind: r.Kind, Catalogue: r.Catalogue, At: r.At}
	if err := r.Check(); err != nil {
		return e, err
	}
	var f form
	err := errors.Join(json.Unmarshal([]byte(r.Parameters), &f), json.Unmarshal([]byte(r.Metrics), &e.Card))
	if err == nil {
		e.Model, err = uplift.Decode(f.Effect)
	}
	if err != nil {
		return e, fmt.Errorf("%s: %w: %w", r.ID, ErrBroken, err)
	}
	e.Binning, e.Features, e.Calibration, e.Cuts = f.Binning, f.Features, f.Calibration, f.Cuts
	return e, nil
}

// Fits is ErrOtherCatalogue unless the model reads features as they are in a snapshot of the catalogue and binning.
func (e Entry) Fits(catalogue, binning string) error {
	if e.Catalogue != catalogue || e.Binning != binning {
		return fmt.Errorf("%s was fitted on catalogue %s with bins %s, and the snapshot is of %s with %s: %w", e.ID, e.Catalogue, e.Binning, catalogue, binning, ErrOtherCatalogue)
	}
	return nil
}

// Used are the features that any of the model's trees asks about, in their order.
func (e Entry) Used() []string {
	asked := make([]bool, len(e.Features))
	forests := make([]*forest.Forest, 0, len(e.Model.Parts)+1)
	for _, p := range e.Model.Parts {
		forests = append(forests, p.Forest)
	}
	if e.Model.Scale != nil {
		forests = append(forests, e.Model.Scale)
	}
	for _, f := range forests {
		for _, tree := range f.Trees {
			for _, node := range tree {
				if !node.Leaf() {
					asked[node.Feature] = true
				}
			}
		}
	}
	var used []string
	for i, name := range e.Features {
		if asked[i] {
			used = append(used, name)
		}
	}
	return used
}

// Ours are the features that the model asks about although what we did last sets them: only models from before those were
// left out do.
func (e Entry) Ours() []string {
	return slices.DeleteFunc(e.Used(), func(name string) bool { return !features.IsOurs(name) })
}

// CutsOf places as many edges as there are score bins at quantiles of scores, so that a cut falls among few customers.
func CutsOf(scores []float32) []float32 {
	sorted := slices.Clone(scores)
	slices.Sort(sorted)
	var cuts []float32
	for k := 1; k < targeting.Bins && len(sorted) > 0; k++ {
		cuts = append(cuts, sorted[k*len(sorted)/targeting.Bins])
	}
	return slices.Compact(cuts)
}

// Bin is a score's place among targeting.Bins.
func (e Entry) Bin(score float32) int {
	return sort.Search(len(e.Cuts), func(i int) bool { return e.Cuts[i] > score })
}
