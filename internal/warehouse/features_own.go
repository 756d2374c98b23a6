package warehouse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/danbi-project/danbi/internal/features"
)

// catalogue is the hash of what the columns mean: of the queries that compute them, and of the user's own features.
func catalogue(own []features.Own) string {
	return short("catalogue", query("features_extract"), featureColumns, ownHash(own))
}

func ownHash(own []features.Own) string {
	if len(own) == 0 {
		return ""
	}
	data, _ := json.Marshal(own) // texts and numbers: it never fails
	return short(string(data))
}

// OwnFeatures are the user's own features that are in force.
func (w *Warehouse) OwnFeatures(ctx context.Context) ([]features.Own, error) {
	versions, err := w.ownVersions(ctx)
	if err != nil || len(versions) == 0 {
		return nil, err
	}
	return versions[0], nil
}

// EveryFeature are all features that are or were defined, each by its latest definition; one that any version called sensitive
// stays so.
func (w *Warehouse) EveryFeature(ctx context.Context) ([]features.Feature, error) {
	versions, err := w.ownVersions(ctx)
	all := features.Catalogue(nil)
	for _, own := range versions {
		for _, f := range features.Catalogue(own)[len(features.Builtin):] {
			at := slices.IndexFunc(all, func(known features.Feature) bool { return known.Name == f.Name })
			if at < 0 {
				all = append(all, f)
			} else if f.Sensitive {
				all[at].Sensitive = true
			}
		}
	}
	return all, err
}

// ownOf are the user's own features of a catalogue, or features.ErrOtherCatalogue.
func (w *Warehouse) ownOf(ctx context.Context, of string) ([]features.Own, error) {
	versions, err := w.ownVersions(ctx)
	if err != nil {
		return nil, err
	}
	for _, own := range append(versions, nil) {
		if catalogue(own) == of {
			return own, nil
		}
	}
	return nil, fmt.Errorf("catalogue %s: %w", of, features.ErrOtherCatalogue)
}

func (w *Warehouse) ownVersions(ctx context.Context) ([][]features.Own, error) {
	rows, err := w.conn.Query(ctx, query("features_definitions"))
	if err != nil {
		return nil, fmt.Errorf("read the features of your own: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var all [][]features.Own
	for rows.Next() {
		var hash, text string
		if err := rows.Scan(&hash, &text); err != nil {
			return nil, fmt.Errorf("read the features of your own: %w", err)
		}
		var own []features.Own
		if err := json.Unmarshal([]byte(text), &own); err != nil {
			return nil, fmt.Errorf("version %s of the features of your own is not readable: %w", hash, err)
		}
		all = append(all, own)
	}
	return all, rows.Err()
}

// CheckFeatures checks every word of features of the user's own, and asks the engine whether it understands each: over
// no rows, so it takes no time.
func (w *Warehouse) CheckFeatures(ctx context.Context, own []features.Own) error {
	if err := features.CheckOwn(own); err != nil {
		return err
	}
	given := args{"low": uint32(1), "high": uint32(0), "cohort": "", "cohort_occurrence": uint32(0), "instant": time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)}
	maps.Copy(given, ownParams(features.Snapshot{Instant: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)}, own))
	for i, o := range own {
		rows, err := w.conn.Query(ctx, ownQuery(i, o), given.list()...)
		if err == nil {
			rows.Next() // an error may come with the first row only
			err = errors.Join(rows.Err(), rows.Close())
		}
		if err != nil {
			return fmt.Errorf("feature %s: ClickHouse does not take its sql: %w", o.Name, err)
		}
	}
	return nil
}

// DefineFeatures puts features of the user's own in force, in place of those before. at is wall time.
func (w *Warehouse) DefineFeatures(ctx context.Context, own []features.Own, author string, at time.Time) error {
	if err := w.CheckFeatures(ctx, own); err != nil {
		return err
	}
	data, err := json.Marshal(own)
	if err != nil {
		return fmt.Errorf("write the features of your own: %w", err)
	}
	batch, err := w.conn.PrepareBatch(ctx, "INSERT INTO feature_definitions (own, features, author, made_at)")
	if err == nil {
		if err = batch.Append(ownHash(own), string(data), author, at.UTC()); err == nil {
			err = batch.Send()
		}
	}
	if err != nil {
		return fmt.Errorf("keep the features of your own: %w", err)
	}
	return nil
}

// valued is the query of all features as values: what is built in, and beside it the user's own in the column own.
func valued(own []features.Own) string {
	values, joins := make([]string, len(own)), make([]string, len(own))
	for i, o := range own {
		unknown := "nan"
		if o.Counts() {
			unknown = "0"
		}
		values[i] = fmt.Sprintf("if(own_%[1]d.seen = 0, %[2]s, own_%[1]d.value_%[1]d)", i, unknown)
		joins[i] = fmt.Sprintf("LEFT JOIN (%s) AS own_%d ON own_%d.customer_key = base.customer_key", ownQuery(i, o), i, i)
	}
	columns := strings.Split(featureColumns, ", ")
	for i, c := range columns {
		columns[i] = "base." + c + " AS " + c
	}
	return strings.NewReplacer(columnsMark, strings.Join(columns, ", "), valuesMark, strings.Join(values, ", "), extractMark, query("features_extract"), joinsMark, strings.Join(joins, "\n")).Replace(query("features_valued"))
}

// ownQuery is the query of one feature: its expression, checked word by word, over the bounded rows of its source.
func ownQuery(i int, o features.Own) string {
	text := query("features_own_" + o.From)
	expression, _ := o.Compile(ownPrefix(i), features.Sources[o.From])
	value := fmt.Sprintf("toFloat32((%s) + 0) AS value_%d", expression, i) // a text plus nothing is an error, as it should be
	columns := strings.Split(featureColumns, ", ")
	for i, c := range columns {
		columns[i] = "base." + c + " AS " + c
	}
	return strings.NewReplacer(columnsMark, strings.Join(columns, ", "), valuesMark, value, "{since:", "{"+ownPrefix(i)+"since:").Replace(text)
}

func ownPrefix(i int) string { return fmt.Sprintf("own%d_", i) }

// ownParams are the parameters of the user's own features for a snapshot.
func ownParams(of features.Snapshot, own []features.Own) args {
	given := args{}
	for i, o := range own {
		since := time.Date(1971, 1, 1, 0, 0, 0, 0, time.UTC) // before everything; an instant near zero is no text of a DateTime
		if days := o.Days(); days > 0 {
			since = of.Instant.Add(-time.Duration(days) * 24 * time.Hour)
		}
		given[ownPrefix(i)+"since"] = since
		maps.Copy(given, o.Values(ownPrefix(i)))
	}
	return given
}
