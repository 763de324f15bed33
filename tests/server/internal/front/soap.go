package front

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"log"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/vmware/govmomi/vim25/types"

	"perilune/tests/server/internal/schema"
	"perilune/tests/server/internal/sim"
)

const soapNamespace = "http://schemas.xmlsoap.org/soap/envelope/"

// servePolicies serves a request to the storage policy service, of which there is no XML Schema.
func (f *Front) servePolicies(w http.ResponseWriter, r *http.Request) { f.serve(w, r, nil) }

// serveSOAP serves a request to /sdk.
func (f *Front) serveSOAP(w http.ResponseWriter, r *http.Request) { f.serve(w, r, f.validator) }

func (f *Front) serve(w http.ResponseWriter, r *http.Request, validator *schema.Validator) {
	body, ok := readBody(w, r)
	if !ok {
		return
	}
	method := methodName(body)
	f.requests.add("soap", method)
	if validator != nil {
		if err := validator.Check(body); err != nil {
			f.requests.add("refused", method)
			log.Printf("refused %s: %v", method, err)
			writeFault(w, serverFault, err.Error(), &types.InvalidRequest{})
			return
		}
	}
	rule := f.Rules.request(method, func() string { return string(body) })
	act(w, r, rule, body, func(w http.ResponseWriter, r *http.Request) {
		if rule == nil || !rule.refuses() {
			f.requests.execute(method, body)
		}
		f.serveLogin(w, r, method, rule, body)
	})
}

// execute lets the simulator do the call. It recovers what panics there: a real server
// answers with SystemError, and goes on.
func (f *Front) execute(w http.ResponseWriter, r *http.Request, method string, rule *Rule) {
	if rule != nil && rule.refuses() {
		rule.refuseSOAP(w)
		return
	}
	if rule != nil && rule.Action.Reply != "" {
		writeReply(w, rule.Action.Reply)
		return
	}
	defer func() {
		if reason := recover(); reason != nil {
			log.Printf("panic in %s: %v\n%s", method, reason, debug.Stack())
			fault := sim.SystemError(fmt.Sprint(reason))
			writeFault(w, serverFault, sim.Message(fault), fault)
		}
	}()
	reply := &watchedReply{ResponseWriter: w}
	f.service.ServeSDK(reply, r)
	if reply.status == http.StatusInternalServerError && strings.HasPrefix(method, "Login") {
		f.requests.add("failed", method)
	}
}

// writeReply answers with what is given, in an envelope.
func writeReply(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	_, _ = fmt.Fprintf(w, `%s<e:Envelope xmlns:e="%s" xmlns:xsi="%s" xmlns:xsd="%s"><e:Body>%s</e:Body></e:Envelope>`, // the client may be gone
		xml.Header, soapNamespace, "http://www.w3.org/2001/XMLSchema-instance", "http://www.w3.org/2001/XMLSchema", body)
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

// versions are those of the API, newest first.
var versions = []string{
	"9.1.0.0", "9.0.0.0", "8.0.3.1", "8.0.3.0", "8.0.2.0", "8.0.1.0", "8.0.0.2", "8.0.0.1", "8.0.0.0",
	"7.0.3.2", "7.0.3.1", "7.0.3.0", "7.0.2.1", "7.0.2.0", "7.0.1.1", "7.0.1.0", "7.0.0.2", "7.0.0.0",
	"6.9.1", "6.8.7", "6.7.3", "6.7.2", "6.7.1", "6.7", "6.5", "6.0", "5.5", "5.1", "5.0", "4.1", "4.0", "2.5u2server", "2.5u2", "2.5", "2.0",
}

// supported returns the versions that this server supports, newest first.
func (f *Front) supported() []string {
	own := sim.About(f.service).ApiVersion
	if i := slices.Index(versions, own); i >= 0 {
		return versions[i:]
	}
	return append([]string{own}, versions...)
}

// serveVersions serves the list of API versions.
func (f *Front) serveVersions(w http.ResponseWriter, _ *http.Request) {
	list := f.supported()
	var b strings.Builder
	fmt.Fprintf(&b, "%s<namespaces version=\"1.0\">\n <namespace>\n  <name>urn:vim25</name>\n  <version>%s</version>\n  <priorVersions>\n", xml.Header, list[0])
	for _, version := range list[1:] {
		fmt.Fprintf(&b, "   <version>%s</version>\n", version)
	}
	b.WriteString("  </priorVersions>\n </namespace>\n</namespaces>\n")
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	_, _ = w.Write([]byte(b.String())) // the client may be gone
}
