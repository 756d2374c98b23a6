package xgboost

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"unsafe"

	"github.com/danbi-project/danbi/internal/targeting/forest"
)

// model is what is read of the library's JSON form of a model; the form has been the same since 1.0.
type model struct {
	Learner struct {
		GradientBooster struct {
			Model struct {
				Trees []jsonTree `json:"trees"`
			} `json:"model"`
		} `json:"gradient_booster"`
	} `json:"learner"`
}

type jsonTree struct {
	Left        []int32   `json:"left_children"`
	Right       []int32   `json:"right_children"`
	Feature     []int64   `json:"split_indices"`
	Condition   []float32 `json:"split_conditions"` // a leaf's value in a leaf
	DefaultLeft []flag    `json:"default_left"`
	Cover       []float32 `json:"sum_hessian"`
	Kind        []int     `json:"split_type"` // 1 is a set of categories
}

// flag is a bool, or the 0 or 1 that releases from 1.6 on write for it.
type flag bool

func (f *flag) UnmarshalJSON(text []byte) error {
	switch string(text) {
	case "0", "false":
		*f = false
	case "1", "true":
		*f = true
	default:
		return fmt.Errorf("default_left holds %s, must be 0 or 1", text)
	}
	return nil
}

// Forest is the model as what Danbi scores with.
func (b *Booster) Forest() (*forest.Forest, error) {
	var text []byte
	if err := b.library.do(func() error {
		var length uint64
		var data *byte
		if err := b.library.check("write the model", b.library.calls.boosterSave(b.handle, `{"format":"json"}`, &length, &data)); err != nil {
			return err
		}
		text = append(text, unsafe.Slice(data, length)...) // the library's buffer lives until its next call
		return nil
	}); err != nil {
		return nil, err
	}
	var saved model
	if err := json.Unmarshal(text, &saved); err != nil {
		return nil, fmt.Errorf("read the model that XGBoost %s wrote: %w", b.library.Version, err)
	}
	f := &forest.Forest{Features: b.features, Link: b.link, Base: b.base}
	for i, t := range saved.Learner.GradientBooster.Model.Trees {
		converted, err := t.convert()
		if err != nil {
			return nil, fmt.Errorf("read tree %d that XGBoost %s wrote: %w", i, b.library.Version, err)
		}
		f.Trees = append(f.Trees, converted)
	}
	if err := f.Validate(); err != nil {
		return nil, err
	}
	return f, nil
}

// convert renumbers the nodes from the root, because pruning leaves some that no way leads to, and turns "value < t"
// into "bin ≤ cut", which is the same for whole numbers.
func (t jsonTree) convert() (forest.Tree, error) {
	count := len(t.Left)
	if count == 0 || len(t.Right) != count || len(t.Feature) != count || len(t.Condition) != count || len(t.DefaultLeft) != count || len(t.Cover) != count {
		return nil, fmt.Errorf("its lists have different lengths")
	}
	if strings.Contains(fmt.Sprint(t.Kind), "1") {
		return nil, fmt.Errorf("it splits by categories, which was not asked for")
	}
	var out forest.Tree
	from := []int32{0} // the library's number of each node of out
	for at := 0; at < len(from); at++ {
		i := from[at]
		if i < 0 || int(i) >= count || at > count {
			return nil, fmt.Errorf("a child is node %d of %d", i, count)
		}
		node := forest.Node{Cover: t.Cover[i]}
		if t.Left[i] < 0 {
			node.Value = t.Condition[i]
			out = append(out, node)
			continue
		}
		if t.Feature[i] < 0 || t.Feature[i] > math.MaxUint16 || t.Condition[i] != t.Condition[i] {
			return nil, fmt.Errorf("node %d asks whether feature %d is below %v", i, t.Feature[i], t.Condition[i])
		}
		left, right := t.Left[i], t.Right[i]
		node.Feature, node.MissingRight = uint16(t.Feature[i]), !bool(t.DefaultLeft[i])
		switch cut := math.Ceil(float64(t.Condition[i])) - 1; {
		case cut > forest.MaxCut: // only what is missing is told from the rest: turned round, that is a cut at 0
			left, right = right, left
			node.MissingRight = !node.MissingRight
		case cut > 0:
			node.Cut = uint8(cut)
		}
		node.Left, node.Right = int32(len(from)), int32(len(from)+1) //nolint:gosec // no more nodes than were read
		from = append(from, left, right)
		out = append(out, node)
	}
	return out, nil
}
