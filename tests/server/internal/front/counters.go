package front

import (
	"encoding/json"
	"net/http"
	"regexp"
	"sync"
)

// counters counts requests by name: those to SOAP and to REST; of these, refused because
// they are not what the API allows; and failed logins.
type counters struct {
	mu       sync.Mutex
	kind     map[string]map[string]int
	executed map[string]map[string]int // by method, then by the name in the request
}

func (c *counters) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kind = map[string]map[string]int{"soap": {}, "rest": {}, "refused": {}, "failed": {}}
	c.executed = map[string]map[string]int{}
}

// nameIn finds the name of what a request makes, in XML and in JSON.
var nameIn = regexp.MustCompile(`<name>([^<]*)</name>|"name" *: *"([^"]*)"`)

// execute counts a request that is about to be carried out, if it names what it makes.
func (c *counters) execute(method string, body []byte) {
	found := nameIn.FindSubmatch(body)
	if found == nil {
		return
	}
	name := string(found[1]) + string(found[2])
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.executed[method] == nil {
		c.executed[method] = map[string]int{}
	}
	c.executed[method][name]++
}

func (c *counters) getExecuted(w http.ResponseWriter, _ *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	writeJSON(w, c.executed)
}

func (c *counters) add(kind, name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kind[kind][name]++
}

// get answers with the counters as JSON, with the number of all requests as "total".
func (c *counters) get(w http.ResponseWriter, _ *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	total := 0
	for _, kind := range []string{"soap", "rest"} {
		for _, n := range c.kind[kind] {
			total += n
		}
	}
	answer := map[string]any{"total": total}
	for kind, names := range c.kind {
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
