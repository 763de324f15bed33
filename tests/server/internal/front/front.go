// Package front stands before the simulator's HTTP handlers: it counts requests.
package front

import (
	"bytes"
	"encoding/xml"
	"io"
	"net/http"

	"github.com/vmware/govmomi/simulator"
)

// Front is the handlers that stand before the simulator's.
type Front struct {
	service  *simulator.Service
	requests counters
}

// Install puts the handlers before those that the server has registered already.
// A pattern that names a method is preferred to the simulator's, which name none.
func Install(service *simulator.Service) *Front {
	f := &Front{service: service}
	f.requests.reset()
	mux := service.ServeMux
	mux.HandleFunc("POST /sdk", f.serveSOAP)
	mux.HandleFunc("POST /sdk/vimService", f.serveSOAP)
	for _, prefix := range []string{"/rest/", "/api/"} {
		next, pattern := mux.Handler(&http.Request{Method: http.MethodGet, URL: mustParse(prefix)})
		if pattern == "" {
			continue // an ESXi host has no REST
		}
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
			mux.HandleFunc(method+" "+prefix, func(w http.ResponseWriter, r *http.Request) { f.serveREST(w, r, next) })
		}
	}
	mux.HandleFunc("GET /_test/requests", f.requests.get)
	mux.HandleFunc("DELETE /_test/requests", f.requests.delete)
	return f
}

// serveSOAP passes on a request to /sdk.
func (f *Front) serveSOAP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client is gone
	}
	method := methodName(body)
	f.requests.add("soap", method)
	r.Body = io.NopCloser(bytes.NewReader(body))
	reply := &watchedReply{ResponseWriter: w}
	f.service.ServeSDK(reply, r)
	if reply.status == http.StatusInternalServerError && method == "Login" {
		f.requests.add("failed", "Login")
	}
}

// serveREST passes on a request to a REST path.
func (f *Front) serveREST(w http.ResponseWriter, r *http.Request, next http.Handler) {
	f.requests.add("rest", restName(r))
	reply := &watchedReply{ResponseWriter: w}
	next.ServeHTTP(reply, r)
	if reply.status == http.StatusUnauthorized {
		f.requests.add("failed", restName(r))
	}
}

// restName is what counters and rules call a REST request: its method, path and action,
// with the identifiers in the path left out.
func restName(r *http.Request) string {
	name := r.Method + " " + withoutIDs(r.URL.Path)
	for _, key := range []string{"~action", "action"} {
		if action := r.URL.Query().Get(key); action != "" {
			return name + "?" + key + "=" + action
		}
	}
	return name
}

// methodName returns the name of the first element in a SOAP body, "" if there is none.
func methodName(envelope []byte) string {
	d := xml.NewDecoder(bytes.NewReader(envelope))
	inBody := false
	for {
		token, err := d.Token()
		if err != nil {
			return ""
		}
		if start, ok := token.(xml.StartElement); ok {
			if inBody {
				return start.Name.Local
			}
			inBody = start.Name.Local == "Body" && start.Name.Space == soapNamespace
		}
	}
}

const soapNamespace = "http://schemas.xmlsoap.org/soap/envelope/"

// watchedReply remembers the status of a reply.
type watchedReply struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (w *watchedReply) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}
