package main

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Published: spend with a deviation of 2.5 means and 2 % more needs 245,000 in each arm, 125,000 where the time before
// explains half; 2 % response and a tenth more needs 81,000.
func TestThePowerCalculatorAgreesWithTheTables(t *testing.T) {
	spec := filepath.Join("..", "examples", "card-spend.yaml")
	for _, c := range []struct {
		args []string
		lift float64
	}{
		{[]string{"--customers", "490000", "--mean", "100000", "--deviation", "250000"}, .02},
		{[]string{"--customers", "250000", "--mean", "100000", "--deviation", "250000", "--correlation", "0.7"}, .02},
	} {
		code, out, errs := execute(t, append([]string{"power", spec, "--json"}, c.args...)...)
		require.Equal(t, ExitOK, code, errs)
		var s sights
		require.NoError(t, json.Unmarshal([]byte(out), &s))
		halves := s.Shares[len(s.Shares)-1]
		require.InDelta(t, .5, halves.Share, 0)
		require.InDelta(t, c.lift, halves.Lift, 3e-4)
		own := 0
		for i, share := range s.Shares {
			require.Equal(t, s.Customers, share.Treated+share.Control)
			if i > 0 {
				require.Less(t, share.Lift, s.Shares[i-1].Lift, "more control shows less")
			}
			if share.Own {
				own++
				require.InDelta(t, .1, share.Share, 0)
			}
		}
		require.Equal(t, 1, own)
	}
	small := []string{"power", spec, "--customers", "20000", "--mean", "310000", "--deviation", "400000", "--correlation", "0.6"}
	code, out, _ := execute(t, append(small, "--lift", "10", "--lang", "en")...)
	require.Equal(t, ExitOK, code)
	require.Contains(t, out, "With 10 % control the smallest lift you can see is 6.8 %")
	require.Contains(t, out, "To see a lift of 10 %, control needs")
	require.Contains(t, out, "████")
	_, out, _ = execute(t, append(small, "--lift", "1", "--lang", "ko")...)
	require.Contains(t, out, "반반으로 나누어도 볼 수 없습니다")
	require.NotContains(t, out, "%!")
	code, _, errs := execute(t, "power", spec, "--power", "2", "--lang", "en")
	require.Equal(t, ExitUsage, code)
	require.Contains(t, errs, "--power")
	code, _, errs = execute(t, "power", spec, "--lang", "en", "--dir", t.TempDir())
	require.NotEqual(t, ExitOK, code)
	require.Contains(t, errs, "or say --customers, --mean and --deviation")
}
