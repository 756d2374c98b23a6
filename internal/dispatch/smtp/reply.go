package smtp

import (
	"bufio"
	"bytes"
	"fmt"
	"regexp"
	"strings"
)

// reply is a server's answer to one command.
type reply struct {
	code int
	text string // the last line, with its code
	more []string
}

func (r reply) class() int { return r.code / 100 }

const longestReply = 200 // lines; a server that says more is broken

// readReply reads one answer, of one or many lines. text makes a line into a string, which may be one that is there already.
func readReply(in *bufio.Reader, text func([]byte) string) (reply, error) {
	var r reply
	for range longestReply {
		raw, err := in.ReadSlice('\n')
		if err != nil {
			return reply{}, err
		}
		line := text(bytes.TrimRight(raw, "\r\n"))
		if len(line) < 3 || !digits(line[:3]) {
			return reply{}, fmt.Errorf("the server's answer is not SMTP: %q", short(line))
		}
		r.code = int(line[0]-'0')*100 + int(line[1]-'0')*10 + int(line[2]-'0')
		if len(line) > 3 && line[3] == '-' {
			r.more = append(r.more, line[4:])
			continue
		}
		r.text = line
		return r, nil
	}
	return reply{}, fmt.Errorf("the server's answer does not end")
}

func digits(text string) bool {
	for _, c := range []byte(text) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

var anAddress = regexp.MustCompile(`[^\s<>,;:"']+@[^\s<>,;:"']+`)

// public is an answer as it may be kept: servers like to repeat the address, which is nobody's business here.
func (r reply) public() string {
	text := r.text
	if strings.Contains(text, "@") {
		text = anAddress.ReplaceAllString(text, "(address)")
	}
	return short(text)
}

func short(text string) string {
	const most = 200
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most])
	}
	return text
}
