package main

import (
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/offers"
	"github.com/danbi-project/danbi/internal/world"
)

// people are some customers of a simulated world, kept in memory without an engine: what a campaign could know of them
// before an instant, and all potential outcomes of any message. The world draws everything from counters that belong to
// the customer, so a message that is added or left out changes no other draw: the difference is its effect, exactly.
type people struct {
	world *world.World
	keys  []uint32
}

// lookBack is the months of spend that the product's features hold.
const lookBack = 12

// worldEnds is where the campaigns of these benches begin.
var worldEnds = time.Date(2026, 9, 1, 0, 0, 0, 0, world.Home)

// newPeople draws n customers of the world of a seed, its market drawn by the same seed, who bought something in the
// ninety days before an instant: the example campaign's own rule.
func newPeople(seed uint64, n int, active time.Time) (*people, error) {
	w, err := world.New(world.Population{Customers: world.MaxCustomers, Months: 24, Seed: seed, Until: worldEnds, Parameters: world.DrawParameters(seed)})
	if err != nil {
		return nil, err
	}
	p, o := &people{world: w}, w.Oracle()
	for key := uint32(1); len(p.keys) < n; key++ {
		if o.Meet(key); o.Outcome(active.AddDate(0, 0, -90), active).Purchases > 0 {
			p.keys = append(p.keys, key)
		}
	}
	return p, nil
}

// each works through the customers on all cores, with an oracle that has met them.
func (p *people) each(do func(i int, key uint32, o *world.Oracle) error) error {
	var group errgroup.Group
	parts := runtime.GOMAXPROCS(0)
	for part := range parts {
		group.Go(func() error {
			o := p.world.Oracle()
			for i := len(p.keys) * part / parts; i < len(p.keys)*(part+1)/parts; i++ {
				o.Meet(p.keys[i])
				if err := do(i, p.keys[i], o); err != nil {
					return fmt.Errorf("customer %d: %w", p.keys[i], err)
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// before is what offers are valued by, as of an instant, after what had reached the customer by then.
func before(key uint32, o *world.Oracle, instant time.Time, touches []world.Touch) offers.Customer {
	c := offers.Customer{Key: key, Months: make([]int64, lookBack)}
	for i := range c.Months {
		month := o.Outcome(instant.AddDate(0, 0, -(i+1)*offers.Month), instant.AddDate(0, 0, -i*offers.Month), touches...)
		c.Months[i] = month.Spend - month.Returned
	}
	for _, r := range o.Responses(touches...) {
		c.Messages++
		if !r.Opened.IsZero() && r.Opened.Before(instant) {
			c.Responses++
		}
		if !r.Clicked.IsZero() && r.Clicked.Before(instant) {
			c.Responses++
		}
	}
	return c
}

// trial is one campaign of the simulated world: an e-mail on the first day of its window.
type trial struct {
	name  string
	times campaign.Times
	terms *world.Terms
}

func newTrial(name string, opens time.Time, days int) trial {
	times := campaign.Times{Opens: opens, Closes: opens.AddDate(0, 0, days)}
	return trial{name: name, times: times, terms: &world.Terms{Opens: times.Opens, Closes: times.Closes}}
}

// message is what reaches a customer who is promised a reward for a goal, at an hour by lot between nine and twenty.
func (t trial) message(key uint32, threshold, reward int64) world.Touch {
	second := int(campaign.Hash64("hour", t.name, key) % (11 * 3600))
	return world.Touch{
		Campaign: t.name, Occurrence: 1, Touch: "first", Channel: campaign.ChannelEmail, At: t.times.Opens.Add(9*time.Hour + time.Duration(second)*time.Second),
		Content: "price", Threshold: threshold, Reward: reward, Terms: t.terms,
	}
}

// after is how long beyond its window a campaign is still judged: purchases that were pulled forward are missing there.
const after = 60 * 24 * time.Hour

// result is what a customer spends, net of what they give back, in the window and in the time after it, and what they earn.
type result struct{ window, later, earned int64 }

func (t trial) result(o *world.Oracle, touches ...world.Touch) result {
	in := o.Outcome(t.times.Opens, t.times.Closes, touches...)
	then := o.Outcome(t.times.Closes, t.times.Closes.Add(after), touches...)
	return result{in.Spend - in.Returned, then.Spend - then.Returned, in.Earned}
}

// worth is what a result is worth to whom the margin of spend belongs.
func (r result) worth(margin float64) float64 {
	return margin*float64(r.window+r.later) - float64(r.earned)
}
