// Package front stands before the simulator's HTTP handlers. It counts requests, holds
// them against the schema, and does what the rules say.
package front

import (
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/vmware/govmomi/simulator"

	"perilune/tests/server/internal/schema"
	"perilune/tests/server/internal/sim"
	"perilune/tests/server/internal/sso"
)

// maxBody is the size of a request that nobody sends by intent, in bytes.
const maxBody = 64 << 20

// Front is the handlers that stand before the simulator's.
type Front struct {
	Rules *Rules
	SSO   *sso.Service

	service   *simulator.Service
	validator *schema.Validator // nil: requests are not held against the schema
	requests  counters

	extensions extensions
	rest       http.Handler // the simulator's, for /rest/
}

// ServeAPI serves sessions, tags and content libraries under /api/ as well.
func (f *Front) ServeAPI() {
	for _, method := range []string{"GET", "POST", "PATCH", "DELETE"} {
		for _, path := range []string{"/api/session", "/api/cis/tagging/", "/api/content/library", "/api/content/library/{id}", "/api/content/library/item", "/api/content/library/item/"} {
			f.service.ServeMux.HandleFunc(method+" "+path, func(w http.ResponseWriter, r *http.Request) { f.serveAPI(w, r, f.rest) })
		}
	}
}

// Install puts the handlers before those that the server has registered already: a pattern
// that names a method is preferred to the simulator's, which name none.
func Install(service *simulator.Service, corrected *sim.Simulator, validator *schema.Validator, rules *Rules, logins *sso.Service) *Front {
	f := &Front{Rules: rules, SSO: logins, service: service, validator: validator}
	f.requests.reset()
	mux := service.ServeMux
	mux.HandleFunc("POST /sdk", f.serveSOAP)
	mux.HandleFunc("POST /sdk/vimService", f.serveSOAP)
	if service.Context.Map.IsVPX() {
		mux.HandleFunc("POST /sts/STSService", f.serveTokens)
		mux.HandleFunc("POST /sts/STSService/"+sso.Domain, f.serveTokens)
		mux.HandleFunc("POST /pbm", f.servePolicies)
	}
	mux.HandleFunc("GET /sdk/vimServiceVersions.xml", f.serveVersions)
	for _, prefix := range []string{"/rest/", "/api/"} {
		next, pattern := mux.Handler(&http.Request{Method: http.MethodGet, URL: &url.URL{Path: prefix}})
		if pattern == "" {
			continue // an ESXi host has no REST
		}
		if prefix == "/rest/" {
			f.rest = next
		}
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
			mux.HandleFunc(method+" "+prefix, func(w http.ResponseWriter, r *http.Request) { f.serveREST(w, r, next) })
		}
	}
	for _, method := range []string{"GET", "POST", "PUT"} {
		mux.HandleFunc(method+" /folder/", f.serveFolder)
		mux.HandleFunc(method+" /nfc/", func(w http.ResponseWriter, r *http.Request) { f.serveFile(w, r, "/nfc/", corrected.ServeNFC) })
	}
	mux.HandleFunc("GET /_test/requests", f.requests.get)
	mux.HandleFunc("DELETE /_test/requests", f.requests.delete)
	mux.HandleFunc("GET /_test/executed", f.requests.getExecuted)
	mux.HandleFunc("GET /_test/rules", rules.get)
	mux.HandleFunc("POST /_test/rules", rules.post)
	mux.HandleFunc("DELETE /_test/rules", rules.delete)
	return f
}

// serveREST serves a request to a REST path.
func (f *Front) serveREST(w http.ResponseWriter, r *http.Request, next http.Handler) {
	body, ok := readBody(w, r)
	if !ok {
		return
	}
	name := restName(r)
	f.requests.add("rest", name)
	rule := f.Rules.request(name, func() string { return r.URL.String() + "\n" + string(body) })
	act(w, r, rule, body, func(w http.ResponseWriter, r *http.Request) {
		if rule != nil && rule.refuses() {
			rule.refuseREST(w)
			return
		}
		if f.refusesToken(r, body) {
			f.requests.add("failed", name)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		f.requests.execute(name, body)
		tags := tagging{f.service.Context.Map, next}
		if tags.serve(w, r, body) {
			return
		}
		reply := &watchedReply{ResponseWriter: w}
		next.ServeHTTP(reply, r)
		if reply.status == http.StatusUnauthorized {
			f.requests.add("failed", name)
		}
	})
}

// restName is what counters and rules call a REST request: its method, path and action,
// with the identifiers in the path left out.
func restName(r *http.Request) string {
	parts := strings.Split(r.URL.Path, "/")
	for i, part := range parts {
		if strings.HasPrefix(part, "id:") || strings.HasPrefix(part, "urn:") {
			parts[i] = "id:"
		}
	}
	name := r.Method + " " + strings.Join(parts, "/")
	for _, key := range []string{"~action", "action"} {
		if action := r.URL.Query().Get(key); action != "" {
			return name + "?" + key + "=" + action
		}
	}
	return name
}

// readBody reads all of a request. It is false if the client is gone or sends too much.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return nil, false
	}
	return body, true
}

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
