package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
)

// wrong prints what was measured, although the run fails.
func wrong(out map[string]any, err error) error {
	return errors.Join(err, json.NewEncoder(os.Stdout).Encode(out))
}

// arrived counts the sink's copies of each of our messages, by customer, reading its list line by line. Messages of
// somebody else (the bare loop's) are left out; ours that no customer of the touch should have are counted as strangers.
func (w *dispatchWorld) arrived(ctx context.Context, url string) (copies []uint8, strangers int, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/"+w.route.shelf+"/ids", nil)
	if err != nil {
		return nil, 0, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, 0, fmt.Errorf("ask the sink what it has: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	of := make(map[string]uint32, w.recipients)
	for key := uint32(1); key <= uint32(w.recipients); key++ {
		of[w.messageID(key)] = key
	}
	copies = make([]uint8, w.recipients+1)
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		id := lines.Text()
		if key, ours := of[id]; ours {
			copies[key]++
		} else if !strings.HasSuffix(id, "@bare.example") {
			strangers++
		}
	}
	return copies, strangers, lines.Err()
}

// verifySent holds the warehouse against the sink: every recipient has one mail there, one attempt and one outcome here.
func (w *dispatchWorld) verifySent(ctx context.Context, e *engines, out map[string]any) error {
	copies, strangers, err := w.arrived(ctx, e.Running().Sink.HTTP)
	if err != nil {
		return err
	}
	var missing, doubled int
	for _, n := range copies[1:] {
		switch {
		case n == 0:
			missing++
		case n > 1:
			doubled++
		}
	}
	var faults []error
	if missing+doubled+strangers > 0 {
		faults = append(faults, fmt.Errorf("%w: of %d recipients %d have no mail in the sink, %d more than one; %d mails are nobody's", errWrong, w.recipients, missing, doubled, strangers))
	}
	for _, state := range []string{"attempting", "sent"} {
		n, err := e.count(ctx, `SELECT uniqExact(customer_key) FROM delivery_events WHERE campaign = {campaign:String} AND state = {state:String}`,
			named("campaign", w.run.Campaign), named("state", state))
		if err != nil {
			return err
		}
		out["recorded_"+state] = n
		if n != uint64(w.recipients) {
			faults = append(faults, fmt.Errorf("%w: %d customers have a row %q, %d should", errWrong, n, state, w.recipients))
		}
	}
	out["verified"] = len(faults) == 0
	if len(faults) > 0 {
		return wrong(out, errors.Join(faults...))
	}
	return nil
}
