package main

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/importing"
	"github.com/danbi-project/danbi/internal/stack"
	"github.com/danbi-project/danbi/internal/warehouse"
)

// starbucksBench settles the offers of a public event stream by their terms, and compares with what its makers recorded.
// The data are imported and the offers read by the files in examples/starbucks; only the comparison is code.
type starbucksBench struct{ data string }

func (b *starbucksBench) flags(f *flag.FlagSet) {
	f.StringVar(&b.data, "data", "../shared/data/starbucks", "folder with portfolio.json and transcript.jsonl.gz")
}

// completion is an offer that somebody completed, and when, in hours since the start.
type completion struct {
	person, offer string
	hours         int64
}

const starbucksFiles = "examples/starbucks"

func (b *starbucksBench) run(ctx context.Context, _ bool) (map[string]any, error) {
	spec, err := b.spec()
	if err != nil {
		return nil, err
	}
	e, err := bringUp(ctx, stack.PartTemporal, stack.PartSink, stack.PartWorker)
	if err != nil {
		return nil, err
	}
	defer e.down()
	mapping, err := importing.Load(filepath.Join(starbucksFiles, "import.yaml"))
	if err != nil {
		return nil, err
	}
	say("importing")
	summary, err := warehouse.Import(ctx, e.store, mapping, b.data, warehouse.ImportOptions{})
	if err != nil {
		return nil, err
	}
	r := &settlementRun{engines: e, brief: campaign.Brief{Spec: spec}}
	if r.run, err = spec.Run(1, 1, time.Time{}); err != nil {
		return nil, err
	}
	if r.times, err = spec.Times(time.Time{}); err != nil {
		return nil, err
	}
	r.cut(1<<20, 4*3_000_000)
	out := map[string]any{"records": summary.Records}
	say("settling")
	section := e.begin(stack.PartEngine)
	var published activities.PublishRedemptionsOutput
	if published, err = r.qualify(ctx); err != nil {
		return nil, err
	}
	section.end(out)
	out["due"] = published.Due
	earned, err := r.completions(ctx)
	if err != nil {
		return nil, err
	}
	recorded, err := recordedCompletions(b.data)
	if err != nil {
		return nil, err
	}
	return out, compareCompletions(recorded, earned, out)
}

// spec is the example's, with the offers of the folder's own portfolio.
func (b *starbucksBench) spec() (campaign.Spec, error) {
	path := filepath.Join(starbucksFiles, "spec.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		return campaign.Spec{}, fmt.Errorf("run this from the repository's root: %w", err)
	}
	spec, err := campaign.Load(path, text)
	if err != nil {
		return spec, err
	}
	offers, err := importing.Load(filepath.Join(starbucksFiles, "offers.yaml"))
	if err != nil {
		return spec, err
	}
	if spec.Offers, err = offers.Offers(b.data, spec.Settlement.Terms); err != nil {
		return spec, err
	}
	return spec, spec.Validate()
}

// completions are the redemptions, by the ids of the data.
func (r *settlementRun) completions(ctx context.Context) (map[completion]int, error) {
	rows, err := r.store.Conn().Query(ctx, `SELECT i.external_id, offer, intDiv(toInt64(toUnixTimestamp(qualified_at)) - {opens:Int64}, 3600)
		FROM redemptions AS r INNER JOIN (SELECT customer_key, any(external_id) AS external_id FROM identities GROUP BY customer_key) AS i USING (customer_key)`, named("opens", r.times.Opens.Unix()))
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	all := map[completion]int{}
	for rows.Next() {
		var c completion
		if err := rows.Scan(&c.person, &c.offer, &c.hours); err != nil {
			return nil, err
		}
		all[c]++
	}
	return all, rows.Err()
}

// recordedCompletions reads what the makers of the data recorded. Nothing else reads these lines.
func recordedCompletions(dir string) (_ map[completion]int, err error) {
	file, err := os.Open(filepath.Join(dir, "transcript.jsonl.gz"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	text, err := gzip.NewReader(file)
	if err != nil {
		return nil, err
	}
	all := map[completion]int{}
	for decoder := json.NewDecoder(bufio.NewReader(text)); ; {
		var row struct {
			Person, Event string
			Time          int64
			Value         map[string]any
		}
		if err := decoder.Decode(&row); err == io.EOF {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		if row.Event == "offer completed" {
			offer, _ := cmp.Or(row.Value["offer_id"], row.Value["offer id"]).(string)
			all[completion{row.Person, offer, row.Time}]++
		}
	}
}

// compareCompletions compares as multisets: two receipts may be completed in the same hour.
func compareCompletions(recorded, earned map[completion]int, out map[string]any) error {
	var total, matched, missed, extra int
	for c, n := range recorded {
		total += n
		matched += min(n, earned[c])
		missed += max(0, n-earned[c])
	}
	for c, n := range earned {
		extra += max(0, n-recorded[c])
	}
	out["recorded"], out["matched"], out["missed"], out["extra"] = total, matched, missed, extra
	if missed > 0 || extra > 0 {
		return fmt.Errorf("%w: of %d completions %d were missed, and %d are extra", errWrong, total, missed, extra)
	}
	return nil
}
