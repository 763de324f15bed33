package front

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
)

// counters counts requests by kind ("soap", "rest", "failed") and name.
type counters struct {
	mu   sync.Mutex
	byID map[string]map[string]int
}

func (c *counters) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.byID = map[string]map[string]int{"soap": {}, "rest": {}, "failed": {}}
}

func (c *counters) add(kind, name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.byID[kind][name]++
}

// get answers with the counters as JSON, with the number of all requests as "total".
func (c *counters) get(w http.ResponseWriter, _ *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	total := 0
	for _, kind := range []string{"soap", "rest"} {
		for _, n := range c.byID[kind] {
			total += n
		}
	}
	answer := map[string]any{"total": total}
	for kind, names := range c.byID {
		answer[kind] = names
	}
	writeJSON(w, answer)
}

func (c *counters) delete(w http.ResponseWriter, _ *http.Request) {
	c.reset()
	w.WriteHeader(http.StatusNoContent)
}

func writeJSON(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(value) // the client may be gone
}

// withoutIDs replaces the parts of a REST path that name an object: id:….
func withoutIDs(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if strings.HasPrefix(part, "id:") {
			parts[i] = "id:"
		}
	}
	return strings.Join(parts, "/")
}

func mustParse(path string) *url.URL { return &url.URL{Path: path} }
