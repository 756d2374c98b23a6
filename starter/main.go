// Command starter is Danbi at the command line: it runs the local stack and starts, watches and explains campaigns.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// The first signal ends the command in order, and a second one at once, by the default handler.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	app := &App{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}
	code := app.Execute(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}
