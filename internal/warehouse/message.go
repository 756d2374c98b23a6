package warehouse

import (
	"context"
	"fmt"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
)

// SentMessage is what is kept of a message to a customer: not its text, but all that the text follows from.
type SentMessage struct {
	Touch      string    `json:"touch"`
	Channel    string    `json:"channel"`
	Attempt    uint8     `json:"attempt"`
	At         time.Time `json:"at"` // campaign time
	Template   string    `json:"template"`
	Parameters string    `json:"parameters"`
	SHA256     string    `json:"sha256"`
	MessageID  string    `json:"message_id"`
	Response   string    `json:"-"`
}

// SentMessages are the last messages of each touch that were handed over to a provider, or may have been.
func (w *Warehouse) SentMessages(ctx context.Context, run campaign.Run, customer uint32) ([]SentMessage, error) {
	parameters := args{"campaign": run.Campaign, "occurrence": run.Occurrence, "customer": customer}
	rows, err := w.conn.Query(ctx, query("message_sent"), parameters.list()...)
	if err != nil {
		return nil, fmt.Errorf("read what was sent to the customer: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var sent []SentMessage
	for rows.Next() {
		var m SentMessage
		if err := rows.Scan(&m.Touch, &m.Channel, &m.Attempt, &m.At, &m.Template, &m.Parameters, &m.SHA256, &m.MessageID, &m.Response); err != nil {
			return nil, fmt.Errorf("read what was sent to the customer: %w", err)
		}
		sent = append(sent, m)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read what was sent to the customer: %w", err)
	}
	return sent, nil
}
