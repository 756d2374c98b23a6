// Package schema makes the JSON schemas by which editors complete and check specs and policies while they are written.
package schema

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"

	"github.com/invopop/jsonschema"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
)

// Campaign is the schema of a spec; the keys' descriptions are those of docs/spec.md, by their full name.
func Campaign(descriptions map[string]string) ([]byte, error) {
	return generate(&campaign.Spec{}, "Danbi campaign spec", descriptions)
}

// Policy is the schema of a policy; the keys' descriptions are those of docs/policy.md.
func Policy(descriptions map[string]string) ([]byte, error) {
	return generate(&campaign.Policy{}, "Danbi policy", descriptions)
}

func generate(value any, title string, descriptions map[string]string) ([]byte, error) {
	reflector := jsonschema.Reflector{FieldNameTag: "yaml", DoNotReference: true, Anonymous: true, Mapper: scalar}
	schema := reflector.Reflect(value)
	schema.Title = title
	Walk(schema, func(name string, key *jsonschema.Schema) {
		key.Description = descriptions[name]
		if words, few := enums[name]; few {
			key.Enum = words
		}
	})
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(schema)
	return out.Bytes(), err
}

// scalar is how the types that have a form of their own are written.
func scalar(t reflect.Type) *jsonschema.Schema {
	switch reflect.Zero(t).Interface().(type) {
	case money.Minor:
		return either(&jsonschema.Schema{Type: "number"}, &jsonschema.Schema{Type: "string", Pattern: `^-?[0-9]{1,3}(,?[0-9]{3})*(\.[0-9]+)?$`})
	case campaign.Moment:
		return &jsonschema.Schema{Type: "string", Pattern: `^[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2})?)?$`}
	case campaign.Duration:
		return &jsonschema.Schema{Type: "string", Pattern: `^([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$`, MinLength: new(uint64(2))}
	case campaign.Share:
		return either(&jsonschema.Schema{Type: "number", Minimum: "0", Maximum: "1"}, &jsonschema.Schema{Type: "string", Pattern: `^[0-9]+(\.[0-9]+)? ?%$`})
	case campaign.Clock:
		return &jsonschema.Schema{Type: "string", Pattern: `^([01]?[0-9]|2[0-3]):[0-5][0-9]$|^24:00$`}
	case campaign.Text:
		return &jsonschema.Schema{Type: "object", AdditionalProperties: &jsonschema.Schema{Type: "string"}}
	}
	return nil
}

func either(forms ...*jsonschema.Schema) *jsonschema.Schema { return &jsonschema.Schema{AnyOf: forms} }

// Walk visits every key below a schema by its full name: offers[].threshold.step, touches[].message.<channel>.<language>.text.
func Walk(schema *jsonschema.Schema, visit func(name string, key *jsonschema.Schema)) {
	walk("", schema, visit)
}

func walk(parent string, schema *jsonschema.Schema, visit func(string, *jsonschema.Schema)) {
	if schema.Properties != nil {
		for at := schema.Properties.Oldest(); at != nil; at = at.Next() {
			name := strings.TrimPrefix(parent+"."+at.Key, ".")
			visit(name, at.Value)
			walk(name, at.Value, visit)
		}
	}
	if schema.Items != nil {
		walk(parent+"[]", schema.Items, visit)
	}
	if free := schema.AdditionalProperties; free != nil && free.Type == "object" {
		walk(parent+".<"+levels[strings.Count(parent, "<")]+">", free, visit)
	}
}

// levels name the free keys of nested maps; only a touch's message has any.
var levels = []string{"channel", "language"}

func words(list []string) (all []any) {
	for _, word := range list {
		all = append(all, word)
	}
	return all
}

// The words of terms, which stand in two places.
var (
	measures = []any{campaign.MeasureCumulative, campaign.MeasureSingle}
	reaches  = []any{campaign.ReachAtLeast, campaign.ReachMoreThan}
	froms    = []any{campaign.FromWindow, campaign.FromReceipt, campaign.FromFirstPurchase}
	bounds   = []any{campaign.BoundIncluded, campaign.BoundExcluded}
)

// enums are the keys that take one of a few words.
var enums = map[string][]any{
	"goal":                   {string(campaign.GoalSpend), string(campaign.GoalVisit), string(campaign.GoalWinBack)},
	"offers[].kind":          words(campaign.OfferKinds),
	"touches[].only":         {campaign.OnlyNotRedeemed},
	"settlement.measure":     measures,
	"settlement.from":        froms,
	"settlement.reach":       reaches,
	"settlement.start":       bounds,
	"settlement.end":         bounds,
	"settlement.receipts":    {campaign.ReceiptsDelivered, campaign.ReceiptsImported},
	"offers[].terms.measure": measures,
	"offers[].terms.from":    froms,
	"offers[].terms.reach":   reaches,
	"offers[].terms.start":   bounds,
	"offers[].terms.end":     bounds,
	"settlement.payout":      words(campaign.Payouts),
	"measurement.metric":     {campaign.MetricSpend, campaign.MetricWinsorised, campaign.MetricResponse, campaign.MetricPurchases, campaign.MetricBasket},
	"measurement.factors[]":  {campaign.FactorOffer, campaign.FactorTiming, campaign.FactorContent},
	"measurement.delivered":  {campaign.DeliveredReally, campaign.DeliveredNever},
}
