package main

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/warehouse"
	"github.com/danbi-project/danbi/internal/world"
)

// A loop is a campaign that is over, with the people whom it was about.
type loop struct {
	world   *world.World
	spec    campaign.Spec
	run     campaign.Run
	terms   *world.Terms
	members []member
	treated int
}

// A member is one customer who was drawn into the campaign: as the warehouse knows them, and then what is true of them.
type member struct {
	key      uint32
	treated  bool
	zone     *time.Location
	score    float64 // of the response model
	forecast int64   // of what they spend in the window
	touch    *world.Touch

	before int64  // net spend of the ninety days before
	none   result // what they do if nothing reaches them
	danbi  result // what they did
	fixed  []result
	own    []result
	lot    result
	chance responses
	arm    int  // of the four that compare hours
	opened bool // in that arm
}

// readLoop reads whom the campaign drew and what reached them.
func readLoop(ctx context.Context, e *engines, w *world.World, spec campaign.Spec, run campaign.Run) (*loop, error) {
	l := &loop{world: w, spec: spec, run: run}
	runs, err := e.store.WorldRuns(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range runs {
		if r.Campaign == run.Campaign && r.Occurrence == run.Occurrence {
			l.terms = &world.Terms{Opens: r.Launch, Closes: r.Ends}
		}
	}
	if l.terms == nil {
		return nil, fmt.Errorf("%w: the warehouse does not know the campaign %s", errWrong, run.Campaign)
	}
	reached := map[uint32]*world.Touch{}
	err = e.store.WorldTouches(ctx, 1, w.Customers, l.terms.Closes, func(t warehouse.WorldTouch) {
		if t.Campaign == run.Campaign {
			reached[t.Customer] = &world.Touch{
				Campaign: t.Campaign, Occurrence: t.Occurrence, Touch: t.Touch, Channel: t.Channel, At: t.At,
				Content: t.Content, Threshold: t.Threshold, Reward: t.Reward, Terms: l.terms,
			}
		}
	})
	if err != nil {
		return nil, err
	}
	home, err := time.LoadLocation(spec.Zone)
	if err != nil {
		return nil, err
	}
	zones := map[string]*time.Location{}
	rows, err := e.store.Conn().Query(ctx, `SELECT d.customer_key, d.arm = 'treated', d.score, a.forecast, c.zone FROM
		(SELECT customer_key, argMax(arm, plan) AS arm, argMax(score, plan) AS score FROM audience
			WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} GROUP BY customer_key HAVING arm IN ('treated', 'control')) AS d
		LEFT JOIN (SELECT customer_key, argMax(forecast, plan) AS forecast FROM assignments
			WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} GROUP BY customer_key) AS a ON d.customer_key = a.customer_key
		LEFT JOIN (SELECT customer_key, any(zone) AS zone FROM customers GROUP BY customer_key) AS c ON d.customer_key = c.customer_key
		ORDER BY d.customer_key`, named("campaign", run.Campaign), named("occurrence", run.Occurrence))
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		m := member{zone: home}
		var treated uint8
		var score float32
		var zone string
		if err := rows.Scan(&m.key, &treated, &score, &m.forecast, &zone); err != nil {
			return nil, err
		}
		m.treated, m.score, m.touch = treated == 1, float64(score), reached[m.key]
		if m.treated {
			l.treated++
		} else if m.touch != nil {
			return nil, fmt.Errorf("%w: customer %d is of the control group and was written to", errWrong, m.key)
		}
		if known, ok := zones[zone]; ok {
			m.zone = known
		} else if found, err := time.LoadLocation(zone); err == nil && zone != "" {
			zones[zone], m.zone = found, found
		}
		l.members = append(l.members, m)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return l, l.recount(ctx, e)
}

// recount holds what the oracle says of these customers against what the warehouse has of them, purchase by purchase.
func (l *loop) recount(ctx context.Context, e *engines) error {
	err := l.each(func(_ int, m *member, o *world.Oracle) {
		m.before = netSpend(o.Outcome(l.terms.Opens.AddDate(0, 0, -90), l.terms.Opens))
		m.none = l.result(o)
		m.danbi = m.none
		if m.touch != nil {
			m.danbi = l.result(o, *m.touch)
		}
	})
	if err != nil {
		return err
	}
	var truth int64
	for i := range l.members {
		truth += l.members[i].danbi.window
	}
	var there int64
	err = e.store.Conn().QueryRow(ctx, `SELECT sum(if(kind = 'purchase', amount, -amount)) FROM transactions
		WHERE at >= {opens:DateTime('UTC')} AND at < {closes:DateTime('UTC')} AND customer_key IN
			(SELECT customer_key FROM audience WHERE campaign = {campaign:String} AND arm IN ('treated', 'control'))`,
		named("campaign", l.run.Campaign), named("opens", l.terms.Opens.UTC()), named("closes", l.terms.Closes.UTC())).Scan(&there)
	if err == nil && there != truth {
		err = fmt.Errorf("%w: the customers spent %d by the warehouse and %d by the oracle", errWrong, there, truth)
	}
	return err
}

// each visits every member on all cores, with an oracle that has met them.
func (l *loop) each(visit func(i int, m *member, o *world.Oracle)) error {
	var group errgroup.Group
	parts := runtime.GOMAXPROCS(0)
	for part := range parts {
		group.Go(func() error {
			o := l.world.Oracle()
			for i := len(l.members) * part / parts; i < len(l.members)*(part+1)/parts; i++ {
				o.Meet(l.members[i].key)
				visit(i, &l.members[i], o)
			}
			return nil
		})
	}
	return group.Wait()
}

func netSpend(o world.Outcome) int64 { return o.Spend - o.Returned }

// result is what the customer whom o met does in the campaign's window, and in the time after it.
func (l *loop) result(o *world.Oracle, touches ...world.Touch) result {
	in := o.Outcome(l.terms.Opens, l.terms.Closes, touches...)
	then := o.Outcome(l.terms.Closes, l.terms.Closes.Add(after), touches...)
	return result{netSpend(in), netSpend(then), in.Earned}
}
