package preview

import (
	"testing"

	"github.com/danbi-project/danbi/internal/stack/stacktest"
)

func TestMain(m *testing.M) { stacktest.Main(m) }
