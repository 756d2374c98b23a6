package main

import (
	"fmt"
	"os"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/offers"
	"github.com/danbi-project/danbi/internal/world"
)

// people are some customers of a simulated world, kept in memory without an engine: what a campaign could know of them
// before an instant, and both potential outcomes of any message. World.Lived draws everything from counters that belong
// to the customer, so a message that is added or left out changes no other draw: the difference is its effect, exactly.
type people struct {
	world *world.World
	keys  []uint32
}

// lookBack is the months of spend that the product's features hold.
const lookBack = 12

// newPeople draws n customers of the world of a seed who bought something in the ninety days before an instant: the
// example campaign's own rule.
func newPeople(seed uint64, n int, active time.Time) (*people, error) {
	w, err := world.New(world.Population{Customers: world.MaxCustomers, Months: 18, Seed: seed, Until: worldEnds, Campaigns: 0})
	if err != nil {
		return nil, err
	}
	p := &people{world: w}
	for key := uint32(1); len(p.keys) < n; key++ {
		if bought, _ := w.Lived(key, nil, []time.Time{active.AddDate(0, 0, -90), active}); bought[0].Purchases > 0 {
			p.keys = append(p.keys, key)
		}
	}
	return p, nil
}

var worldEnds = time.Date(2026, 9, 1, 0, 0, 0, 0, world.Home)

// each works through the customers on all cores.
func (p *people) each(do func(i int, key uint32) error) error {
	var group errgroup.Group
	parts := runtime.GOMAXPROCS(0)
	for part := range parts {
		group.Go(func() error {
			for i := len(p.keys) * part / parts; i < len(p.keys)*(part+1)/parts; i++ {
				if err := do(i, p.keys[i]); err != nil {
					return fmt.Errorf("customer %d: %w", p.keys[i], err)
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// before is what offers are valued by, as of an instant, with the touches that had reached the customer by then.
func (p *people) before(key uint32, touches []world.Touch, instant time.Time) offers.Customer {
	edges := make([]time.Time, lookBack+1)
	for i := range edges {
		edges[i] = instant.AddDate(0, 0, (i-lookBack)*offers.Month)
	}
	outcomes, _ := p.world.Lived(key, touches, edges)
	c := offers.Customer{Key: key, Months: make([]int64, lookBack)}
	for i, o := range outcomes {
		c.Months[lookBack-1-i] = o.Spend - o.Returned
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

// message is what reaches a customer who is given an option, at an hour by lot between nine and twenty.
func (t trial) message(key uint32, o offers.Option) world.Touch {
	second := int(campaign.Hash64("hour", t.name, key) % (11 * 3600))
	return world.Touch{
		Campaign: t.name, Occurrence: 1, Touch: "first", Channel: campaign.ChannelEmail, At: t.times.Opens.Add(9*time.Hour + time.Duration(second)*time.Second),
		Content: "price", Threshold: int64(o.Threshold), Reward: int64(o.Reward), Terms: t.terms,
	}
}

// after is how long beyond its window a campaign is still judged: purchases that were pulled forward are missing there.
const after = 60 * 24 * time.Hour

// outcome is what a customer spends, net of what they give back, in the window and in the time after it.
func (p *people) outcome(key uint32, t trial, touches []world.Touch) (window, later int64, opened bool) {
	outcomes, read := p.world.Lived(key, touches, []time.Time{t.times.Opens, t.times.Closes, t.times.Closes.Add(after)})
	return outcomes[0].Spend - outcomes[0].Returned, outcomes[1].Spend - outcomes[1].Returned, len(read) > 0 && read[len(read)-1]
}

func self() int { return os.Getpid() }
