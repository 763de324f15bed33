// Package faulty is a proxy that damages: requests, answers and connections, by seed.
//
// Each scenario listens on a port of its own. From the moment it is armed, a sequence that
// its seed determines says for each request, and each new connection, what happens to it.
package faulty

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Lab has the scenarios of a process. It serves their control.
type Lab struct {
	backend string
	tls     *tls.Config
	client  *http.Client
	mux     *http.ServeMux

	mu        sync.Mutex
	scenarios map[int]*scenario // by port
}

// NewLab returns a lab for a server, which is its origin.
func NewLab(backend string, config *tls.Config) *Lab {
	transport := &http.Transport{
		TLSClientConfig:     &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // a server under test on loopback
		DisableCompression:  true,
		MaxIdleConnsPerHost: 64,
	}
	l := &Lab{
		backend:   backend,
		tls:       config,
		client:    &http.Client{Transport: transport, Timeout: time.Minute, CheckRedirect: noRedirect},
		mux:       http.NewServeMux(),
		scenarios: map[int]*scenario{},
	}
	l.mux.HandleFunc("POST /scenarios", l.begin)
	l.mux.HandleFunc("POST /scenarios/{port}/{verb}", l.turn)
	l.mux.HandleFunc("DELETE /scenarios/{port}", l.end)
	return l
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// ServeHTTP implements http.Handler.
func (l *Lab) ServeHTTP(w http.ResponseWriter, r *http.Request) { l.mux.ServeHTTP(w, r) }

// List prints the faults.
func List(w io.Writer) {
	for _, f := range faults {
		fmt.Fprintf(w, "%-20s %-8s %s\n", f.name, f.class, f.about)
	}
}

func (l *Lab) begin(w http.ResponseWriter, r *http.Request) {
	seed, err := strconv.ParseInt(r.FormValue("seed"), 10, 64)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s, err := newScenario(l, seed, r.FormValue("fault"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	l.mu.Lock()
	l.scenarios[s.port()] = s
	l.mu.Unlock()
	reply(w, map[string]any{"port": s.port()})
}

func (l *Lab) find(w http.ResponseWriter, r *http.Request) *scenario {
	port, _ := strconv.Atoi(r.PathValue("port"))
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.scenarios[port]
	if s == nil {
		http.Error(w, "no such scenario", http.StatusNotFound)
	}
	return s
}

// turn arms a scenario, or disarms it.
func (l *Lab) turn(w http.ResponseWriter, r *http.Request) {
	if s := l.find(w, r); s != nil {
		s.arm(r.PathValue("verb") == "arm")
		w.WriteHeader(http.StatusNoContent)
	}
}

// end answers, once all that the scenario passed on has been carried out, with what it did.
func (l *Lab) end(w http.ResponseWriter, r *http.Request) {
	s := l.find(w, r)
	if s == nil {
		return
	}
	l.mu.Lock()
	delete(l.scenarios, s.port())
	l.mu.Unlock()
	reply(w, s.close())
}

func reply(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value) // the client may be gone
}
