package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"
)

// statusLine shows what a long wait is for: on a terminal in one line that is written over, with the time it has
// taken so far; elsewhere as a line now and then, so that a log stays short and is still seen to move.
type statusLine struct {
	out      io.Writer
	terminal bool
	mu       sync.Mutex
	sentence string
	printed  time.Time // of the last line, elsewhere
	began    time.Time
	done     chan struct{}
}

const (
	redraw = 200 * time.Millisecond
	every  = 10 * time.Second
)

func newStatusLine(out io.Writer) *statusLine {
	l := &statusLine{out: out, terminal: isTerminal(out), began: time.Now(), done: make(chan struct{})}
	if l.terminal {
		go l.draw()
	}
	return l
}

func (l *statusLine) show(sentence string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sentence = sentence
	if l.terminal || time.Since(l.printed) < every {
		return
	}
	l.printed = time.Now()
	fmt.Fprintln(l.out, sentence)
}

// note prints a line that stays, above the one that is written over.
func (l *statusLine) note(sentence string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sentence, l.began, l.printed = "", time.Now(), time.Now()
	if l.terminal {
		fmt.Fprint(l.out, "\r\033[K")
	}
	fmt.Fprintln(l.out, sentence)
}

// hide takes the line away until something is shown again.
func (l *statusLine) hide() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.terminal && l.sentence != "" {
		fmt.Fprint(l.out, "\r\033[K")
	}
	l.sentence = ""
}

func (l *statusLine) draw() {
	ticks := time.NewTicker(redraw)
	defer ticks.Stop()
	for {
		select {
		case <-l.done:
			return
		case <-ticks.C:
			l.mu.Lock()
			if l.sentence != "" {
				line := fmt.Sprintf("%s (%s)", l.sentence, time.Since(l.began).Round(time.Second))
				fmt.Fprintf(l.out, "\r%s\033[K", trim(line, terminalWidth(l.out)-1))
			}
			l.mu.Unlock()
		}
	}
}

// clear removes the line; nothing is drawn after it.
func (l *statusLine) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.done:
		return
	default:
		close(l.done)
	}
	if l.terminal {
		fmt.Fprint(l.out, "\r\033[K")
	}
}

// trim cuts a line at a number of terminal cells; Korean letters take two.
func trim(line string, cells int) string {
	for i, r := range line {
		if cells -= text.RuneWidth(r); cells < 0 {
			return line[:i]
		}
	}
	return line
}
