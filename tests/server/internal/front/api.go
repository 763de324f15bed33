package front

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
)

const (
	apiPath  = "/api/"
	restPath = "/rest/com/vmware/"
)

// serveAPI serves sessions, tags and content libraries in the form of vCenter 7 and later, by translating requests to
// the form that the simulator has and its answers back.
func (f *Front) serveAPI(w http.ResponseWriter, r *http.Request, rest http.Handler) {
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
		inner, innerBody := translated(r, body)
		reply := &heldReply{header: http.Header{}, status: http.StatusOK}
		tags := tagging{f.service.Context.Map, rest}
		if !tags.serve(reply, inner, innerBody) {
			rest.ServeHTTP(reply, inner)
		}
		writeBare(w, r, reply)
	})
}

// services are those whose names are more than the first three parts of a path, longest first.
var services = []string{"content/library/item/download-session", "content/library/item", "content/library"}

// split tells the name of a service from what follows it in a path.
func split(path string) (service, rest string) {
	for _, name := range services {
		if rest, ok := strings.CutPrefix(path, name); ok && (rest == "" || rest[0] == '/') {
			return name, strings.TrimPrefix(rest, "/")
		}
	}
	parts := strings.SplitN(path, "/", 4) // cis/tagging/tag/ID
	if len(parts) == 4 {
		rest = parts[3]
	}
	return strings.Join(parts[:min(3, len(parts))], "/"), rest
}

// filePath returns the older path of the files of an item, or of a download session, and its query.
func filePath(service, id string, action *string, body *[]byte, query url.Values) (string, url.Values) {
	if service == "content/library/item" {
		return restPath + "content/library/item/file", url.Values{"library_item_id": {id}}
	}
	if name := query.Get("file_name"); name != "" {
		*action = "get"
		*body, _ = json.Marshal(map[string]string{"file_name": name}) // strings cannot fail
	}
	return restPath + "content/library/item/downloadsession/file/id:" + id, nil
}

// translated returns a request in the older form, with its body.
func translated(r *http.Request, body []byte) (*http.Request, []byte) {
	service, id := split(strings.TrimPrefix(r.URL.Path, apiPath))
	query := r.URL.Query()
	action := query.Get("action")
	query.Del("action")
	path := restPath + service
	switch {
	case service == "session":
		path = restPath + "cis/session"
		if r.Method == http.MethodGet {
			action = "get"
		}
	case action == "list-tags-for-category":
		var in struct {
			Category string `json:"category_id"`
		}
		_ = json.Unmarshal(body, &in) // what is missing is not found
		path, body = path+"/id:"+in.Category, nil
	case strings.HasSuffix(id, "/file"):
		path, query = filePath(service, strings.TrimSuffix(id, "/file"), &action, &body, query)
	case id != "":
		path += "/id:" + id
	}
	if wrap := map[string]string{http.MethodPost: "create_spec", http.MethodPatch: "update_spec"}[r.Method]; wrap != "" && action == "" && service != "session" {
		body = append(append([]byte(`{"`+wrap+`":`), body...), '}')
	}
	inner := r.Clone(r.Context())
	inner.URL = &url.URL{Path: path, RawQuery: query.Encode()}
	if action != "" {
		inner.URL.RawQuery = "~action=" + action
		inner.Method = http.MethodPost
	}
	inner.Body = io.NopCloser(bytes.NewReader(body))
	return inner, body
}

// writeBare writes a reply of the older form in the newer one.
func writeBare(w http.ResponseWriter, r *http.Request, reply *heldReply) {
	var in struct {
		Type  string          `json:"type"`
		Value json.RawMessage `json:"value"`
	}
	_ = json.Unmarshal(reply.body.Bytes(), &in) // some have no body
	if reply.status >= http.StatusBadRequest {
		writeBareProblem(w, reply.status, in.Type, in.Value)
		return
	}
	if len(in.Value) == 0 || string(in.Value) == "null" {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if r.Method == http.MethodPost && r.URL.Query().Get("action") == "" {
		w.WriteHeader(http.StatusCreated)
	}
	_, _ = w.Write(in.Value) // the client may be gone
}

func writeBareProblem(w http.ResponseWriter, status int, kind string, value json.RawMessage) {
	var in struct {
		Messages []any `json:"messages"`
	}
	_ = json.Unmarshal(value, &in) // there may be none
	if in.Messages == nil {
		in.Messages = []any{}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if kind == "" && status == http.StatusNotFound {
		kind = "not_found" // the simulator says no more than the status
	}
	kind = strings.ToUpper(kind[strings.LastIndex(kind, ".")+1:])
	_ = json.NewEncoder(w).Encode(map[string]any{"error_type": kind, "messages": in.Messages}) // the client may be gone
}
