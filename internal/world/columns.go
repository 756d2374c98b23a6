package world

import "github.com/danbi-project/danbi/internal/warehouse"

// A dictionary gives words numbers; number 0 is the empty word, as LowCardinality columns want it.
type dictionary struct {
	words   []string
	numbers map[string]uint16
}

func newDictionary(words ...string) *dictionary {
	d := &dictionary{words: []string{""}, numbers: map[string]uint16{"": 0}}
	for _, word := range words {
		d.number(word)
	}
	return d
}

func (d *dictionary) number(word string) uint16 {
	n, ok := d.numbers[word]
	if !ok {
		n = uint16(len(d.words))
		d.words = append(d.words, word)
		d.numbers[word] = n
	}
	return n
}

// A words column with its own dictionary.
type words struct {
	*dictionary
	codes []uint16
}

func newWords(known ...string) words { return words{dictionary: newDictionary(known...)} }

func (c *words) add(word string) { c.codes = append(c.codes, c.number(word)) }

func (c *words) column() warehouse.Words {
	return warehouse.Words{Dictionary: c.words, Codes: c.codes}
}

// constant is a column of one word.
func constant(word string, rows int) warehouse.Words {
	return warehouse.Words{Dictionary: []string{"", word}, Codes: repeat[uint16](1, rows)}
}

func repeat[T any](v T, rows int) []T {
	out := make([]T, rows)
	for i := range out {
		out[i] = v
	}
	return out
}

// numbered shifts codes of a list without an empty word to those of one that begins with it.
func numbered(list []string) []string { return append([]string{""}, list...) }

// The dictionaries of purchases, the same for all.
var (
	productWords  = numbered(theCatalog.products)
	brandWords    = numbered(theCatalog.brands)
	merchantWords = numbered(theCatalog.merchants)
	categoryWords = numbered(theCatalog.categoryWords)
	channelWords  = numbered(purchaseChannels)
)

// Currency is what the world pays in; its minor unit is one won.
const Currency = "KRW"

// transactionRows collects rows of transactions by column.
type transactionRows struct {
	customer []uint32
	at       []uint32
	id       []uint64
	kind     []int8
	amount   []int64
	product  []uint16
	category []uint16
	brand    []uint16
	merchant []uint16
	channel  []uint16
	original []uint64
}

func (t *transactionRows) add(key uint32, b *purchase) {
	t.customer = append(t.customer, key)
	t.at = append(t.at, uint32(b.at))
	t.id = append(t.id, b.id)
	t.kind = append(t.kind, b.kind)
	t.amount = append(t.amount, b.amount)
	t.product = append(t.product, b.product+1)
	t.category = append(t.category, uint16(b.category)+1)
	t.brand = append(t.brand, b.brand+1)
	t.merchant = append(t.merchant, b.merchant+1)
	t.channel = append(t.channel, uint16(b.channel)+1)
	t.original = append(t.original, b.original)
}

func (t *transactionRows) rows() int { return len(t.id) }

func (t *transactionRows) columns() warehouse.Columns {
	n := t.rows()
	return warehouse.Columns{
		t.customer, warehouse.Instants(t.at), t.id, repeat[uint16](1, n), warehouse.States(t.kind), t.amount,
		constant(Currency, n), repeat[int32](1, n),
		warehouse.Words{Dictionary: productWords, Codes: t.product},
		warehouse.Words{Dictionary: categoryWords, Codes: t.category},
		warehouse.Words{Dictionary: brandWords, Codes: t.brand},
		warehouse.Words{Dictionary: merchantWords, Codes: t.merchant},
		warehouse.Words{Dictionary: channelWords, Codes: t.channel},
		t.original,
	}
}

// interactionRows collects rows of interactions by column.
type interactionRows struct {
	customer   []uint32
	at         []uint32
	kind       words
	channel    words
	campaign   words
	occurrence []uint32
	touch      words
	id         []uint64
}

func newInteractionRows() interactionRows {
	return interactionRows{kind: newWords(), channel: newWords(), campaign: newWords(), touch: newWords()}
}

func (t *interactionRows) add(key uint32, at int64, kind, channel, campaign string, occurrence uint32, touch string, id uint64) {
	t.customer = append(t.customer, key)
	t.at = append(t.at, uint32(at))
	t.kind.add(kind)
	t.channel.add(channel)
	t.campaign.add(campaign)
	t.occurrence = append(t.occurrence, occurrence)
	t.touch.add(touch)
	t.id = append(t.id, id)
}

func (t *interactionRows) rows() int { return len(t.id) }

func (t *interactionRows) columns() warehouse.Columns {
	return warehouse.Columns{
		t.customer, warehouse.Instants(t.at), t.kind.column(), t.channel.column(), t.campaign.column(), t.occurrence,
		t.touch.column(), t.id,
	}
}

// consentRows collects rows of consents by column.
type consentRows struct {
	customer          []uint32
	channel, evidence words
	night, granted    []uint8
	at                []uint32
	recorded          []int64
}

func newConsentRows() consentRows { return consentRows{channel: newWords(), evidence: newWords()} }

func (t *consentRows) add(key uint32, c *consent) {
	t.customer = append(t.customer, key)
	t.channel.add(c.channel)
	t.evidence.add(c.evidence)
	t.night = append(t.night, bit(c.night))
	t.granted = append(t.granted, bit(c.granted))
	t.at = append(t.at, uint32(c.at))
	t.recorded = append(t.recorded, c.at*1000)
}

func (t *consentRows) rows() int { return len(t.customer) }

func (t *consentRows) columns() warehouse.Columns {
	return warehouse.Columns{
		t.customer, t.channel.column(), constant("marketing", t.rows()), t.night, warehouse.Instants(t.at), t.granted,
		t.evidence.column(), warehouse.Millis(t.recorded),
	}
}

func bit(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}
