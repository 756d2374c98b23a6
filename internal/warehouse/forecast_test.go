package warehouse_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/stack/stacktest"
)

func TestTheLastForecastIsRead(t *testing.T) {
	t.Parallel()
	w := stacktest.Warehouse(t)
	text, err := w.LatestForecast(t.Context(), "spring")
	require.NoError(t, err)
	require.Empty(t, text, "nobody rehearsed it")
	at := time.Date(2026, 8, 1, 9, 0, 0, 0, time.UTC)
	for name, said := range map[string][]string{"spring": {`{"runs":9}`, `{"runs":20}`}, "autumn": {`{"runs":3}`}} {
		for i, text := range said {
			require.NoError(t, w.SaveForecast(t.Context(), name, text, at.Add(time.Duration(i)*time.Hour)))
		}
	}
	text, err = w.LatestForecast(t.Context(), "spring")
	require.NoError(t, err)
	require.JSONEq(t, `{"runs":20}`, text)
}
