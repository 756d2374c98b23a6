package integration

import (
	"github.com/danbi-project/danbi/internal/stack"
	"github.com/danbi-project/danbi/internal/stack/install"
)

// parts are the stack's, run by the built starter.
func parts() []stack.Part {
	return []stack.Part{{Name: stack.PartEngine, Prepare: install.Engine}, {Name: stack.PartSink}, {Name: stack.PartWorker}}
}
