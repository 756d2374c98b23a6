package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// bareConnections is how many the bare loop keeps open.
const bareConnections = 50

// bareLoop hands the same mail, under Message-IDs of their own, to an SMTP server as fast as a plain client can: the
// envelope in one packet, the text in another, over 50 connections and with nothing else to do. It is what the product
// is measured against. It returns messages a second.
func bareLoop(ctx context.Context, addr, label string, mails, bytes int) (float64, error) {
	filler := strings.Repeat("The quick brown fox jumps over the lazy dog, again and again.\r\n", bytes/64+1)
	group, ctx := errgroup.WithContext(ctx)
	began := time.Now()
	for c := range bareConnections {
		group.Go(func() error {
			dialer := net.Dialer{Timeout: 10 * time.Second}
			conn, err := dialer.DialContext(ctx, "tcp", addr)
			if err != nil {
				return err
			}
			defer func() { _ = conn.Close() }()
			defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
			in := bufio.NewReader(conn)
			if err := expect(in, '2'); err != nil {
				return err
			}
			if err := speak(conn, in, []byte("EHLO bare.example\r\n"), '2'); err != nil {
				return err
			}
			var out []byte
			for i := c; i < mails; i += bareConnections {
				out = fmt.Appendf(out[:0], "MAIL FROM:<bare@example.com>\r\nRCPT TO:<bare%d@example.com>\r\nDATA\r\n", i)
				if err := speak(conn, in, out, '2', '2', '3'); err != nil {
					return err
				}
				out = fmt.Appendf(out[:0], "From: <bare@example.com>\r\nTo: <bare%d@example.com>\r\nMessage-ID: <%s-%d@bare.example>\r\nSubject: bare\r\n\r\n", i, label, i)
				out = append(out, filler[:max(bytes-len(out), 0)]...)
				out = append(out, "\r\n.\r\n"...)
				if err := speak(conn, in, out, '2'); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return 0, fmt.Errorf("the bare loop: %w", err)
	}
	return float64(mails) / time.Since(began).Seconds(), nil
}

// speak writes in one packet and reads an answer for each class that it expects.
func speak(conn net.Conn, in *bufio.Reader, out []byte, classes ...byte) error {
	if _, err := conn.Write(out); err != nil {
		return err
	}
	for _, class := range classes {
		if err := expect(in, class); err != nil {
			return err
		}
	}
	return nil
}

func expect(in *bufio.Reader, class byte) error {
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) < 4 || line[0] != class {
			return fmt.Errorf("the server answers %q", line)
		}
		if line[3] != '-' {
			return nil
		}
	}
}
