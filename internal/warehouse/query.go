package warehouse

import (
	"context"
	"embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
)

//go:embed sql/*.sql
var queryFiles embed.FS

// query is the text of sql/<name>.sql. A name that is missing is a fault of the program, found by the first test that needs it.
func query(name string) string {
	text, err := queryFiles.ReadFile("sql/" + name + ".sql")
	if err != nil {
		panic(fmt.Sprintf("warehouse: there is no query %s", name))
	}
	return strings.TrimSuffix(strings.TrimSpace(string(text)), ";")
}

// args are a query's {name:Type} parameters.
type args map[string]any

func (a args) list() []any {
	out := make([]any, 0, len(a))
	for _, name := range slices.Sorted(maps.Keys(a)) {
		out = append(out, clickhouse.Named(name, a[name]))
	}
	return out
}

// settings adds settings to the queries that run under the context. A limit that the user configured stays in force
// where it is lower.
func (w *Warehouse) settings(ctx context.Context, s clickhouse.Settings) context.Context {
	if limit, ok := s["max_memory_usage"].(int64); ok && w.config.MaxMemory > 0 && w.config.MaxMemory < limit {
		s["max_memory_usage"] = w.config.MaxMemory
		if spill, ok := s["max_bytes_before_external_group_by"].(int64); ok {
			s["max_bytes_before_external_group_by"] = min(spill, w.config.MaxMemory/2)
		}
	}
	return clickhouse.Context(ctx, clickhouse.WithSettings(s))
}
