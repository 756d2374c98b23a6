// Package sink is a provider for one machine: it takes mail by SMTP, text messages by SMPP and any other by HTTP, keeps each
// on disk before it answers, and can be asked over HTTP whether it has one, as a real provider can. It pays out rewards in the same way.
// Killed at any moment, it comes back with everything that it acknowledged.
package sink

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/emersion/go-smtp"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"
)

// Config says where the sink listens and what it keeps.
type Config struct {
	Dir          string        // holds everything; made when it is missing
	SMTPListen   string        // 127.0.0.1:0 takes a free port; empty: no mail, payouts alone
	SMPPListen   string        // 127.0.0.1:0 takes a free port; empty: no text messages
	HTTPListen   string        // 127.0.0.1:0 takes a free port
	Delay        time.Duration // before each mail is accepted, to look like a distant provider
	SegmentBytes int64         // a new file is begun after so many; 0: 64 MiB
	Secret       []byte        // payout requests must be signed with it; none: they need no signature
	Log          *zap.Logger
	Ready        func(Addresses) // called once, when all listen
}

// Addresses are where a sink listens, as host:port; empty where it does not.
type Addresses struct{ SMTP, SMPP, HTTP string }

// Serve runs until ctx is done, then closes its connections and files.
func Serve(ctx context.Context, c Config) (err error) {
	if c.Log == nil {
		c.Log = zap.NewNop()
	}
	var boxes [3]*mailbox
	for i, name := range []string{"mail", "sms", "gateway"} {
		box, openErr := openMailbox(c.Dir, name, c.SegmentBytes)
		if openErr != nil {
			return openErr
		}
		boxes[i] = box
		defer func() { err = errors.Join(err, box.Close()) }()
	}
	box, texts, posts := boxes[0], boxes[1], boxes[2]
	till, err := openTill(c.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, till.Close()) }()

	httpListener, err := net.Listen("tcp", c.HTTPListen)
	if err != nil {
		return fmt.Errorf("the sink can't listen for HTTP: %w", err)
	}
	var mailListener, textListener net.Listener
	at := Addresses{HTTP: httpListener.Addr().String()}
	if c.SMTPListen != "" {
		if mailListener, err = net.Listen("tcp", c.SMTPListen); err != nil {
			return errors.Join(fmt.Errorf("the sink can't listen for mail: %w", err), httpListener.Close())
		}
		at.SMTP = mailListener.Addr().String()
	}
	if c.SMPPListen != "" {
		if textListener, err = net.Listen("tcp", c.SMPPListen); err != nil {
			err = errors.Join(fmt.Errorf("the sink can't listen for text messages: %w", err), httpListener.Close())
			if mailListener != nil {
				err = errors.Join(err, mailListener.Close())
			}
			return err
		}
		at.SMPP = textListener.Addr().String()
	}

	faults := newFaults(c.Delay)
	metrics := newMetrics(box, till)
	mail := newMailServer(box, faults, metrics, c.Log)
	web := &http.Server{
		Handler:           newHandler(shelves{mail: box, texts: texts, posts: posts}, till, faults, metrics, c.Secret),
		ReadHeaderTimeout: 10 * time.Second,
	}

	var group errgroup.Group
	if mailListener != nil {
		group.Go(func() error { return mail.Serve(coalescing{mailListener}) })
	}
	var centre *centre
	if textListener != nil {
		centre = newCentre(textListener, texts, faults, metrics, c.Log)
		group.Go(centre.serve)
	}
	group.Go(func() error {
		if err := web.Serve(httpListener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	c.Log.Info("sink ready", zap.String("smtp", at.SMTP), zap.String("smpp", at.SMPP), zap.String("http", at.HTTP),
		zap.Int("messages", box.Count().Messages))
	if c.Ready != nil {
		c.Ready(at)
	}
	<-ctx.Done()
	if err := mail.Close(); err != nil && !errors.Is(err, smtp.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
		c.Log.Warn("closing the mail server", zap.Error(err))
	}
	if centre != nil {
		centre.close()
	}
	_ = web.Close() // open requests are broken off, as a provider that goes down does
	return group.Wait()
}
