package sink

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"time"
)

// payout is money out, as the provider knows it. Amount is in minor units.
type payout struct {
	Key         string    `json:"key"`
	Amount      int64     `json:"amount"`
	Currency    string    `json:"currency"`
	CustomerKey uint32    `json:"customer_key"`
	Reference   string    `json:"reference"`
	Campaign    string    `json:"campaign,omitempty"`
	Kind        string    `json:"kind,omitempty"`
	State       string    `json:"state"`
	At          time.Time `json:"at"`
	Clears      time.Time `json:"clears,omitzero"`    // pending until then
	Requests    int       `json:"requests,omitempty"` // how often the key came, since the start
}

// errConflict says that a key came again with other terms.
var errConflict = errors.New("this key was paid under other terms")

// till keeps payouts, one JSON line each, written before Pay returns.
type till struct {
	mu      sync.Mutex
	file    *os.File
	size    int64
	payouts map[string]*payout
	keys    []string // in the order of payment
	asked   map[string]int
}

func openTill(dir string) (*till, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("the sink's folder: %w", err)
	}
	path := filepath.Join(dir, "payouts.jsonl")
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the sink's payouts: %w", err)
	}
	t := &till{file: file, payouts: map[string]*payout{}, asked: map[string]int{}}
	text, err := io.ReadAll(file)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read the sink's payouts: %w", err), file.Close())
	}
	for len(text) > 0 {
		line, rest, whole := bytes.Cut(text, []byte("\n"))
		var p payout
		if !whole || json.Unmarshal(line, &p) != nil {
			break // torn: it was never acknowledged
		}
		t.payouts[p.Key], t.keys = &p, append(t.keys, p.Key)
		t.size += int64(len(line)) + 1
		text = rest
	}
	if err := file.Truncate(t.size); err != nil {
		return nil, errors.Join(fmt.Errorf("drop the torn end of the payouts: %w", err), file.Close())
	}
	return t, nil
}

// Pay pays once per key: the same key again returns the first outcome and again = true; other terms are errConflict.
func (t *till) Pay(p payout) (out payout, again bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if first, known := t.payouts[p.Key]; known {
		first.Requests++
		if first.Amount != p.Amount || first.Currency != p.Currency || first.CustomerKey != p.CustomerKey {
			return first.told(), true, errConflict
		}
		return first.told(), true, nil
	}
	p.State, p.Requests = "paid", 0 // as it is told: pending until it clears
	line, err := json.Marshal(p)
	if err != nil {
		return payout{}, false, err
	}
	line = append(line, '\n')
	if _, err := t.file.WriteAt(line, t.size); err != nil {
		return payout{}, false, fmt.Errorf("write a payout: %w", err)
	}
	t.size += int64(len(line))
	p.Requests = 1
	kept := p
	t.payouts[p.Key], t.keys = &kept, append(t.keys, p.Key)
	return p.told(), false, nil
}

// told is a payout as it is answered.
func (p payout) told() payout {
	if time.Now().Before(p.Clears) {
		p.State = "pending"
	}
	return p
}

// Asked counts a request for a key, whatever becomes of it, and says how many there were before.
func (t *till) Asked(key string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.asked[key]++
	return t.asked[key] - 1
}

// Before is a payout that was made before a key's: the last one of the same reference.
func (t *till) Before(key string) (payout, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	of, known := t.payouts[key]
	if !known {
		return payout{}, false
	}
	for i := len(t.keys) - 1; i >= 0; i-- {
		if p := t.payouts[t.keys[i]]; p.Key != key && p.Reference == of.Reference {
			return *p, true
		}
	}
	return payout{}, false
}

// Find is the payout of a key.
func (t *till) Find(key string) (payout, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p, ok := t.payouts[key]
	if !ok {
		return payout{}, false
	}
	return p.told(), true
}

// statement is what was paid, for reconciliation: totals over all that match, and a page of them.
type statement struct {
	Count   int              `json:"count"`
	Amount  int64            `json:"amount"`  // all currencies together; see Amounts
	Amounts map[string]int64 `json:"amounts"` // by currency
	Payouts []payout         `json:"payouts"`
	Next    string           `json:"next,omitempty"` // pass as after= for the next page
}

// List gives the payouts of a campaign (empty: all) and of a reference that begins with prefix, by key, after a key.
func (t *till) List(campaign, prefix, after string, limit int) statement {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := statement{Amounts: map[string]int64{}, Payouts: []payout{}}
	var keys []string
	for _, key := range t.keys {
		p := t.payouts[key]
		if campaign != "" && p.Campaign != campaign && !strings.HasPrefix(p.Reference, campaign+"/") &&
			!strings.HasPrefix(p.Reference, "campaign/"+campaign+"/") {
			continue
		}
		if !strings.HasPrefix(p.Reference, prefix) {
			continue
		}
		out.Count++
		out.Amount += p.Amount
		out.Amounts[p.Currency] += p.Amount
		if key > after {
			keys = append(keys, key)
		}
	}
	sort.Strings(keys)
	if len(keys) > limit {
		keys = keys[:limit]
		if limit > 0 {
			out.Next = keys[limit-1]
		}
	}
	for _, key := range keys {
		out.Payouts = append(out.Payouts, t.payouts[key].told())
	}
	return out
}

// Count is how many payouts there are.
func (t *till) Count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.keys)
}

// Close closes the file.
func (t *till) Close() error { return t.file.Close() }
