package world

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func small(t testing.TB, change func(*Population)) *World {
	t.Helper()
	p := Population{Customers: 2_000, Months: 12, Seed: 7, Until: time.Date(2026, 7, 1, 0, 0, 0, 0, Home), Campaigns: 2}
	if change != nil {
		change(&p)
	}
	w, err := New(p)
	require.NoError(t, err)
	return w
}

func BenchmarkGenerate(b *testing.B) {
	w := small(b, func(p *Population) { p.Customers = 1_000_000 })
	for b.Loop() {
		_, did := w.generate(Range{1, 10_000})
		b.ReportMetric(float64(did.transactions.rows()), "rows")
		b.ReportMetric(float64(did.interactions.rows()), "interactions")
	}
}
