// Package sink is a mail provider for one machine: it takes mail by SMTP, keeps each message on disk before it answers,
// and can be asked over HTTP whether it has one, as a real provider can. It pays out rewards in the same way.
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
	HTTPListen   string        // 127.0.0.1:0 takes a free port
	Delay        time.Duration // before each mail is accepted, to look like a distant provider
	SegmentBytes int64         // a new file is begun after so many; 0: 64 MiB
	Secret       []byte        // payout requests must be signed with it; none: they need no signature
	Log          *zap.Logger
	Ready        func(smtpAddr, httpAddr string) // called once, when both listen
}

// Serve runs until ctx is done, then closes its connections and files.
func Serve(ctx context.Context, c Config) (err error) {
	if c.Log == nil {
		c.Log = zap.NewNop()
	}
	box, err := openMailbox(c.Dir, c.SegmentBytes)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, box.Close()) }()
	till, err := openTill(c.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, till.Close()) }()

	httpListener, err := net.Listen("tcp", c.HTTPListen)
	if err != nil {
		return fmt.Errorf("the sink can't listen for HTTP: %w", err)
	}
	var mailListener net.Listener
	smtpAddr := "" // of a provider of payouts alone
	if c.SMTPListen != "" {
		if mailListener, err = net.Listen("tcp", c.SMTPListen); err != nil {
			return errors.Join(fmt.Errorf("the sink can't listen for mail: %w", err), httpListener.Close())
		}
		smtpAddr = mailListener.Addr().String()
	}

	faults := newFaults(c.Delay)
	metrics := newMetrics(box, till)
	mail := newMailServer(box, faults, metrics, c.Log)
	web := &http.Server{
		Handler:           newHandler(box, till, faults, metrics, c.Secret),
		ReadHeaderTimeout: 10 * time.Second,
	}

	var group errgroup.Group
	if mailListener != nil {
		group.Go(func() error { return mail.Serve(coalescing{mailListener}) })
	}
	group.Go(func() error {
		if err := web.Serve(httpListener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	c.Log.Info("sink ready", zap.String("smtp", smtpAddr), zap.Stringer("http", httpListener.Addr()),
		zap.Int("messages", box.Count().Messages))
	if c.Ready != nil {
		c.Ready(smtpAddr, httpListener.Addr().String())
	}
	<-ctx.Done()
	if err := mail.Close(); err != nil && !errors.Is(err, smtp.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
		c.Log.Warn("closing the mail server", zap.Error(err))
	}
	_ = web.Close() // open requests are broken off, as a provider that goes down does
	return group.Wait()
}
