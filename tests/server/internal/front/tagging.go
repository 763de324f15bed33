package front

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

const (
	taggingPath     = "/rest/com/vmware/cis/tagging/"
	associationPath = taggingPath + "tag-association"
)

// tagging checks requests about tags as the reference says, before the simulator, which checks
// none of this, does them.
type tagging struct {
	registry *simulator.Registry
	next     http.Handler
}

// object is a managed object as REST names it.
type object struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

// association is what the bodies of requests about attached tags have.
type association struct {
	Object  object   `json:"object_id"`
	Objects []object `json:"object_ids"`
	Tags    []string `json:"tag_ids"`
}

// problem is an error of the REST API.
type problem struct {
	status  int
	kind    string // of com.vmware.vapi.std.errors
	message string
}

// serve answers a request that is to be refused, or that the simulator does wrong. It is false
// for all others, which are the simulator's.
func (t *tagging) serve(w http.ResponseWriter, r *http.Request, body []byte) bool {
	if r.Method != http.MethodPost || !strings.HasPrefix(r.URL.Path, taggingPath) {
		return false
	}
	var in association
	action := r.URL.Query().Get("~action")
	tag, ofTag := strings.CutPrefix(r.URL.Path, associationPath+"/id:")
	switch {
	case r.URL.Path == taggingPath+"tag" && action == "":
		return t.serveCreate(w, r, body)
	case !ofTag && r.URL.Path != associationPath:
		return false
	case !slices.Contains(actions[ofTag], action):
		problem{http.StatusNotFound, "not_found", "there is no action " + action}.write(w)
		return true
	case json.Unmarshal(body, &in) != nil:
		return false
	}
	switch action {
	case "attach":
		return t.refused(w, r, tag, in.Object)
	case "attach-tag-to-multiple-objects":
		return t.refused(w, r, tag, in.Objects...)
	case "attach-multiple-tags-to-object":
		return t.serveAttach(w, r, in)
	case "detach-multiple-tags-from-object":
		return t.serveDetach(w, r, in)
	}
	return false
}

// actions are those of an association, by whether the path names a tag.
var actions = map[bool][]string{
	true: {"attach", "detach", "list-attached-objects", "attach-tag-to-multiple-objects", "detach-tag-from-multiple-objects"},
	false: {"list-attached-tags", "list-attached-tags-on-objects", "list-attached-objects-on-tags",
		"attach-multiple-tags-to-object", "detach-multiple-tags-from-object", "list-attachable-tags"},
}

// serveCreate refuses a tag of a category that does not exist.
func (t *tagging) serveCreate(w http.ResponseWriter, r *http.Request, body []byte) bool {
	var in struct {
		Spec struct {
			Category string `json:"category_id"`
		} `json:"create_spec"`
	}
	if json.Unmarshal(body, &in) != nil || !t.authorized(r) {
		return false
	}
	if status := t.ask(r, http.MethodGet, taggingPath+"category/id:"+in.Spec.Category, nil, nil); status != http.StatusOK {
		problem{http.StatusNotFound, "not_found", "there is no category " + in.Spec.Category}.write(w)
		return true
	}
	return false
}

func (t *tagging) refused(w http.ResponseWriter, r *http.Request, tag string, objects ...object) bool {
	if !t.authorized(r) {
		return false
	}
	for _, o := range objects {
		if p := t.check(r, tag, o); p != nil {
			p.write(w)
			return true
		}
	}
	return false
}

// serveAttach attaches several tags to an object. What fails is told in the reply.
func (t *tagging) serveAttach(w http.ResponseWriter, r *http.Request, in association) bool {
	return t.serveBatch(w, r, in, "attach", func(tag string) *problem { return t.check(r, tag, in.Object) })
}

// serveDetach detaches several tags from an object: the simulator still lists the object as
// one of a tag's after that.
func (t *tagging) serveDetach(w http.ResponseWriter, r *http.Request, in association) bool {
	return t.serveBatch(w, r, in, "detach", func(string) *problem { return nil })
}

func (t *tagging) serveBatch(w http.ResponseWriter, r *http.Request, in association, action string, check func(string) *problem) bool {
	if !t.authorized(r) {
		return false
	}
	errors := []any{}
	for _, tag := range in.Tags {
		p := check(tag)
		if p == nil {
			body, _ := json.Marshal(map[string]any{"object_id": in.Object}) // strings cannot fail
			if status := t.ask(r, http.MethodPost, associationPath+"/id:"+tag+"?~action="+action, body, nil); status != http.StatusOK {
				p = &problem{status, "not_found", "there is no tag " + tag}
			}
		}
		if p != nil {
			errors = append(errors, map[string]any{"id": "cis.tagging." + p.kind, "default_message": p.message, "args": []string{tag}})
		}
	}
	writeJSON(w, map[string]any{"value": map[string]any{"success": len(errors) == 0, "error_messages": errors}})
	return true
}

// check returns why a tag cannot be attached to an object, nil if it can.
func (t *tagging) check(r *http.Request, tag string, o object) *problem {
	var info struct {
		Value struct {
			Category string `json:"category_id"`
		} `json:"value"`
	}
	var category struct {
		Value struct {
			Name        string   `json:"name"`
			Cardinality string   `json:"cardinality"`
			Types       []string `json:"associable_types"`
		} `json:"value"`
	}
	if t.ask(r, http.MethodGet, taggingPath+"tag/id:"+tag, nil, &info) != http.StatusOK {
		return &problem{http.StatusNotFound, "not_found", "there is no tag " + tag}
	}
	if t.registry.Get(types.ManagedObjectReference{Type: o.Type, Value: o.ID}) == nil {
		return &problem{http.StatusForbidden, "unauthorized", fmt.Sprintf("there is no object %s:%s", o.Type, o.ID)}
	}
	t.ask(r, http.MethodGet, taggingPath+"category/id:"+info.Value.Category, nil, &category)
	allowed := func(kind string) bool { return kind == o.Type || strings.HasSuffix(kind, ":"+o.Type) }
	if len(category.Value.Types) > 0 && !slices.ContainsFunc(category.Value.Types, allowed) {
		return &problem{http.StatusBadRequest, "invalid_argument", fmt.Sprintf("tags of %s are not for objects of type %s", category.Value.Name, o.Type)}
	}
	if category.Value.Cardinality == "SINGLE" && t.hasOther(r, tag, info.Value.Category, o) {
		return &problem{http.StatusBadRequest, "invalid_argument", fmt.Sprintf("the object has another tag of %s already", category.Value.Name)}
	}
	return nil
}

// hasOther says whether an object has another tag of a category.
func (t *tagging) hasOther(r *http.Request, tag, category string, o object) bool {
	var attached, all struct {
		Value []string `json:"value"`
	}
	body, _ := json.Marshal(map[string]any{"object_id": o}) // strings cannot fail
	t.ask(r, http.MethodPost, associationPath+"?~action=list-attached-tags", body, &attached)
	t.ask(r, http.MethodPost, taggingPath+"tag/id:"+category+"?~action=list-tags-for-category", nil, &all)
	return slices.ContainsFunc(attached.Value, func(have string) bool {
		return have != tag && slices.Contains(all.Value, have)
	})
}

func (t *tagging) authorized(r *http.Request) bool {
	return t.ask(r, http.MethodGet, taggingPath+"category", nil, nil) == http.StatusOK
}

// ask sends a request of our own to the simulator, in the session of r, and decodes the answer.
func (t *tagging) ask(r *http.Request, method, target string, body []byte, answer any) int {
	u, err := url.Parse(target)
	if err != nil {
		return http.StatusBadRequest
	}
	own := r.Clone(context.WithoutCancel(r.Context()))
	own.Method, own.URL, own.Body = method, u, http.NoBody
	if body != nil {
		own.Body = io.NopCloser(bytes.NewReader(body))
	}
	reply := &heldReply{header: http.Header{}, status: http.StatusOK}
	t.next.ServeHTTP(reply, own)
	if answer != nil && reply.status == http.StatusOK {
		_ = json.Unmarshal(reply.body.Bytes(), answer) // what is missing stays empty
	}
	return reply.status
}

func (p problem) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(p.status)
	message := map[string]any{"id": "cis.tagging." + p.kind, "default_message": p.message, "args": []string{}}
	_ = json.NewEncoder(w).Encode(map[string]any{ // the client may be gone
		"type":  "com.vmware.vapi.std.errors." + p.kind,
		"value": map[string]any{"messages": []any{message}},
	})
}
