package warehouse

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/features"
	"github.com/danbi-project/danbi/internal/targeting"
)

// Memory of one shard's audience or offers, in bytes.
const (
	selectMemory = int64(2_000_000_000)
	selectSpill  = int64(1_000_000_000)
)

// ruleMark stands in queries where a compiled rule goes. A rule is built from known column names, operators and
// parameters only, so no text of a spec ever becomes SQL.
const ruleMark = "1 /* rule */"

// Candidates gives every customer of the snapshot in the shard, in the order of their keys, with what decides whether
// they may be chosen at terms.Moment. The candidate is reused: keep none.
func (w *Warehouse) Candidates(ctx context.Context, snapshot string, shard campaign.Shard, spec campaign.Spec, terms targeting.Terms, each func(*targeting.Candidate) error) (err error) {
	rule, err := targeting.CompileRule(spec.Audience.Rule, spec.Currency)
	if err != nil {
		return err
	}
	moment := terms.Moment.UTC().Truncate(time.Second)
	given := args{
		"snapshot": snapshot, "low": shard.Low, "high": shard.High, "segments": orEmpty(spec.Audience.Exclude.Segments),
		"campaigns": orEmpty(spec.Audience.Exclude.Campaigns), "channels": orEmpty(terms.Channels), "purpose": spec.Audience.Purpose,
		"moment": moment, "own": flag(terms.Bought() > 0), "objections": flag(terms.Objections()), "bought_from": moment.Add(-terms.Bought()), "contacts_from": moment.Add(-terms.Lookback()), "contacts_to": moment.Add(terms.Lookback()),
		"campaign": terms.Run.Campaign, "occurrence": terms.Run.Occurrence,
	}
	text, err := w.ruled(ctx, query("targeting_candidates"), rule, snapshot, spec.Currency, given)
	if err != nil {
		return err
	}
	limited := w.settings(ctx, clickhouse.Settings{"max_memory_usage": selectMemory, "max_bytes_before_external_group_by": selectSpill})
	rows, err := w.conn.Query(limited, text, given.list()...)
	if err != nil {
		return fmt.Errorf("read the candidates of shard %s: %w", shard, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var c targeting.Candidate
	var matches, segment, other, objected uint8
	var channels []uint8
	var times []uint32
	var bought uint32
	var zone string
	var words []uint64
	var standing []targeting.Standing
	consents := terms.Consents()
	for rows.Next() {
		if err := rows.Scan(&c.Customer, &c.Signals, &matches, &c.Segment, &segment, &other, &c.Address, &words, &zone, &objected, &bought, &c.Suppressed, &channels, &times); err != nil {
			return fmt.Errorf("read the candidates of shard %s: %w", shard, err)
		}
		c.Matches, c.ExcludedSegment, c.ExcludedCampaign = matches == 1, segment == 1, other == 1
		standing = standing[:0]
		for _, word := range words {
			standing = append(standing, targeting.Standing{Channel: uint8(word & 127), Granted: word&128 != 0, At: time.Unix(int64(word>>8), 0)})
		}
		last := time.Time{}
		if bought > 0 {
			last = time.Unix(int64(bought), 0)
		}
		consents.Judge(&c, zone, standing, objected == 1, last)
		c.Contacts = c.Contacts[:0]
		for i := range channels {
			c.Contacts = append(c.Contacts, targeting.Contact{Channel: channels[i], At: time.Unix(int64(times[i]), 0)})
		}
		if err := each(&c); err != nil {
			return err
		}
	}
	return rows.Err()
}

// behaviourMark stands where a rule's windows are joined to the features.
const behaviourMark = "/* behaviour */"

// ruled puts a rule into a query over the features of a range of customers, and what the rule needs into its parameters.
func (w *Warehouse) ruled(ctx context.Context, text string, rule targeting.Rule, snapshot, currency string, given args) (string, error) {
	maps.Copy(given, rule.Params)
	if len(rule.Own) > 0 {
		binnings, err := w.Binnings(ctx, snapshot)
		if err != nil {
			return "", err
		}
		names := []string{}
		for _, b := range binnings[min(len(binnings), len(features.Builtin)):] {
			names = append(names, b.Feature)
		}
		for _, name := range rule.Own {
			if !slices.Contains(names, name) {
				return "", fmt.Errorf("the rule names own[%q], which the snapshot does not have: `starter features list` shows which there are: %w", name, targeting.ErrBadRule)
			}
		}
		given["own_names"] = names
	}
	behaviour := ""
	if len(rule.Windows) > 0 {
		columns, params := rule.Behaviour()
		maps.Copy(given, params)
		given["currency"], given["longest"] = currency, uint32(rule.Longest())
		behaviour = "LEFT JOIN (" + strings.Replace(query("targeting_behaviour"), columnsMark, strings.Join(columns, ", "), 1) + ") AS past USING (customer_key)"
	}
	return strings.NewReplacer(ruleMark, rule.SQL, behaviourMark, behaviour).Replace(text), nil
}

// RuleMatches counts exactly whom a rule holds for in a whole snapshot. A rule about behaviour is not counted by columns
// alone: known says so.
func (w *Warehouse) RuleMatches(ctx context.Context, snapshot, rule, currency string) (matches uint64, known bool, err error) {
	compiled, err := targeting.CompileRule(rule, currency)
	if err != nil || len(compiled.Windows) > 0 {
		return 0, false, err
	}
	given := args{"snapshot": snapshot, "low": uint32(0), "high": ^uint32(0)}
	text, err := w.ruled(ctx, query("targeting_matches"), compiled, snapshot, currency, given)
	if err == nil {
		err = w.conn.QueryRow(ctx, text, given.list()...).Scan(&matches)
	}
	if err != nil {
		return 0, false, fmt.Errorf("count whom the rule holds for: %w", err)
	}
	return matches, true, nil
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// StoredAudience gives the audience rows of the shard that are written, in the order of their keys.
func (w *Warehouse) StoredAudience(ctx context.Context, run campaign.Run, shard campaign.Shard, each func(targeting.Member) error) (err error) {
	given := args{"campaign": run.Campaign, "occurrence": run.Occurrence, "plan": run.Plan, "low": shard.Low, "high": shard.High}
	rows, err := w.conn.Query(ctx, query("targeting_stored"), given.list()...)
	if err != nil {
		return fmt.Errorf("read the audience of shard %s: %w", shard, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var m targeting.Member
		if err := rows.Scan(&m.Customer, &m.Arm, &m.Reason, &m.Score, &m.Propensity); err != nil {
			return fmt.Errorf("read the audience of shard %s: %w", shard, err)
		}
		if err := each(m); err != nil {
			return err
		}
	}
	return rows.Err()
}

// insertBlock is how many rows one insert takes: one block, so that it is there whole or not at all.
const insertBlock = 100_000

// WriteAudience appends audience rows.
func (w *Warehouse) WriteAudience(ctx context.Context, run campaign.Run, members []targeting.Member) error {
	for len(members) > 0 {
		n := min(len(members), insertBlock)
		if err := w.writeMembers(ctx, run, members[:n]); err != nil {
			return fmt.Errorf("write %d audience rows: %w", n, err)
		}
		members = members[n:]
	}
	return nil
}

func (w *Warehouse) writeMembers(ctx context.Context, run campaign.Run, members []targeting.Member) (err error) {
	batch, err := w.conn.PrepareBatch(ctx, "INSERT INTO audience (campaign, occurrence, plan, launch, customer_key, arm, reason, score, propensity)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, batch.Close()) }()
	key := newRunColumns(run, len(members))
	customers, arms, reasons := make([]uint32, len(members)), make([]string, len(members)), make([]string, len(members))
	scores, propensities := make([]float32, len(members)), make([]float32, len(members))
	for i, m := range members {
		customers[i], arms[i], reasons[i], scores[i], propensities[i] = m.Customer, m.Arm, m.Reason, m.Score, m.Propensity
	}
	return send(batch, append(key, customers, arms, reasons, scores, propensities)...)
}
