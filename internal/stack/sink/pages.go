package sink

import (
	"embed"
	"html/template"
	"net/http"
	"strings"
	"time"
)

//go:embed pages/*.html
var pageFiles embed.FS

var pages = template.Must(template.ParseFS(pageFiles, "pages/*.html"))

const pageSize = 50

func wantsPage(r *http.Request) bool {
	switch r.URL.Query().Get("format") {
	case "html":
		return true
	case "":
		return strings.Contains(r.Header.Get("Accept"), "text/html")
	default:
		return false
	}
}

// messages lists the latest mails, newest first: a page for people, JSON for programs.
func (h *handler) messages(w http.ResponseWriter, r *http.Request) {
	limit := number(r.URL.Query().Get("limit"), pageSize, ringSize)
	skip := number(r.URL.Query().Get("skip"), 0, ringSize)
	list := []summary{}
	for _, at := range h.box.Latest(skip, limit) {
		mail, err := h.box.Read(at)
		if err != nil {
			refuse(w, http.StatusInternalServerError, "%v", err)
			return
		}
		e, _ := h.box.Find(mail.ID)
		line := summarise(mail, e)
		line.Received, line.Subject = mail.Received, readLetter(mail.Raw).Subject
		list = append(list, line)
	}
	if !wantsPage(r) {
		answer(w, http.StatusOK, map[string]any{"count": h.box.Count(), "messages": list})
		return
	}
	show(w, "list.html", map[string]any{
		"Count": h.box.Count(), "Messages": list, "Skip": skip, "Next": skip + len(list), "More": len(list) == limit,
		"Previous": max(skip-limit, 0), "Payouts": h.till.Count(),
	})
}

func (h *handler) mailPage(w http.ResponseWriter, mail record, e entry) {
	show(w, "mail.html", map[string]any{
		"Mail": summarise(mail, e), "Letter": readLetter(mail.Raw), "From": mail.From, "Received": mail.Received.Format(time.RFC3339),
	})
}

// show writes a page that runs no script and loads nothing: mails come from anywhere.
func show(w http.ResponseWriter, name string, data any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'self'")
	_ = pages.ExecuteTemplate(w, name, data)
}
