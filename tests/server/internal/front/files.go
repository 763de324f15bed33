package front

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// currentTime is a call that only those may make who have logged in.
const currentTime = `<?xml version="1.0"?><Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body>` +
	`<CurrentTime xmlns="urn:vim25"><_this type="ServiceInstance">ServiceInstance</_this></CurrentTime></Body></Envelope>`

// authorized says whether a request carries a session of SOAP.
func (f *Front) authorized(r *http.Request) bool {
	call, err := http.NewRequestWithContext(r.Context(), http.MethodPost, "/sdk", strings.NewReader(currentTime))
	if err != nil {
		return false
	}
	for _, cookie := range r.Cookies() {
		call.AddCookie(cookie)
	}
	reply := &heldReply{header: http.Header{}, status: http.StatusOK}
	f.service.ServeSDK(reply, call)
	return reply.status == http.StatusOK && !bytes.Contains(reply.body.Bytes(), []byte("NotAuthenticated"))
}

// serveFolder serves files of datastores, to those who have logged in.
func (f *Front) serveFolder(w http.ResponseWriter, r *http.Request) {
	f.serveFile(w, r, "/folder/", func(w http.ResponseWriter, r *http.Request) {
		if !f.authorized(r) {
			http.Error(w, "no session", http.StatusUnauthorized)
			return
		}
		f.service.ServeDatastore(w, r)
	})
}

// serveFile counts a request for a file and does what the rules say, without holding its bytes.
func (f *Front) serveFile(w http.ResponseWriter, r *http.Request, prefix string, serve http.HandlerFunc) {
	name := r.Method + " " + prefix
	f.requests.add("rest", name)
	rule := f.Rules.request(name, r.URL.String)
	if rule == nil {
		serve(w, r)
		return
	}
	time.Sleep(time.Duration(rule.Action.DelayMS) * time.Millisecond)
	switch {
	case rule.Action.Cut == "before":
		panic(http.ErrAbortHandler) // closes the connection without a reply
	case rule.Action.Cut == "middle":
		r.Body = io.NopCloser(io.LimitReader(r.Body, r.ContentLength/2))
		serve(&halfReply{ResponseWriter: w, left: -1, isUpload: r.Method != http.MethodGet}, r)
		panic(http.ErrAbortHandler)
	case rule.Action.Cut == "after":
		serve(&heldReply{header: http.Header{}, status: http.StatusOK}, r)
		panic(http.ErrAbortHandler)
	case rule.refuses():
		http.Error(w, rule.Action.Message, max(rule.Action.Status, http.StatusBadRequest))
	default:
		serve(w, r)
	}
}

// halfReply sends the head of a reply and the first half of the body that it promises; nothing of the
// reply to an upload.
type halfReply struct {
	http.ResponseWriter
	left     int64 // bytes to send; -1: not known yet
	isUpload bool
}

// WriteHeader implements http.ResponseWriter.
func (h *halfReply) WriteHeader(status int) {
	length, err := strconv.ParseInt(h.Header().Get("Content-Length"), 10, 64)
	if err != nil {
		length = 0
	}
	h.left = length / 2
	if !h.isUpload {
		h.ResponseWriter.WriteHeader(status)
	}
}

// Write implements http.ResponseWriter.
func (h *halfReply) Write(p []byte) (int, error) {
	if h.left < 0 {
		h.WriteHeader(http.StatusOK)
	}
	if h.isUpload {
		return len(p), nil
	}
	n := min(int64(len(p)), h.left)
	h.left -= n
	if _, err := h.ResponseWriter.Write(p[:n]); err != nil {
		return 0, err
	}
	if h.left == 0 {
		_ = http.NewResponseController(h.ResponseWriter).Flush()
		panic(http.ErrAbortHandler)
	}
	return len(p), nil
}
