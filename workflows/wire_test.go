package workflows

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/activities"
)

// What passes between workflows and activities lies in histories for months: fields are only added. The golden file
// lists every field with its kind; DANBI_GOLDEN=1 adds new ones, and nothing takes one away.
func TestWireFormOnlyGrows(t *testing.T) {
	now := map[string]string{}
	for _, stage := range []any{
		planning, features, targeting, offers, dispatch, contacts, settlement, books, measurement, reports, worlds,
	} {
		typ := reflect.TypeOf(stage)
		for i := range typ.NumMethod() {
			method := typ.Method(i)
			require.Equal(t, 3, method.Type.NumIn(), "%s takes a context and one struct", method.Name)
			require.Equal(t, 2, method.Type.NumOut(), "%s returns one struct and an error", method.Name)
			fields(now, method.Name+" in", method.Type.In(2), nil)
			fields(now, method.Name+" out", method.Type.Out(0), nil)
		}
	}
	for name, value := range map[string]any{
		"Campaign in": CampaignInput{}, "Campaign out": CampaignResult{}, "Dispatch in": DispatchInput{}, "Dispatch out": DispatchResult{},
		"Settlement in": SettlementInput{}, "Settlement out": SettlementResult{}, "Books in": BooksState{}, "Contacts in": ContactsBucket{},
		"Schedule in": ScheduleInput{}, "approve": activities.BookBatchInput{}, "pause": Reason{}, "replace": Replacement{}, "ack": Ack{},
	} {
		fields(now, name, reflect.TypeOf(value), nil)
	}
	file := filepath.Join("testdata", "wire.json")
	golden := map[string]string{}
	if text, err := os.ReadFile(file); err == nil {
		require.NoError(t, json.Unmarshal(text, &golden))
	}
	for _, field := range slices.Sorted(maps.Keys(golden)) {
		require.Equal(t, golden[field], now[field], "%s was taken away or changed: histories hold it; add a new field instead", field)
	}
	if os.Getenv("DANBI_GOLDEN") != "" {
		text, err := json.MarshalIndent(now, "", " ")
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(file, append(text, '\n'), 0o600))
		return
	}
	for _, field := range slices.Sorted(maps.Keys(now)) {
		require.Contains(t, golden, field, "a new field: run DANBI_GOLDEN=1 go test ./workflows -run WireForm")
	}
}

// fields lists the JSON fields below a type by path.
func fields(into map[string]string, path string, typ reflect.Type, seen []reflect.Type) {
	marshals := reflect.TypeFor[json.Marshaler]()
	switch {
	case slices.Contains(seen, typ):
		return
	case typ == reflect.TypeFor[time.Time](), typ.Implements(marshals), reflect.PointerTo(typ).Implements(marshals):
		into[path] = typ.String()
	case typ.Kind() == reflect.Pointer:
		fields(into, path, typ.Elem(), seen)
	case typ.Kind() == reflect.Slice && typ.Elem().Kind() != reflect.Uint8, typ.Kind() == reflect.Array:
		fields(into, path+"[]", typ.Elem(), seen)
	case typ.Kind() == reflect.Map:
		fields(into, path+"{}", typ.Elem(), seen)
	case typ.Kind() == reflect.Struct:
		for i := range typ.NumField() {
			field := typ.Field(i)
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if !field.IsExported() || name == "-" {
				continue
			}
			if name == "" && field.Anonymous { // its fields are the struct's own
				fields(into, path, field.Type, append(seen, typ))
				continue
			}
			if name == "" {
				name = field.Name
			}
			fields(into, fmt.Sprintf("%s.%s", path, name), field.Type, append(seen, typ))
		}
	default:
		into[path] = typ.Kind().String()
	}
}
