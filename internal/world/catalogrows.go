package world

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/danbi-project/danbi/internal/warehouse"
)

// createCatalog writes what belongs to no range of customers: what can be bought, and the past campaigns.
func (w *World) createCatalog(ctx context.Context, store *warehouse.Warehouse) error {
	there, err := store.WorldCatalog(ctx)
	if err != nil {
		return err
	}
	blocks, err := w.catalogBlocks()
	if err != nil {
		return err
	}
	for _, b := range blocks {
		switch n := there[b.table]; {
		case b.rows == 0 || n == uint64(b.rows):
		case n > 0:
			return fmt.Errorf("%s has %d rows where %d belong: %w", b.table, n, b.rows, ErrTwice)
		default:
			if err := store.InsertWorld(ctx, b.table, "", b.columns); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *World) catalogBlocks() ([]block, error) {
	c := w.catalog
	millis := func(rows int) warehouse.Millis { return repeat(w.until*1000, rows) }

	brandNames, brandCategory := make([]string, len(c.brands)), newWords()
	for i := range c.brands {
		k := categories[i/brandsPerCategory]
		brandNames[i] = fmt.Sprintf("%s %d", k.en, i%brandsPerCategory+1)
		brandCategory.add(k.id)
	}
	productNames, productMerchants := make([]string, len(c.products)), make([]string, len(c.products))
	productCategory, productBrand := newWords(), newWords()
	for i := range c.products {
		b := i / productsPerBrand
		k := categories[b/brandsPerCategory]
		productNames[i] = fmt.Sprintf("%s %d-%c", k.ko, b%brandsPerCategory+1, 'A'+i%productsPerBrand)
		productCategory.add(k.id)
		productBrand.add(c.brands[b])
	}
	merchantNames, merchantCategory, merchantRegion := make([]string, len(c.merchants)), newWords(), newWords()
	for i := range c.merchants {
		k, place := categories[i/(len(places)*merchantsPerPlace)], i/merchantsPerPlace%len(places)
		merchantNames[i] = fmt.Sprintf("%s %s %d", k.en, places[place], i%merchantsPerPlace+1)
		merchantCategory.add(k.id)
		if place < len(regions) {
			merchantRegion.add(regions[place])
		} else {
			merchantRegion.add("") // online: nowhere
		}
	}
	campaigns, err := w.campaignBlock()
	if err != nil {
		return nil, err
	}
	return []block{
		{table: warehouse.WorldBrands, rows: len(c.brands), columns: warehouse.Columns{
			c.brands, brandNames, brandCategory.column(), millis(len(c.brands)),
		}},
		{table: warehouse.WorldMerchants, rows: len(c.merchants), columns: warehouse.Columns{
			c.merchants, merchantNames, merchantCategory.column(), merchantRegion.column(), millis(len(c.merchants)),
		}},
		{table: warehouse.WorldProducts, rows: len(c.products), columns: warehouse.Columns{
			c.products, productNames, productCategory.column(), productBrand.column(), productMerchants, millis(len(c.products)),
		}},
		campaigns,
	}, nil
}

// pastSpec is what is known of a past campaign, which nobody specified in a file.
type pastSpec struct {
	Campaign string   `json:"campaign"`
	Title    string   `json:"title"`
	Selected float64  `json:"selected"`
	Treated  float64  `json:"treated"`
	Offers   []string `json:"offers"`
	Contents []string `json:"contents"`
	Hours    [2]int   `json:"hours"` // first, and how many
}

func (w *World) campaignBlock() (block, error) {
	id, specs, hashes := newWords(), []string{}, []string{}
	var launches, ends []uint32
	var at []int64
	for _, c := range w.past {
		s := pastSpec{c.id, c.title, c.selected, c.treated, nil, c.contents, [2]int{pastFirstHour, pastHours}}
		for _, o := range c.offers {
			s.Offers = append(s.Offers, o.id)
		}
		text, err := json.Marshal(s)
		if err != nil {
			return block{}, fmt.Errorf("describe the past campaign %s: %w", c.id, err)
		}
		sum := sha256.Sum256(text)
		id.add(c.id)
		specs, hashes = append(specs, string(text)), append(hashes, hex.EncodeToString(sum[:]))
		launches, ends = append(launches, uint32(c.launch)), append(ends, uint32(c.terms.Closes.Unix()))
		at = append(at, c.launch*1000)
	}
	n := len(w.past)
	return block{table: warehouse.WorldCampaigns, rows: n, columns: warehouse.Columns{
		id.column(), repeat[uint32](1, n), repeat[uint16](1, n), warehouse.States(repeat[int8](kindPast, n)),
		warehouse.Instants(launches), warehouse.Instants(ends), constant(Currency, n), specs, hashes, warehouse.Millis(at),
	}}, nil
}

// kindPast is the kind of past campaigns in campaigns.
const kindPast = 3
