package main

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/warehouse"
)

func TestParseShare(t *testing.T) {
	for text, want := range map[string]float64{"5%": 0.05, "0.5 %": 0, "0.5%": 0.005, "0.05": 0.05, "100%": 1, "0": -1, "0%": -1} {
		got, err := parseShare(text)
		if want == 0 {
			require.Error(t, err, text)
			continue
		}
		require.NoError(t, err, text)
		require.InDelta(t, want, got, 1e-12, text)
	}
	for _, text := range []string{"", "five", "-1%", "101%", "1.5"} {
		_, err := parseShare(text)
		require.ErrorContains(t, err, "write a share as 5%", text)
	}
}

func TestGroupDigits(t *testing.T) {
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 75_000: "75,000", 1_234_567: "1,234,567"} {
		require.Equal(t, want, groupDigits(n))
	}
}

func TestImportIsPrinted(t *testing.T) {
	summary := &warehouse.ImportSummary{
		Check: true, NewCustomers: 2379, UnknownProducts: 222,
		Targets: []warehouse.ImportTarget{{Target: "transactions", Read: 75_001, New: 75_000, Rejected: 1}},
		Rejects: []warehouse.ImportReject{{Target: "transactions", Field: "at", Reason: "in none of the listed date layouts", Rows: 1, Samples: []string{`sales.csv:7 "7.1.26"`}}},
	}
	var out bytes.Buffer
	a := &App{Out: &out, Err: &out, Lang: "en"}
	require.NoError(t, a.printImport(summary))
	for _, says := range []string{"75,000", "in none of the listed date layouts", `sales.csv:7 "7.1.26"`, "2,379 new customers", "222 lines of unknown products", "Nothing was changed"} {
		require.Contains(t, out.String(), says)
	}
	out.Reset()
	a.Lang = "ko"
	require.NoError(t, a.printImport(summary))
	require.Contains(t, out.String(), "새 고객 2,379명")
	out.Reset()
	a.JSON = true
	require.NoError(t, a.printImport(summary))
	var back warehouse.ImportSummary
	require.NoError(t, json.Unmarshal(out.Bytes(), &back))
	require.Equal(t, *summary, back)
}
