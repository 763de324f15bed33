package sso

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/beevik/etree"
)

// ServeHTTP answers requests for tokens.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	action := strings.Trim(r.Header.Get("SOAPAction"), `"`)
	answer, err := s.answer(path.Base(action), data)
	status := http.StatusOK
	if err != nil {
		log.Printf("token service: %v", err)
		status, answer = http.StatusInternalServerError, faultOf(err)
	}
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?><S:Envelope xmlns:S="%s"><S:Body>%s</S:Body></S:Envelope>`,
		nsSOAP, answer)
}

func faultOf(err error) string {
	p := &problem{"RequestFailed", err.Error()}
	errors.As(err, &p)
	var escaped strings.Builder
	_ = xml.EscapeText(&escaped, []byte(p.text))
	return fmt.Sprintf(`<S:Fault><faultcode xmlns:ns0="%s">ns0:%s</faultcode><faultstring>%s</faultstring></S:Fault>`,
		nsWSSE, p.code, escaped.String())
}

func (s *Service) answer(action string, data []byte) (string, error) {
	m, err := readMessage(data)
	if err != nil {
		return "", err
	}
	request := child(m.body, nsTrust, "RequestSecurityToken")
	if action != "Issue" || text(child(request, nsTrust, "RequestType")) != nsTrust+"/Issue" {
		return "", refuse("InvalidRequest", "only tokens for requests to issue one")
	}
	g, err := s.decide(m, request)
	if err != nil {
		return "", err
	}
	assertion, err := s.issue(g)
	if err != nil {
		return "", err
	}
	written, err := write(assertion)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf(`<wst:RequestSecurityTokenResponseCollection xmlns:wst="%s" xmlns:wsu="%s">`+
		`<wst:RequestSecurityTokenResponse><wst:TokenType>%s</wst:TokenType>`+
		`<wst:RequestedSecurityToken>%s</wst:RequestedSecurityToken>`+
		`<wst:Lifetime><wsu:Created>%s</wsu:Created><wsu:Expires>%s</wsu:Expires></wst:Lifetime>`+
		`</wst:RequestSecurityTokenResponse></wst:RequestSecurityTokenResponseCollection>`,
		nsTrust, nsWSU, nsSAML, written, g.begin.UTC().Format(moment), g.end.UTC().Format(moment)), nil
}

// decide finds out who asks, and what they get.
func (s *Service) decide(m *message, request *etree.Element) (*grant, error) {
	g := &grant{begin: time.Now()}
	user, err := s.userOf(m)
	if err != nil {
		return nil, err
	}
	g.user = user
	lifetime := child(request, nsTrust, "Lifetime")
	created, err := time.Parse(time.RFC3339, text(child(lifetime, nsWSU, "Created")))
	if err != nil {
		return nil, refuse("InvalidTimeRange", "no lifetime is wished for")
	}
	expires, err := time.Parse(time.RFC3339, text(child(lifetime, nsWSU, "Expires")))
	if err != nil || !expires.After(created) {
		return nil, refuse("InvalidTimeRange", "no lifetime is wished for")
	}
	g.end = g.begin.Add(expires.Sub(created))
	switch path.Base(text(child(request, nsTrust, "KeyType"))) {
	case "Bearer":
		if longest := g.begin.Add(s.Bearer); g.end.After(longest) {
			g.end = longest
		}
	case "PublicKey":
		use := child(request, nsTrust, "UseKey")
		if m.signedBy == nil || use == nil || use.SelectAttrValue("Sig", "") != m.sigID {
			return nil, refuse("InvalidRequest", "UseKey does not name the signature of the request")
		}
		g.holder = m.signedBy
	default:
		return nil, refuse("InvalidRequest", "unknown KeyType")
	}
	return g, nil
}

func (s *Service) userOf(m *message) (string, error) {
	if m.user != "" {
		if !s.Authenticate(m.user, m.password) {
			return "", refuse("FailedAuthentication", "Invalid credentials")
		}
		if strings.ContainsAny(m.user, `@\`) {
			return m.user, nil
		}
		return m.user + "@" + Domain, nil
	}
	if m.signedBy == nil || !s.isSolution(m.signedBy) {
		return "", refuse("FailedAuthentication", "Invalid credentials")
	}
	return m.signedBy.Subject.CommonName + "@" + Domain, nil
}
