package world

import (
	"encoding/binary"
	"encoding/hex"

	"github.com/danbi-project/danbi/internal/warehouse"
)

// pastRows collects one past campaign's rows of one range of customers.
type pastRows struct {
	c                 *pastCampaign
	key               []uint32
	arm               []int8
	reason            words
	propensity        []float32
	assigned          []uint32
	offer, content    words
	threshold, reward []int64
	forecast          []int64
	chance            []float32
	wave, planned     []uint32
	delivered         []int64
	state             []int8
	message           []string
}

func newPastRows(c *pastCampaign) pastRows {
	return pastRows{c: c, reason: newWords(), offer: newWords(), content: newWords()}
}

func (t *pastRows) add(w *World, p *person, part *pastPart) {
	t.key = append(t.key, p.key)
	t.arm = append(t.arm, part.arm)
	t.reason.add(part.reason)
	t.propensity = append(t.propensity, part.propensity)
	if part.arm != treated {
		return
	}
	t.assigned = append(t.assigned, p.key)
	t.offer.add(part.offer.id)
	t.content.add(part.content)
	t.threshold = append(t.threshold, part.threshold)
	t.reward = append(t.reward, part.reward)
	t.forecast = append(t.forecast, part.forecast)
	t.chance = append(t.chance, part.chance)
	t.wave = append(t.wave, uint32(part.planned/3600))
	t.planned = append(t.planned, uint32(part.planned))
	t.delivered = append(t.delivered, part.delivered*1000)
	state := int8(stateDelivered)
	if part.bounced {
		state = stateBounced
	}
	t.state = append(t.state, state)
	var id [16]byte
	binary.BigEndian.PutUint64(id[:], mix(w.seed^uint64(p.key)))
	binary.BigEndian.PutUint64(id[8:], hashText(t.c.id)^uint64(p.key))
	t.message = append(t.message, hex.EncodeToString(id[:]))
}

func (t *pastRows) blocks() []block {
	n, m := len(t.key), len(t.assigned)
	launch := uint16((t.c.launch + homeOffset) / secondsPerDay)
	id, touch, channel := constant(t.c.id, m), constant(pastTouch, m), constant(pastChannel, m)
	one, launches := repeat[uint32](1, m), warehouse.Days(repeat(launch, m))
	plan := repeat[uint16](1, m)
	return []block{
		{table: warehouse.WorldAudience, campaign: t.c.id, rows: n, columns: warehouse.Columns{
			constant(t.c.id, n), repeat[uint32](1, n), repeat[uint16](1, n), warehouse.Days(repeat(launch, n)), t.key,
			warehouse.States(t.arm), t.reason.column(), repeat[float32](0, n), t.propensity,
		}},
		{table: warehouse.WorldAssignments, campaign: t.c.id, rows: m, columns: warehouse.Columns{
			id, one, plan, launches, t.assigned, t.offer.column(), t.content.column(), t.threshold, t.reward, t.forecast,
			t.chance, repeat[uint8](1, m),
		}},
		{table: warehouse.WorldPlannedDeliveries, campaign: t.c.id, rows: m, columns: warehouse.Columns{
			id, one, plan, repeat[uint16](0, m), launches, touch, t.assigned, channel, t.wave,
			warehouse.Instants(t.planned), warehouse.States(repeat[int8](sourceRandom, m)), constant("", m),
			repeat(float32(1)/pastHours, m),
		}},
		{table: warehouse.WorldDeliveryEvents, campaign: t.c.id, rows: m, columns: warehouse.Columns{
			id, one, launches, touch, t.assigned, channel, repeat[uint8](1, m), warehouse.States(t.state), t.wave,
			t.message, warehouse.Millis(t.delivered), warehouse.Millis(t.delivered),
		}},
	}
}

// sourceRandom is the source of planned deliveries whose hour was drawn.
const sourceRandom = 4
