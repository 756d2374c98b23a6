package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/world"
)

func TestAWorldThatCannotBeIsWrongUsage(t *testing.T) {
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"--customers", "0"}, "1 to 20000000 customers"},
		{[]string{"--until", "2026-13-01"}, "write a date as 2026-07-01"},
		{[]string{"--months", "0", "--past-campaigns", "7"}, "0 to 2 past campaigns"},
	} {
		code, out, errs := execute(t, append([]string{"world"}, c.args...)...)
		require.Equal(t, ExitUsage, code, errs)
		require.Empty(t, out)
		require.Contains(t, errs, c.says)
	}
	_, err := world.New(defaultWorld())
	require.NoError(t, err)
}

func TestNumbersAreGrouped(t *testing.T) {
	for n, text := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		require.Equal(t, text, groups(n))
	}
}
