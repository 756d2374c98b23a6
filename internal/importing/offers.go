package importing

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
)

// offersTarget is what a portfolio's rows become: offers of a spec, not rows of the warehouse.
var offersTarget = Target{"offers", false, []Field{
	{Name: "id", Kind: Text, Required: true},
	{Name: "kind", Kind: Choice, Words: []string{string(campaign.OfferThreshold), string(campaign.OfferInform)}, Default: string(campaign.OfferThreshold)},
	{Name: "threshold", Kind: Amount, Required: true},
	{Name: "reward", Kind: Amount, Required: true},
	{Name: "currency", Kind: Text},
	{Name: "measure", Kind: Text},
	{Name: "reach", Kind: Text},
	{Name: "within", Kind: Text},
}}

// ErrOffers says that a mapping's offers cannot be read.
var ErrOffers = errors.New("the offers can't be read")

// HasOffers says whether the mapping makes offers of a spec.
func (m *Mapping) HasOffers() bool {
	return slices.ContainsFunc(m.Rules, func(r Rule) bool { return r.Target == offersTarget.Name })
}

// Offers reads a portfolio below a folder as offers of a spec. What a row does not say of its terms is as in terms. Joins
// are not read here. A row that is refused refuses all: an offer that is missing is one that nobody is paid for.
func (m *Mapping) Offers(dir string, terms campaign.Terms) ([]campaign.Offer, error) {
	var all []campaign.Offer
	worker := NewWorker(1 << 10)
	worker.Reject = func(r Reject) error {
		return fmt.Errorf("%w: line %d: %s: %s %s", ErrOffers, r.Line, r.Field, r.Reason, r.Value)
	}
	worker.Flush = func(t *Table) error {
		for i := range t.Rows() {
			offer, err := offerOf(t, i, terms)
			if err != nil {
				return fmt.Errorf("%w: line %d: %w", ErrOffers, t.Line[i], err)
			}
			all = append(all, offer)
		}
		return nil
	}
	for _, source := range m.Sources {
		for _, pattern := range source.Files {
			names, err := filepath.Glob(filepath.Join(dir, pattern))
			if err != nil || len(names) == 0 {
				return nil, fmt.Errorf("%w: there is no file %s in %s", ErrOffers, pattern, dir)
			}
			for i, name := range names {
				if err := m.offersIn(worker, source, uint32(i), name); err != nil {
					return nil, err
				}
			}
		}
	}
	return all, worker.Close()
}

func (m *Mapping) offersIn(worker *Worker, source Source, number uint32, name string) (err error) {
	format, compression, err := FormatOf(source, name)
	if err != nil {
		return err
	}
	if format == Parquet || compression == "zst" {
		return fmt.Errorf("%w: %s: write CSV or JSON lines, plain or .gz", ErrOffers, name)
	}
	file, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrOffers, err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	var text io.Reader = file
	if compression == "gz" {
		if text, err = gzip.NewReader(file); err != nil {
			return fmt.Errorf("%w: %s: %w", ErrOffers, name, err)
		}
	}
	reader, err := NewTextReader(source, format, text)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	binding, err := NewBinder(m, nil).Bind(source, reader.Header())
	if err != nil {
		return err
	}
	for {
		block, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		err = block.Each(func(line uint64, record []string) error { return worker.Record(binding, number, line, record) },
			func(line uint64, reason string) error { return worker.Unreadable(binding, number, line, reason) })
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
}

func offerOf(t *Table, row int, terms campaign.Terms) (campaign.Offer, error) {
	text := func(field string) string { return t.Cells[t.Target.Index(field)].Texts[row] }
	number := func(field string) int64 { return t.Cells[t.Target.Index(field)].Ints[row] }
	o := campaign.Offer{ID: text("id"), Kind: campaign.OfferThreshold, Reward: money.Minor(number("reward"))}
	o.Threshold = campaign.Threshold{Fixed: money.Minor(number("threshold")), Stretch: 1, RoundTo: 1}
	if number("kind") == 1 {
		o.Kind, o.Threshold.Fixed = campaign.OfferInform, 0
		return o, nil
	}
	for field, into := range map[string]*string{"measure": &terms.Measure, "reach": &terms.Reach} {
		if word := text(field); word != "" {
			*into = word
		}
	}
	if within := text("within"); within != "" {
		length, err := campaign.ParseDuration(within)
		if err != nil {
			return o, fmt.Errorf("within: %w", err)
		}
		terms.Within = length
	}
	o.Terms = &terms
	return o, nil
}
