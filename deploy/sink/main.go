// Command sink is the local stack's message and payout provider as a program of its own, for rehearsals with containers.
// It keeps everything that it acknowledged and sends nothing on.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"go.uber.org/zap"

	"github.com/danbi-project/danbi/internal/stack/sink"
)

func main() {
	var c sink.Config
	flag.StringVar(&c.Dir, "dir", "/data", "`folder` that keeps messages and payouts")
	flag.StringVar(&c.SMTPListen, "smtp", "127.0.0.1:2525", "address for mail")
	flag.StringVar(&c.SMPPListen, "smpp", "127.0.0.1:2775", "address for text messages")
	flag.StringVar(&c.HTTPListen, "http", "127.0.0.1:8025", "address for look-ups, payouts, pages and metrics")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	log, err := zap.NewProduction()
	if err == nil {
		c.Log = log
		err = sink.Serve(ctx, c)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "sink:", err)
		os.Exit(1)
	}
}
