// Package likeness makes a simulated population like the customers of some real files, as far as files of purchases show
// what customers are like, and says how far that is.
package likeness

import (
	"cmp"
	"errors"
	"hash/fnv"
	"slices"
	"time"

	"github.com/danbi-project/danbi/internal/importing"
)

// ErrTooLittle says that files hold too few purchases to say anything of customers.
var ErrTooLittle = errors.New("too few purchases: it takes at least 200 customers who bought, and 60 days")

// A Purchase is one purchase of one customer: all of its lines together, with category and brand of the dearest.
type Purchase struct {
	At       int64 // seconds since 1970 UTC
	Hour     int   // that the zone's clock showed
	Amount   int64 // minor units
	Category int
	Brand    int
}

// A Book is the purchases of some customers in a time, each customer's in order.
type Book struct {
	From, To   int64 // seconds since 1970 UTC
	Customers  [][]Purchase
	Categories int // how many there are
	Refunds    int
	Purchases  int
	Rejected   uint64 // rows that could not be read
}

// Days is the length of the book's time.
func (b *Book) Days() float64 { return float64(b.To-b.From) / 86_400 }

// mostCustomers are kept: of more, a sample by a hash of their ids, for likeness needs no more.
const mostCustomers = 20_000

// A Reader collects a book from tables of transactions.
type Reader struct {
	zone       *time.Location
	customers  map[uint64]map[uint64]*line
	categories map[string]int
	brands     map[string]int
	refunds    int
	bought     int
	sampled    uint64 // of ids' hashes, those below this are kept
	columns    map[string]int
}

// line is a purchase whose lines are still coming in.
type line struct {
	Purchase
	dearest int64
}

// NewReader reads times as a zone's clocks show them.
func NewReader(zone *time.Location) *Reader {
	return &Reader{
		zone: zone, customers: map[uint64]map[uint64]*line{}, categories: map[string]int{}, brands: map[string]int{}, sampled: ^uint64(0),
	}
}

// Add takes what it needs of a table; others than transactions it passes over.
func (r *Reader) Add(t *importing.Table) error {
	if t.Target.Name != "transactions" {
		return nil
	}
	if r.columns == nil {
		r.columns = map[string]int{}
		for i, f := range t.Target.Fields {
			r.columns[f.Name] = i
		}
	}
	cells := func(name string) *importing.Cells { return &t.Cells[r.columns[name]] }
	ids, at, keys, kinds := cells("id").Texts, cells("at").Ints, cells("purchase").Keys, cells("kind").Ints
	amounts, categories, brands := cells("amount").Ints, cells("category").Texts, cells("brand").Texts
	for i := range t.Rows() {
		who := hashOf(ids[i])
		if who > r.sampled {
			continue
		}
		if kinds[i] != 0 {
			r.refunds++
			continue
		}
		bought := r.customers[who]
		if bought == nil {
			bought = map[uint64]*line{}
			r.customers[who] = bought
		}
		l := bought[keys[i]]
		if l == nil {
			l = &line{Purchase: Purchase{At: at[i], Hour: time.Unix(at[i], 0).In(r.zone).Hour()}, dearest: -1}
			bought[keys[i]] = l
			r.bought++
		}
		l.Amount += amounts[i]
		if amounts[i] > l.dearest {
			l.dearest, l.Category, l.Brand = amounts[i], number(r.categories, categories[i]), number(r.brands, brands[i])
		}
	}
	for len(r.customers) > 2*mostCustomers {
		r.sampled /= 2
		for who := range r.customers {
			if who > r.sampled {
				delete(r.customers, who)
			}
		}
	}
	return nil
}

func hashOf(id string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(id))
	x := h.Sum64()
	x = (x ^ x>>33) * 0xff51afd7ed558ccd // the high bits of FNV alone are not even
	return x ^ x>>33
}

func number(known map[string]int, word string) int {
	n, there := known[word]
	if !there {
		n = len(known)
		known[string([]byte(word))] = n
	}
	return n
}

// Book is what was read, or ErrTooLittle. Purchases of nothing are left out.
func (r *Reader) Book() (*Book, error) {
	b := &Book{Categories: len(r.categories), Refunds: r.refunds}
	for _, who := range slices.Sorted(mapKeys(r.customers)) {
		var all []Purchase
		for _, l := range r.customers[who] {
			if l.Amount > 0 {
				all = append(all, l.Purchase)
			}
		}
		if len(all) == 0 {
			continue
		}
		slices.SortFunc(all, func(x, y Purchase) int { return cmp.Or(cmp.Compare(x.At, y.At), cmp.Compare(x.Amount, y.Amount)) })
		if b.From == 0 || all[0].At < b.From {
			b.From = all[0].At
		}
		b.To = max(b.To, all[len(all)-1].At+1)
		b.Purchases += len(all)
		b.Customers = append(b.Customers, all)
	}
	if len(b.Customers) < 200 || b.Days() < 60 {
		return nil, ErrTooLittle
	}
	return b, nil
}

func mapKeys[V any](m map[uint64]V) func(yield func(uint64) bool) {
	return func(yield func(uint64) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}
