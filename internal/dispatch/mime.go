package dispatch

import (
	"bytes"
	"encoding/base64"
	"mime"
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
	at              time.Time
	sender          campaign.Sender
	text, html      string
	unsubscribe     string
	boundary        string
	language        string
}

func (m mail) bytes() []byte {
	out := bytes.NewBuffer(make([]byte, 0, 1024+len(m.text)*3/2+len(m.html)*3/2))
	header := func(name, value string) {
		out.WriteString(name)
		out.WriteString(": ")
		out.WriteString(value)
		out.WriteString("\r\n")
	}
	header("Date", m.at.UTC().Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	header("From", phrase(oneLine(m.sender.Name))+" <"+oneLine(m.sender.Email)+">")
	header("To", "<"+oneLine(m.to)+">")
	header("Message-ID", "<"+m.id+">")
	header("Subject", encoded(m.subject))
	header("List-Unsubscribe", "<"+oneLine(m.unsubscribe)+">")
	if strings.HasPrefix(m.unsubscribe, "https:") {
		header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click") // RFC 8058
	}
	header("Content-Language", m.language)
	header("MIME-Version", "1.0")
	if m.html == "" {
		mimePart(out, "text/plain", m.text)
		return out.Bytes()
	}
	header("Content-Type", `multipart/alternative; boundary="`+m.boundary+`"`)
	for _, p := range []struct{ kind, text string }{{"text/plain", m.text}, {"text/html", m.html}} {
		out.WriteString("\r\n--" + m.boundary + "\r\n")
		mimePart(out, p.kind, p.text)
	}
	out.WriteString("\r\n--" + m.boundary + "--\r\n")
	return out.Bytes()
}

// encoded is a header's text, in encoded words where it is not ASCII (RFC 2047), folded between them.
func encoded(text string) string {
	if ascii(text) {
		return text
	}
	return strings.ReplaceAll(mime.BEncoding.Encode("utf-8", text), "?= =?", "?=\r\n =?")
}

func phrase(name string) string {
	if ascii(name) {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
	}
	return encoded(name)
}

func ascii(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// mimePart writes one text with its headers: readable where it is mostly ASCII, base64 where it is not.
func mimePart(out *bytes.Buffer, kind, text string) {
	text = strings.ToValidUTF8(text, "?")
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")
	out.WriteString("Content-Type: " + kind + "; charset=utf-8\r\n")
	if foreign(text)*6 < len(text) {
		out.WriteString("Content-Transfer-Encoding: quoted-printable\r\n\r\n")
		w := quotedprintable.NewWriter(out)
		_, _ = w.Write([]byte(text)) // writing to a buffer can't fail
		_ = w.Close()
		out.WriteString("\r\n")
		return
	}
	out.WriteString("Content-Transfer-Encoding: base64\r\n\r\n")
	const line = 57 // bytes that give 76 characters
	raw := []byte(text)
	for len(raw) > 0 {
		n := min(line, len(raw))
		out.Write(base64.StdEncoding.AppendEncode(out.AvailableBuffer(), raw[:n]))
		out.WriteString("\r\n")
		raw = raw[n:]
	}
}

func foreign(text string) (n int) {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			n++
		}
	}
	return n
}
