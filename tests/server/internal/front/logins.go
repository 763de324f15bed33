package front

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"encoding/xml"
	"log"
	"net/http"
	"strings"
	"sync"

	"github.com/vmware/govmomi/vim25/types"

	"perilune/tests/server/internal/sim"
)

// extensions are the certificates that extensions were registered with.
type extensions struct {
	lock  sync.Mutex
	certs map[string][sha256.Size]byte
}

// certificateCall is a call that is about the certificate of an extension.
type certificateCall struct {
	Key string `xml:"extensionKey"`
	PEM string `xml:"certificatePem"`
}

// callIn decodes the first element of a SOAP body.
func callIn(envelope []byte) (certificateCall, error) {
	var e struct {
		Body struct {
			Set   *certificateCall `xml:"SetExtensionCertificate"`
			Login *certificateCall `xml:"LoginExtensionByCertificate"`
		} `xml:"Body"`
	}
	err := xml.Unmarshal(envelope, &e)
	for _, call := range []*certificateCall{e.Body.Set, e.Body.Login} {
		if call != nil {
			return *call, err
		}
	}
	return certificateCall{}, err
}

// register remembers the certificate of an extension, after the simulator has found that there is one.
func (e *extensions) register(envelope []byte) {
	call, err := callIn(envelope)
	block, _ := pem.Decode([]byte(call.PEM))
	if err != nil || block == nil {
		return
	}
	e.lock.Lock()
	defer e.lock.Unlock()
	if e.certs == nil {
		e.certs = map[string][sha256.Size]byte{}
	}
	e.certs[call.Key] = sha256.Sum256(block.Bytes)
}

func (e *extensions) is(key string, cert *x509.Certificate) bool {
	e.lock.Lock()
	defer e.lock.Unlock()
	known, found := e.certs[key]
	return found && known == sha256.Sum256(cert.Raw)
}

// refuseLogin judges what the simulator believes unseen: tokens and certificates. It returns the
// fault of a login that is not to be, and whether there is one.
func (f *Front) refuseLogin(r *http.Request, method string, body []byte) types.BaseMethodFault {
	switch method {
	case "LoginByToken":
		if err := f.SSO.CheckLogin(body); err != nil {
			log.Printf("refused token: %v", err)
			return &types.InvalidLogin{}
		}
	case "LoginExtensionByCertificate":
		if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 || !isTunnel(r) {
			return &types.NoClientCertificate{}
		}
		if call, err := callIn(body); err != nil || !f.extensions.is(call.Key, r.TLS.PeerCertificates[0]) {
			return &types.InvalidLogin{}
		}
	}
	return nil
}

// serveLogin is execute for calls that may be a login, or change who can log in.
func (f *Front) serveLogin(w http.ResponseWriter, r *http.Request, method string, rule *Rule, body []byte) {
	if fault := f.refuseLogin(r, method, body); fault != nil {
		f.requests.add("failed", method)
		writeFault(w, serverFault, sim.Message(fault), fault)
		return
	}
	f.execute(w, r, method, rule)
	if method == "SetExtensionCertificate" {
		f.extensions.register(body)
	}
}

// refusesToken judges the token of a REST login. It is false if there is nothing against it.
func (f *Front) refusesToken(r *http.Request, body []byte) bool {
	if !strings.HasPrefix(r.Header.Get("Authorization"), "SIGN ") {
		return false
	}
	err := f.SSO.CheckREST(r, body)
	if err != nil {
		log.Printf("refused token: %v", err)
	}
	return err != nil
}

// serveTokens serves requests to the token service.
func (f *Front) serveTokens(w http.ResponseWriter, r *http.Request) {
	body, ok := readBody(w, r)
	if !ok {
		return
	}
	method := methodName(body)
	f.requests.add("soap", method)
	rule := f.Rules.request(method, func() string { return string(body) })
	act(w, r, rule, body, func(w http.ResponseWriter, r *http.Request) {
		reply := &watchedReply{ResponseWriter: w}
		f.SSO.ServeHTTP(reply, r)
		if reply.status == http.StatusInternalServerError {
			f.requests.add("failed", method)
		}
	})
}
