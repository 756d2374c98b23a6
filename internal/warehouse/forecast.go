package warehouse

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// SaveForecast keeps what rehearsals said of a campaign; the last one is the one that is read.
func (w *Warehouse) SaveForecast(ctx context.Context, name, text string, at time.Time) error {
	batch, err := w.conn.PrepareBatch(ctx, "INSERT INTO forecasts (campaign, forecast, at)")
	if err == nil {
		err = batch.Append(name, text, at.UTC())
	}
	if err == nil {
		err = batch.Send()
	}
	if err != nil {
		return fmt.Errorf("keep the forecast: %w", err)
	}
	return nil
}

// LatestForecast is the JSON of a campaign's last forecast, empty if it was never rehearsed.
func (w *Warehouse) LatestForecast(ctx context.Context, name string) (text string, err error) {
	err = w.each(ctx, "forecast_latest", args{"campaign": name}, func(rows driver.Rows) error { return rows.Scan(&text) })
	return text, err
}
