package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/dispatch"
	"github.com/danbi-project/danbi/internal/warehouse"
)

// shownMessage is a message made again, and whether it is to the byte what left.
type shownMessage struct {
	warehouse.SentMessage
	Exact bool   `json:"exact"`
	Why   string `json:"why,omitempty"` // it is not
	Title string `json:"title,omitempty"`
	Text  string `json:"text,omitempty"`
	Raw   string `json:"raw,omitempty"` // of a mail: its bytes
}

func newMessageCommand(a *App) *cobra.Command {
	var occurrence uint32
	var raw bool
	cmd := &cobra.Command{
		Use: "message CAMPAIGN CUSTOMER", Short: "The exact text that one customer was sent", GroupID: groupCampaign, Args: cobra.ExactArgs(2),
		Long: `The exact text of each message that a customer was sent, for customer service. Texts are not kept: each
is made again from its template, offer and recipient, and its SHA-256 is compared with that of the bytes
that left. Where a name or address was changed since, it says so.

CUSTOMER is the id in your own data, or #KEY. The text shows the customer's name.`,
		Example: "  starter message card-spend-autumn C-10042\n  starter message card-spend-autumn '#17' --raw",
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			store, err := a.Warehouse(ctx)
			if err != nil {
				return err
			}
			defer func() { _ = store.Close() }()
			run, err := a.latestRun(ctx, store, args[0], occurrence)
			if err != nil {
				return err
			}
			customer, err := store.FindCustomer(ctx, args[1])
			if errors.Is(err, warehouse.ErrNoCustomer) {
				return errors.New(a.text(err.Error(), fmt.Sprintf("%q 고객이 없습니다. 고객 번호나 #키를 쓰세요", args[1])))
			}
			if err != nil {
				return err
			}
			shown, err := messagesAgain(ctx, store, run, customer)
			if err != nil {
				return err
			}
			if a.JSON {
				return a.PrintJSON(shown)
			}
			a.printMessages(shown, raw)
			return nil
		},
	}
	cmd.Flags().Uint32Var(&occurrence, "occurrence", 0, "which occurrence (default: the last one)")
	cmd.Flags().BoolVar(&raw, "raw", false, "show a mail as its bytes")
	return cmd
}

// messagesAgain makes a customer's messages again, as they left.
func messagesAgain(ctx context.Context, store *warehouse.Warehouse, run campaign.Run, customer uint32) ([]shownMessage, error) {
	sent, err := store.SentMessages(ctx, run, customer)
	if err != nil {
		return nil, err
	}
	brief, err := store.Brief(ctx, run)
	if err != nil {
		return nil, err
	}
	all := make([]shownMessage, 0, len(sent))
	for _, m := range sent {
		shown := shownMessage{SentMessage: m}
		if strings.HasPrefix(m.Response, "carried by ") {
			shown.Why = "it went in another message, " + m.Response
			all = append(all, shown)
			continue
		}
		if err := again(ctx, store, brief, run, customer, &shown); err != nil {
			return nil, err
		}
		all = append(all, shown)
	}
	return all, nil
}

func again(ctx context.Context, store *warehouse.Warehouse, brief campaign.Brief, run campaign.Run, customer uint32, shown *shownMessage) error {
	composer, recipient, err := composerAgain(ctx, store, brief, run, customer, shown.Touch, shown.Channel, shown.At)
	if err != nil {
		return err
	}
	carried, err := store.Parts(ctx, dispatch.HostOf(run, shown.Touch), []uint32{customer})
	if err != nil {
		return err
	}
	var parts []dispatch.Part
	for _, r := range carried[customer] {
		other, err := store.Brief(ctx, r.Run())
		if err != nil {
			return err
		}
		composer, recipient, err := composerAgain(ctx, store, other, r.Run(), customer, r.Touch, shown.Channel, shown.At)
		if err != nil {
			return err
		}
		if part, _, err := composer.Part(recipient, shown.At); err == nil && strings.Contains(shown.Parameters, strconv.Quote(part.Host)) {
			parts = append(parts, part)
		}
	}
	letter, _, err := composer.Bundle(recipient, shown.At, parts)
	if err != nil {
		shown.Why = err.Error()
		return nil //nolint:nilerr // why the text can't be made again is what is shown
	}
	if shown.Title, shown.Text, err = composer.Read(recipient, shown.At, parts); err != nil {
		return err
	}
	if letter.Form == dispatch.FormMail {
		shown.Raw = string(letter.Body)
	}
	switch {
	case letter.SHA256 == shown.SHA256:
		shown.Exact = true
	case letter.Template != shown.Template:
		shown.Why = "the template is another than the one that it was made from"
	default:
		shown.Why = "something that it was made from has changed since: the customer's name, address or language, or where its links lead"
	}
	return nil
}

func composerAgain(ctx context.Context, store *warehouse.Warehouse, brief campaign.Brief, run campaign.Run, customer uint32, touch, channel string, at time.Time) (*dispatch.Composer, dispatch.Recipient, error) {
	composer, err := dispatch.NewComposer(run, brief, touch, channel)
	if err != nil {
		return nil, dispatch.Recipient{}, err
	}
	purpose := brief.Spec.Audience.Purpose
	if purpose == "" {
		purpose = campaign.PurposeMarketing
	}
	found, err := store.Recipients(ctx, dispatch.RecipientQuery{
		Run: run, Touch: touch, Channel: channel, Purpose: purpose, Keys: []uint32{customer}, Ats: []time.Time{at},
	})
	recipient := found[customer]
	recipient.Customer = customer
	return composer, recipient, err
}

func (a *App) printMessages(all []shownMessage, raw bool) {
	if len(all) == 0 {
		a.Sayf("%s", a.text("Nothing was sent to this customer.", "이 고객에게 보낸 메시지가 없습니다."))
	}
	for _, m := range all {
		a.Sayf("%s · %s · %s · %s", m.Touch, m.Channel, m.At.Format(time.DateTime+" MST"), m.MessageID)
		if m.Exact {
			a.Sayf("%s %s", a.text("✓ exactly what left: SHA-256", "✓ 발송한 그대로: SHA-256"), m.SHA256)
		} else {
			a.Sayf("%s %s", a.text("✗ not to the byte what left:", "✗ 발송한 것과 다릅니다:"), m.Why)
		}
		if raw && m.Raw != "" {
			fmt.Fprintln(a.Out, m.Raw)
			continue
		}
		if m.Title != "" {
			fmt.Fprintln(a.Out, m.Title)
		}
		fmt.Fprintln(a.Out, m.Text)
	}
}
