package front

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"time"
)

// act serves a request, the delays and cuts of a rule included. rule may be nil.
func act(w http.ResponseWriter, r *http.Request, rule *Rule, body []byte, serve http.HandlerFunc) {
	r.Body = io.NopCloser(bytes.NewReader(body))
	if rule == nil {
		serve(w, r)
		return
	}
	time.Sleep(time.Duration(rule.Action.DelayMS) * time.Millisecond)
	switch rule.Action.Cut {
	case "":
		serve(w, r)
		return
	case "before":
		panic(http.ErrAbortHandler) // closes the connection without a reply
	}
	reply := &heldReply{header: w.Header(), status: http.StatusOK}
	serve(reply, r)
	if rule.Action.Cut == "middle" {
		reply.sendHalf(w)
	}
	panic(http.ErrAbortHandler)
}

// heldReply keeps a reply back.
type heldReply struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (h *heldReply) Header() http.Header         { return h.header }
func (h *heldReply) WriteHeader(status int)      { h.status = status }
func (h *heldReply) Write(p []byte) (int, error) { return h.body.Write(p) }

// sendHalf sends the head, which promises the whole reply, and the first half of it.
func (h *heldReply) sendHalf(w http.ResponseWriter) {
	w.Header().Set("Content-Length", strconv.Itoa(h.body.Len()))
	w.WriteHeader(h.status)
	_, _ = w.Write(h.body.Bytes()[:h.body.Len()/2])
	_ = http.NewResponseController(w).Flush() // the client may be gone
}
