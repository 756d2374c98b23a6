package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"time"

	"github.com/danbi-project/danbi/internal/money"
)

// Row is one leg as it is kept: a posting.
type Row struct {
	Batch       uint32      `json:"batch"`
	Transaction string      `json:"transaction"`
	Leg         uint8       `json:"leg"` // from 0
	Kind        Kind        `json:"kind"`
	Account     Account     `json:"account"`
	Customer    uint32      `json:"customer_key"`
	Amount      money.Minor `json:"amount"`
	Currency    string      `json:"currency"`
	At          time.Time   `json:"at"`
	Reference   string      `json:"reference"`
}

// Rows are the postings of transactions in a batch.
func Rows(batch uint32, transactions []Transaction) []Row {
	rows := make([]Row, 0, 4*len(transactions))
	for _, t := range transactions {
		for i, leg := range t.Legs {
			rows = append(rows, Row{batch, t.ID.String(), uint8(i), t.Kind, leg.Account, t.Customer, leg.Amount, t.Currency, t.At, t.Reference})
		}
	}
	return rows
}

// Batch is one link of the chain.
type Batch struct {
	Number   uint32    `json:"number"`
	Kind     Kind      `json:"kind"`
	Postings uint64    `json:"postings"`
	Previous string    `json:"previous"` // head of the batch before it; empty for the first
	Head     string    `json:"head"`
	At       time.Time `json:"at"`
}

// Hasher hashes the postings of one batch, given in order of transaction and leg, and adds them up.
type Hasher struct {
	Transactions uint64
	Postings     uint64
	Amount       money.Minor // sum of the legs above zero
	Sum          money.Minor // of all legs: zero
	since, until time.Time
	kinds        map[Kind]bool
	last         string
	digest       hash.Hash
	buffer       []byte
}

// NewHasher starts a batch.
func NewHasher() *Hasher { return &Hasher{digest: sha256.New(), kinds: map[Kind]bool{}} }

// Add takes the next row, all of whose columns are hashed.
func (h *Hasher) Add(r Row) error {
	e := h.buffer[:0]
	e = binary.BigEndian.AppendUint32(e, r.Batch)
	e = appendText(e, r.Transaction)
	e = append(e, r.Leg)
	e = appendText(e, string(r.Kind))
	e = appendText(e, string(r.Account))
	e = binary.BigEndian.AppendUint32(e, r.Customer)
	e = binary.BigEndian.AppendUint64(e, uint64(r.Amount))
	e = appendText(e, r.Currency)
	e = binary.BigEndian.AppendUint64(e, uint64(r.At.Unix()))
	e = appendText(e, r.Reference)
	h.buffer = e
	h.digest.Write(e)
	if h.Postings == 0 || r.At.Before(h.since) {
		h.since = r.At
	}
	if r.At.After(h.until) {
		h.until = r.At
	}
	h.kinds[r.Kind] = true
	if r.Transaction != h.last || h.Postings == 0 {
		h.Transactions++
		h.last = r.Transaction
	}
	h.Postings++
	var err error
	if h.Sum, err = money.Add(h.Sum, r.Amount); err != nil {
		return err
	}
	h.Amount, err = money.Add(h.Amount, max(r.Amount, 0))
	return err
}

// Head is the head of the chain after a batch whose rows these are: SHA-256 over the head before it, its number, kind and
// time, and the hash of its rows. The link's own columns are there because an empty batch has no rows that carry them.
func (h *Hasher) Head(link Batch) string {
	e := appendText(nil, link.Previous)
	e = binary.BigEndian.AppendUint32(e, link.Number)
	e = appendText(e, string(link.Kind))
	e = binary.BigEndian.AppendUint64(e, uint64(link.At.Unix()))
	e = h.digest.Sum(e)
	sum := sha256.Sum256(e)
	return hex.EncodeToString(sum[:])
}
