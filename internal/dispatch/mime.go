package dispatch

import (
	"bytes"
	"encoding/base64"
	"mime/quotedprintable"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danbi-project/danbi/internal/campaign"
)

// mail is what is written as bytes. The writer is our own because bytes must follow from their input alone, so that
// they can be made again and compared: a boundary or date drawn by a library would differ each time.
type mail struct {
	id, to, subject string
	from            string // the whole header
	at              time.Time
	sender          campaign.Sender
	text, html      string
	unsubscribe     string
	boundary        string
	language        string
}

// append writes the mail after out.
func (m mail) append(out []byte) []byte {
	out = m.at.UTC().AppendFormat(append(out, "Date: "...), "Mon, 02 Jan 2006 15:04:05 -0700")
	out = append(append(out, "\r\nFrom: "...), m.from...)
	out = append(append(append(out, "\r\nTo: <"...), oneLine(m.to)...), '>')
	out = append(append(append(out, "\r\nMessage-ID: <"...), m.id...), '>')
	out = appendEncoded(append(out, "\r\nSubject: "...), m.subject)
	out = append(append(append(out, "\r\nList-Unsubscribe: <"...), oneLine(m.unsubscribe)...), '>')
	if strings.HasPrefix(m.unsubscribe, "https:") {
		out = append(out, "\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click"...) // RFC 8058
	}
	out = append(append(out, "\r\nContent-Language: "...), m.language...)
	out = append(out, "\r\nMIME-Version: 1.0\r\n"...)
	if m.html == "" {
		return appendPart(out, "text/plain", m.text)
	}
	out = append(append(append(out, `Content-Type: multipart/alternative; boundary="`...), m.boundary...), "\"\r\n"...)
	for _, p := range []struct{ kind, text string }{{"text/plain", m.text}, {"text/html", m.html}} {
		out = append(append(append(out, "\r\n--"...), m.boundary...), "\r\n"...)
		out = appendPart(out, p.kind, p.text)
	}
	return append(append(append(out, "\r\n--"...), m.boundary...), "--\r\n"...)
}

// appendEncoded writes a header's text, in encoded words where it is not ASCII (RFC 2047), folded between them. A word
// has at most 75 characters, and no character is cut in two.
func appendEncoded(out []byte, text string) []byte {
	if ascii(text) {
		return append(out, text...)
	}
	const most = (75 - len("=?utf-8?b?") - len("?=")) / 4 * 3
	for first := true; text != ""; first = false {
		n := 0
		for n < len(text) {
			_, size := utf8.DecodeRuneInString(text[n:])
			if n+size > most {
				break
			}
			n += size
		}
		if !first {
			out = append(out, "\r\n "...)
		}
		out = append(out, "=?utf-8?b?"...)
		out = base64.StdEncoding.AppendEncode(out, []byte(text[:n]))
		out, text = append(out, "?="...), text[n:]
	}
	return out
}

func phrase(name string) string {
	if ascii(name) {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
	}
	return string(appendEncoded(nil, name))
}

func ascii(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// appendPart writes one text with its headers: readable where it is mostly ASCII, base64 where it is not.
func appendPart(out []byte, kind, text string) []byte {
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "?")
	}
	if strings.Contains(text, "\r\n") {
		text = strings.ReplaceAll(text, "\r\n", "\n")
	}
	out = append(append(append(out, "Content-Type: "...), kind...), "; charset=utf-8\r\n"...)
	if foreign(text)*6 < len(text) {
		out = append(out, "Content-Transfer-Encoding: quoted-printable\r\n\r\n"...)
		buffer := bytes.NewBuffer(out)
		w := quotedprintable.NewWriter(buffer)
		_, _ = w.Write([]byte(text)) // makes \n into \r\n; writing to a buffer can't fail
		_ = w.Close()
		return append(buffer.Bytes(), "\r\n"...)
	}
	out = append(out, "Content-Transfer-Encoding: base64\r\n\r\n"...)
	const line = 57 // bytes that give 76 characters
	var raw [line]byte
	n := 0
	flush := func() {
		out = append(base64.StdEncoding.AppendEncode(out, raw[:n]), "\r\n"...)
		n = 0
	}
	put := func(text string) {
		for text != "" {
			k := copy(raw[n:], text)
			if n, text = n+k, text[k:]; n == line {
				flush()
			}
		}
	}
	for {
		before, after, more := strings.Cut(text, "\n")
		if put(before); !more {
			break
		}
		put("\r\n")
		text = after
	}
	if n > 0 {
		flush()
	}
	return out
}

func foreign(text string) (n int) {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			n++
		}
	}
	return n
}
