package main

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// scoreSnapshot is the snapshot that is filled in.
const scoreSnapshot = "bench-score"

// fillBins publishes a snapshot of made-up bins: of each feature another number of values, some leaning to the low ones,
// some often missing, as real ones are. XGBoost's speed depends on that.
func fillBins(ctx context.Context, e *engines, customers, features int, seed uint64) error {
	const snapshot = `INSERT INTO snapshots (snapshot, instant, catalogue, currency, customers, checksum, created_at, binning)
		VALUES ({snapshot:String}, '2026-09-01 00:00:00', {snapshot:String}, 'KRW', {customers:UInt64}, 0, '2026-09-01 00:00:00', {snapshot:String})`
	const binning = `INSERT INTO feature_binnings (binning, catalogue, currency, customers, instant, position, feature, edges)
		SELECT {snapshot:String}, {snapshot:String}, 'KRW', {customers:UInt64}, toDateTime('2026-09-01', 'UTC'), number, concat('f', toString(number)), range(254)
		FROM numbers({features:UInt64})`
	given := []any{named("snapshot", scoreSnapshot), named("customers", uint64(customers)), named("features", uint64(features))}
	for _, statement := range []string{binning, snapshot} {
		if err := e.store.Conn().Exec(ctx, statement, given...); err != nil {
			return fmt.Errorf("fill in the bins: %w", err)
		}
	}
	values := binValues(features)
	const step = 200_000
	for from := 0; from < customers; from += step {
		if err := sendBins(ctx, e.store.Conn(), from, min(step, customers-from), values, seed); err != nil {
			return fmt.Errorf("fill in the bins: %w", err)
		}
	}
	return nil
}

// drawBits of a random number choose a bin.
const drawBits = 12

// binValues are the bins of each feature, as often as they are to come up among all draws.
func binValues(features int) [][1 << drawBits]uint8 {
	values := make([][1 << drawBits]uint8, features)
	for k := range values {
		count := []float64{2, 5, 12, 40, 100, 255, 255, 255}[k%8]
		lean := []float64{1, 2, 3}[k%3]
		missing := int([]float64{0, 0, 0, .05, .2, .6}[k%6] * (1 << drawBits))
		for i := missing; i < 1<<drawBits; i++ {
			u := float64(i-missing) / float64(1<<drawBits-missing)
			values[k][i] = 1 + uint8(count*math.Pow(u, lean))
		}
	}
	return values
}

func sendBins(ctx context.Context, to driver.Conn, from, count int, values [][1 << drawBits]uint8, seed uint64) (err error) {
	batch, err := to.PrepareBatch(ctx, "INSERT INTO features (snapshot, customer_key, bins)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, batch.Close()) }()
	width := len(values)
	all := make([]byte, 0, count*width)
	keys, snapshots, bins := make([]uint32, count), make([]string, count), make([]string, count)
	for i := range count {
		keys[i], snapshots[i] = uint32(from+i+1), scoreSnapshot
		for k := range values {
			all = append(all, values[k][mixed(seed, uint64(from+i), uint64(k))>>(64-drawBits)])
		}
	}
	text := string(all)
	for i := range bins {
		bins[i] = text[i*width : (i+1)*width]
	}
	for i, column := range []any{snapshots, keys, bins} {
		if err := batch.Column(i).Append(column); err != nil {
			return fmt.Errorf("column %d: %w", i, err)
		}
	}
	return batch.Send()
}

// mixed is a random number that belongs to a customer and a purpose.
func mixed(seed, customer, purpose uint64) uint64 {
	x := seed*0xD6E8FEB86659FD93 ^ customer*0x9E3779B97F4A7C15 ^ (purpose+1)*0xC2B2AE3D27D4EB4F
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9
	x = (x ^ x>>27) * 0x94D049BB133111EB
	return x ^ x>>31
}
