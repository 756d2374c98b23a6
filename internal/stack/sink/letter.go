package sink

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
)

// letter is a mail as a person reads it.
type letter struct {
	Subject, From string
	Text, HTML    string
}

// readLetter decodes what it can; a mail that is no mail is shown as its text.
func readLetter(raw []byte) letter {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return letter{Text: string(raw)}
	}
	words := &mime.WordDecoder{}
	out := letter{Subject: decoded(words, m.Header.Get("Subject")), From: decoded(words, m.Header.Get("From"))}
	out.part(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body, 0)
	return out
}

func decoded(words *mime.WordDecoder, text string) string {
	if plain, err := words.DecodeHeader(text); err == nil {
		return plain
	}
	return text
}

const deepest = 4 // parts within parts

func (l *letter) part(kind, encoding string, body io.Reader, depth int) {
	media, parameters, err := mime.ParseMediaType(kind)
	if err != nil {
		media = "text/plain"
	}
	if strings.HasPrefix(media, "multipart/") && depth < deepest {
		parts := multipart.NewReader(body, parameters["boundary"])
		for {
			p, err := parts.NextRawPart()
			if err != nil {
				return
			}
			l.part(p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p, depth+1)
		}
	}
	switch strings.ToLower(encoding) {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	}
	text, err := io.ReadAll(io.LimitReader(body, maxMail))
	if err != nil && len(text) == 0 {
		return
	}
	switch {
	case media == "text/html" && l.HTML == "":
		l.HTML = string(text)
	case media == "text/plain" && l.Text == "":
		l.Text = string(text)
	}
}
