package main

import (
	"context"
	"fmt"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/dispatch"
	"github.com/danbi-project/danbi/internal/features"
	"github.com/danbi-project/danbi/workflows"
)

// dispatchWorld is one touch that is planned and admitted and waits only to be sent: what the dispatch benches begin from.
type dispatchWorld struct {
	run        campaign.Run
	brief      campaign.Brief
	shards     []campaign.Shard
	route      dispatchRoute
	recipients int
	abroad     int // every so many-th lives where the planned hours are night; 0: nobody
	waves      int
	opens      time.Time
	closes     time.Time
}

const dispatchTouch = "first"

// dispatchBrief is the example's with a message of the route: a mail is one of about a kilobyte with the recipient's name,
// threshold, reward, deadline and links that are theirs alone.
func dispatchBrief(recipients int, route dispatchRoute) (campaign.Brief, error) {
	brief, err := campaignBrief(recipients)
	if err != nil {
		return brief, err
	}
	touch := brief.Spec.Touches[0]
	touch.ID, touch.Channels, touch.Spread = dispatchTouch, []string{route.channel}, campaign.Duration(48*time.Hour)
	touch.Message = map[string]map[string]campaign.Template{route.channel: route.templates}
	brief.Spec.Touches = []campaign.Touch{touch}
	brief.Spec.Timing = campaign.Timing{From: 9 * 60, Until: 20 * 60}
	return brief, nil
}

// newDispatchWorld plants customers with names, addresses and consents, their offers, the plan of one touch over some
// hours of its first day, and the reservations: by queries, since none of it is measured.
func newDispatchWorld(ctx context.Context, e *engines, route dispatchRoute, recipients, waves, abroad int) (*dispatchWorld, error) {
	brief, err := dispatchBrief(recipients, route)
	if err != nil {
		return nil, err
	}
	times, err := brief.Spec.Times(time.Time{})
	if err != nil {
		return nil, err
	}
	zone, err := campaign.LoadZone(brief.Spec.Zone)
	if err != nil {
		return nil, err
	}
	day := times.Opens.In(zone)
	w := &dispatchWorld{
		brief: brief, route: route, recipients: recipients, waves: waves, abroad: abroad,
		opens: time.Date(day.Year(), day.Month(), day.Day(), 10, 0, 0, 0, zone).UTC(), closes: times.Closes,
		run: campaign.Run{Campaign: brief.Spec.Campaign, Occurrence: 1, Plan: 1, Launch: times.Opens},
	}
	n := features.ShardsFor(uint64(recipients))
	for i := range n {
		w.shards = append(w.shards, campaign.Shard{Index: i, Of: n, Low: w.first(i, n), High: w.first(i+1, n) - 1})
	}
	if err := w.readable(); err != nil {
		return nil, err
	}
	if err := e.store.SaveBrief(ctx, w.run, "rehearsal", brief, times); err != nil {
		return nil, err
	}
	return w, w.plant(ctx, e)
}

// first is the lowest key of a shard.
func (w *dispatchWorld) first(shard, of int) uint32 { return uint32(shard*w.recipients/of) + 1 }

func (w *dispatchWorld) plant(ctx context.Context, e *engines) error {
	args := []any{
		named("n", uint64(w.recipients)), named("campaign", w.run.Campaign), named("launch", w.run.Launch.Format(time.DateOnly)),
		named("opens", w.opens), named("waves", uint32(w.waves)), named("offers", uint32(len(w.brief.Spec.Offers))), named("touch", dispatchTouch),
		named("purpose", w.brief.Spec.Audience.Purpose), named("channel", w.route.channel), named("before", w.opens.AddDate(0, -3, 0)),
		named("abroad", uint32(w.abroad)),
	}
	for _, statement := range []string{
		`INSERT INTO customers (customer_key, zone, language, joined, updated_at)
			SELECT number + 1, if({abroad:UInt32} > 0 AND (number + 1) % greatest({abroad:UInt32}, 1) = 0, 'America/New_York', 'Asia/Seoul'), if(number % 10 = 9, 'en', 'ko'), toDate({launch:String}), {before:DateTime('UTC')} FROM numbers({n:UInt64})`,
		`INSERT INTO identities (customer_key, external_id, name, updated_at)
			SELECT number + 1, concat('m', toString(number + 1)),
				concat(['김', '이', '박', '최', '정', '강', '조', '윤'][number % 8 + 1], ['민준', '서연', '도윤', '하은', '시우', '지우', '예준'][intDiv(number, 8) % 7 + 1]), {before:DateTime('UTC')} FROM numbers({n:UInt64})`,
		`INSERT INTO contacts (customer_key, channel, address, updated_at)
			SELECT number + 1, {channel:String}, ` + w.route.address + `, {before:DateTime('UTC')} FROM numbers({n:UInt64})`,
		`INSERT INTO consents (customer_key, channel, purpose, night, at, granted, evidence, recorded_at)
			SELECT number + 1, {channel:String}, {purpose:String}, 0, {before:DateTime('UTC')}, 1, 'bench', {before:DateTime('UTC')} FROM numbers({n:UInt64})`,
		`INSERT INTO assignments (campaign, occurrence, plan, launch, customer_key, offer, content, threshold, reward)
			SELECT {campaign:String}, 1, 1, toDate({launch:String}), number + 1, ['plus-30k', 'plus-50k', 'plus-100k', 'plus-200k', 'plus-300k'][number % {offers:UInt32} + 1],
				if(number % 2 = 0, 'price', 'story'), 50000 + number % 40 * 10000, 2000 + number % 7 * 1000 FROM numbers({n:UInt64})`,
		`INSERT INTO planned_deliveries (campaign, occurrence, plan, rebase, launch, touch, customer_key, channel, wave, planned_at, source, blocked, hour_propensity)
			SELECT {campaign:String}, 1, 1, 0, toDate({launch:String}), {touch:String}, number + 1, {channel:String},
				intDiv(toUnixTimestamp({opens:DateTime('UTC')}), 3600) + number % {waves:UInt32},
				{opens:DateTime('UTC')} + (number % {waves:UInt32}) * 3600 + cityHash64(number) % 3600, 'learned', '', 1 FROM numbers({n:UInt64})`,
		`INSERT INTO reservations (customer_key, channel, purpose, at, campaign, occurrence, plan, touch, released)
			SELECT customer_key, channel, {purpose:String}, planned_at, campaign, occurrence, plan, touch, 0 FROM planned_deliveries WHERE campaign = {campaign:String}`,
	} {
		if err := e.store.Conn().Exec(ctx, statement, args...); err != nil {
			return fmt.Errorf("plant the recipients: %w", err)
		}
	}
	return nil
}

// input is what the campaign's workflow would start the touch's Dispatch with.
func (w *dispatchWorld) input() workflows.DispatchInput {
	in := workflows.DispatchInput{
		Run: w.run, Touch: dispatchTouch, Shards: w.shards, Clock: clock.Rehearse(w.opens, 0), Closes: w.closes,
	}
	in.Plan.Waves = map[uint32]map[int]uint64{}
	for wave := range uint32(w.waves) {
		by := map[int]uint64{}
		for _, s := range w.shards {
			for key := s.Low; key <= s.High; key++ {
				if (key-1)%uint32(w.waves) == wave {
					by[s.Index]++
				}
			}
		}
		in.Plan.Waves[uint32(w.opens.Unix()/3600)+wave] = by
	}
	return in
}

// messageID is the one that a customer's mail must have.
func (w *dispatchWorld) messageID(customer uint32) string {
	return dispatch.MessageID(w.run, dispatchTouch, w.brief.Policy.Sender, customer)
}

// livesAbroad says whether a customer's planned hour is night where they live: they must get nothing.
func (w *dispatchWorld) livesAbroad(customer uint32) bool {
	return w.abroad > 0 && customer%uint32(w.abroad) == 0
}

// readable makes a message in each language: one that the rules refuse would be suppressed and not measured.
func (w *dispatchWorld) readable() error {
	c, err := dispatch.NewComposer(w.run, w.brief, dispatchTouch, w.route.channel)
	if err != nil {
		return err
	}
	for _, language := range []string{"ko", "en"} {
		_, err := c.Compose(dispatch.Recipient{
			Customer: 1, Name: "김서연", Address: "member1@example.com", Zone: "Asia/Seoul", Language: language, Offer: w.brief.Spec.Offers[0].ID,
			Content: "price", Threshold: 100_000, Reward: 5_000,
		}, w.opens)
		if err != nil {
			return fmt.Errorf("the message in %s: %w", language, err)
		}
	}
	return nil
}
