package compose

import (
	"context"
	"sync"

	"github.com/danbi-project/danbi/internal/stack/install"
	"github.com/danbi-project/danbi/internal/targeting/forest"
	"github.com/danbi-project/danbi/internal/targeting/learn"
	"github.com/danbi-project/danbi/internal/targeting/xgboost"
)

// Trainer is XGBoost as it is found on this machine, loaded when it is first asked; nil where there is none, and a stated
// rule stands in for models.
func Trainer() learn.Trainer {
	path, err := install.FindXGBoost("")
	if err != nil || path == "" {
		return nil
	}
	return &lazyTrainer{load: sync.OnceValues(func() (*xgboost.Library, error) { return xgboost.Open(path) })}
}

type lazyTrainer struct {
	load func() (*xgboost.Library, error)
}

func (t *lazyTrainer) Train(ctx context.Context, d learn.Data, p learn.Params) (*forest.Forest, error) {
	library, err := t.load()
	if err != nil {
		return nil, err
	}
	return xgboost.Learner{Library: library}.Train(ctx, d, p)
}
