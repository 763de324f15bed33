package front

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vim25/xml"

	"perilune/tests/server/internal/sim"
)

// Rule says what happens to some of the requests.
type Rule struct {
	Method string `json:"method"` // a SOAP method, or a REST request as the counters name it; * is a wildcard
	Match  string `json:"match"`  // text in the request, "" is in all
	After  int    `json:"after"`  // so many of those pass first
	Times  int    `json:"times"`  // then the rule applies so often, 0: always
	Action Action `json:"action"`

	seen    int
	applied int
}

// Action is what happens; several may go together.
type Action struct {
	Fault     string `json:"fault,omitempty"`     // the call is refused with this type of fault
	TaskFault string `json:"taskFault,omitempty"` // the call's task fails with it, its work undone
	Message   string `json:"message,omitempty"`   // what the fault says
	Status    int    `json:"status,omitempty"`    // the HTTP status of a refused REST request, else 400
	Reply     string `json:"reply,omitempty"`     // the call is not executed but answered with this in the SOAP body
	DelayMS   int    `json:"delayMs,omitempty"`   // the call is served so much later
	TaskMS    int    `json:"taskMs,omitempty"`    // the call's task takes so long, with progress rising
	Cut       string `json:"cut,omitempty"`       // the connection ends "before" or "after" the call is executed, or in the "middle" of the reply
}

// Rules are the rules of a server. The first that applies to a request does.
type Rules struct {
	mu   sync.Mutex
	list []*Rule
}

// Load adds the rules of a JSON file: a list, or one rule.
func (s *Rules) Load(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := s.add(text); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func (s *Rules) add(text []byte) error {
	if t := strings.TrimSpace(string(text)); !strings.HasPrefix(t, "[") {
		text = []byte("[" + t + "]")
	}
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.DisallowUnknownFields()
	var list []*Rule
	if err := decoder.Decode(&list); err != nil {
		return err
	}
	for _, rule := range list {
		if err := rule.check(); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, list...)
	return nil
}

func (r *Rule) check() error {
	if _, err := path.Match(r.Method, ""); err != nil || r.Method == "" {
		return fmt.Errorf("method %q: not a name", r.Method)
	}
	switch r.Action.Cut {
	case "", "before", "after", "middle":
	default:
		return fmt.Errorf("cut %q: not before, after or middle", r.Action.Cut)
	}
	if r.Action == (Action{}) {
		return fmt.Errorf("the rule for %s does nothing", r.Method)
	}
	for _, name := range []string{r.Action.Fault, r.Action.TaskFault} {
		if strings.HasPrefix(r.Method, "GET ") || strings.Contains(r.Method, "/") {
			continue // REST has names of its own
		}
		if _, err := sim.NewFault(name); name != "" && err != nil {
			return err
		}
	}
	return nil
}

// ofTask says whether a rule is about the task that a call makes.
func (r *Rule) ofTask() bool { return r.Action.TaskFault != "" || r.Action.TaskMS > 0 }

// request returns the rule for a request, nil if there is none. text is asked for if need be.
func (s *Rules) request(name string, text func() string) *Rule {
	return s.take(name, text, false)
}

// Plan returns the plan of the task that a call makes, nil if no rule is about it.
func (s *Rules) Plan(method *simulator.Method) *sim.TaskPlan {
	rule := s.take(method.Name, func() string { return encoded(method.Body) }, true)
	if rule == nil {
		return nil
	}
	plan := &sim.TaskPlan{Duration: time.Duration(rule.Action.TaskMS) * time.Millisecond, Message: rule.Action.Message}
	if rule.Action.TaskFault != "" {
		plan.Fault, _ = sim.NewFault(rule.Action.TaskFault) // the name was checked
	}
	return plan
}

// encoded returns a request as XML.
func encoded(request any) string {
	text, err := xml.Marshal(request)
	if err != nil {
		return ""
	}
	return string(text)
}

func (s *Rules) take(name string, text func() string, ofTask bool) *Rule {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, rule := range s.list {
		if rule.ofTask() != ofTask || rule.Times > 0 && rule.applied == rule.Times {
			continue
		}
		if matched, _ := path.Match(rule.Method, name); !matched && rule.Method != name {
			continue
		}
		if rule.Match != "" && !strings.Contains(text(), rule.Match) {
			continue
		}
		if rule.seen++; rule.seen > rule.After {
			rule.applied++
			return rule
		}
	}
	return nil
}

// refuses says whether a rule keeps a request from the simulator.
func (r *Rule) refuses() bool { return r.Action.Fault != "" || r.Action.Status != 0 }

func (r *Rule) refuseSOAP(w http.ResponseWriter) {
	var fault types.BaseMethodFault
	if r.Action.Status != 0 {
		http.Error(w, r.Action.Message, r.Action.Status)
		return
	}
	fault, _ = sim.NewFault(r.Action.Fault) // the name was checked
	message := r.Action.Message
	if message == "" {
		message = sim.Message(fault)
	}
	writeFault(w, serverFault, message, fault)
}

// refuseREST replies as the REST of the kind /rest does.
func (r *Rule) refuseREST(w http.ResponseWriter) {
	status := r.Action.Status
	if status == 0 {
		status = http.StatusBadRequest
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	message := map[string]any{"id": "test.rule", "default_message": r.Action.Message, "args": []string{}}
	_ = json.NewEncoder(w).Encode(map[string]any{ // the client may be gone
		"type":  "com.vmware.vapi.std.errors." + r.Action.Fault,
		"value": map[string]any{"messages": []any{message}},
	})
}

func (s *Rules) get(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []any{}
	for _, r := range s.list {
		list = append(list, map[string]any{"rule": r, "seen": r.seen, "applied": r.applied})
	}
	writeJSON(w, list)
}

func (s *Rules) post(w http.ResponseWriter, r *http.Request) {
	text, ok := readBody(w, r)
	if !ok {
		return
	}
	if err := s.add(text); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Rules) delete(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = nil
	w.WriteHeader(http.StatusNoContent)
}
