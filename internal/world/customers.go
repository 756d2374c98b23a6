package world

import (
	"fmt"

	"github.com/danbi-project/danbi/internal/warehouse"
)

// customerRows collects what the tables of people hold.
type customerRows struct {
	key                                     []uint32
	segment, region, zone, language, gender words
	birthYear, joined                       []uint16
	externalID, name                        []string
	contactKey                              []uint32
	contactChannel                          words
	address                                 []string
	suppressedKey                           []uint32
	suppressedChannel, reason               words
	suppressedAt, suppressedUntil           []uint32
	updated                                 int64 // milliseconds
}

func newCustomerRows(updated int64) customerRows {
	return customerRows{
		segment: newWords(), region: newWords(), zone: newWords(), language: newWords(), gender: newWords(),
		contactChannel: newWords(), suppressedChannel: newWords(), reason: newWords(), updated: updated * 1000,
	}
}

func (t *customerRows) add(p *person, k *known) {
	t.key = append(t.key, p.key)
	t.segment.add(k.segment)
	t.region.add(regions[p.region])
	t.zone.add(zones[p.zone].name)
	t.language.add(k.language)
	t.gender.add(k.gender)
	t.birthYear = append(t.birthYear, k.birthYear)
	t.joined = append(t.joined, k.joined)
	id := ExternalID(p.key)
	t.externalID = append(t.externalID, id)
	t.name = append(t.name, k.name())
	if k.hasEmail {
		t.contact(p.key, "email", id+"@customers.example.invalid") // a domain that is reserved to reach nobody
	}
	if k.hasSMS {
		t.contact(p.key, "sms", fmt.Sprintf("+8210%08d", p.key)) // 010-0 and 010-1 are assigned to nobody
	}
	if s := &k.suppressed; s.reason != "" {
		t.suppressedKey = append(t.suppressedKey, p.key)
		t.suppressedChannel.add(s.channel)
		t.reason.add(s.reason)
		t.suppressedAt = append(t.suppressedAt, uint32(s.at))
		t.suppressedUntil = append(t.suppressedUntil, uint32(s.until))
	}
}

func (t *customerRows) contact(key uint32, channel, address string) {
	t.contactKey = append(t.contactKey, key)
	t.contactChannel.add(channel)
	t.address = append(t.address, address)
}

// ExternalID is the id by which the world's own systems know a customer.
func ExternalID(key uint32) string { return fmt.Sprintf("C%08d", key) }

func (t *customerRows) blocks() []block {
	n, contacts, suppressed := len(t.key), len(t.contactKey), len(t.suppressedKey)
	return []block{
		{table: warehouse.WorldCustomers, rows: n, columns: warehouse.Columns{
			t.key, t.segment.column(), t.region.column(), t.zone.column(), t.language.column(), t.gender.column(),
			t.birthYear, warehouse.Days(t.joined), warehouse.Millis(repeat(t.updated, n)),
		}},
		{table: warehouse.WorldIdentities, rows: n, columns: warehouse.Columns{
			t.key, t.externalID, t.name, warehouse.Millis(repeat(t.updated, n)),
		}},
		{table: warehouse.WorldContacts, rows: contacts, columns: warehouse.Columns{
			t.contactKey, t.contactChannel.column(), t.address, warehouse.Millis(repeat(t.updated, contacts)),
		}},
		{table: warehouse.WorldSuppressions, rows: suppressed, columns: warehouse.Columns{
			t.suppressedKey, t.suppressedChannel.column(), t.reason.column(), warehouse.Instants(t.suppressedAt),
			warehouse.Instants(t.suppressedUntil), warehouse.Millis(repeat(t.updated, suppressed)),
		}},
	}
}

// A block is rows of one table that are inserted at once, and so are all there or not at all.
type block struct {
	table    warehouse.WorldTable
	campaign string // of the rows, if they are a campaign's
	rows     int
	columns  warehouse.Columns
}
