package sso

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/russellhaering/goxmldsig/etreeutils"
)

const (
	nsSOAP  = "http://schemas.xmlsoap.org/soap/envelope/"
	nsWSU   = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
	nsWSSE  = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
	nsDSIG  = "http://www.w3.org/2000/09/xmldsig#"
	nsSAML  = "urn:oasis:names:tc:SAML:2.0:assertion"
	nsTrust = "http://docs.oasis-open.org/ws-sx/ws-trust/200512"

	excC14N   = "http://www.w3.org/2001/10/xml-exc-c14n#"
	rsaSHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
	digSHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
)

// problem is a refusal with the code of a SOAP fault.
type problem struct{ code, text string }

func (p *problem) Error() string { return p.text }

func refuse(code, format string, values ...any) error {
	return &problem{code, fmt.Sprintf(format, values...)}
}

// message is a SOAP request whose security header is whole, fresh and, if it is signed, signed rightly.
type message struct {
	body     *etree.Element
	user     string // of a UsernameToken, "" if there is none
	password string
	token    *etree.Element    // an assertion in the header, or nil
	signedBy *x509.Certificate // whose key signed, by the certificate that the message carries; or nil
	signed   func(key *rsa.PublicKey) error
	named    string // the identifier of the token that is said to name the key that signed
	sigID    string
}

// child returns the only child of that name; nil if there is none or more.
func child(parent *etree.Element, namespace, tag string) *etree.Element {
	var found *etree.Element
	if parent == nil {
		return nil
	}
	for _, one := range parent.ChildElements() {
		if one.Tag == tag && one.NamespaceURI() == namespace {
			if found != nil {
				return nil
			}
			found = one
		}
	}
	return found
}

func text(el *etree.Element) string {
	if el == nil {
		return ""
	}
	return strings.TrimSpace(el.Text())
}

// readMessage reads a request and verifies all of its header that it can without a token's key.
func readMessage(data []byte) (*message, error) {
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(data); err != nil {
		return nil, refuse("InvalidSecurity", "%v", err)
	}
	root := doc.Root()
	security := child(child(root, nsSOAP, "Header"), nsWSSE, "Security")
	m := &message{body: child(root, nsSOAP, "Body")}
	if security == nil || m.body == nil {
		return nil, refuse("InvalidSecurity", "An error was discovered processing the <wsse:Security> header")
	}
	stamp := child(security, nsWSU, "Timestamp")
	if err := checkTime(stamp); err != nil {
		return nil, err
	}
	if token := child(security, nsWSSE, "UsernameToken"); token != nil {
		m.user, m.password = text(child(token, nsWSSE, "Username")), text(child(token, nsWSSE, "Password"))
	}
	m.token = child(security, nsSAML, "Assertion")
	return m, m.readSignature(security, stamp)
}

// checkTime checks that a message is neither old nor of the future.
func checkTime(stamp *etree.Element) error {
	created, err := time.Parse(time.RFC3339, text(child(stamp, nsWSU, "Created")))
	if err != nil {
		return refuse("InvalidSecurity", "the message has no time of creation")
	}
	expires, err := time.Parse(time.RFC3339, text(child(stamp, nsWSU, "Expires")))
	if err != nil || !expires.After(created) {
		return refuse("InvalidSecurity", "the message has no time of expiry")
	}
	return within("request", created, expires)
}

func within(what string, begin, end time.Time) error {
	now := time.Now()
	if now.Before(begin.Add(-tolerance)) || now.After(end.Add(tolerance)) {
		return refuse("InvalidTimeRange",
			"The time now %s does not fall in the %s lifetime interval extended with clock tolerance of %d ms: [ %s; %s).",
			now.UTC().Format(time.UnixDate), what, tolerance.Milliseconds(), begin.UTC().Format(time.UnixDate),
			end.UTC().Format(time.UnixDate))
	}
	return nil
}

// canonical is the exclusive canonical form of an element, wherever it stands.
func canonical(el *etree.Element) ([]byte, error) {
	context, err := etreeutils.NSBuildParentContext(el)
	if err != nil {
		return nil, err
	}
	alone, err := etreeutils.NSDetatch(context, el)
	if err != nil {
		return nil, err
	}
	return dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("").Canonicalize(alone)
}

// readSignature checks the digests of a signature, which must be those of time and body, and finds out
// whose it is said to be.
func (m *message) readSignature(security, stamp *etree.Element) error {
	signature := child(security, nsDSIG, "Signature")
	if signature == nil {
		return nil
	}
	m.sigID = signature.SelectAttrValue("Id", "")
	info := child(signature, nsDSIG, "SignedInfo")
	if err := checkDigests(info, stamp, m.body); err != nil {
		return refuse("FailedCheck", "The signature or decryption was invalid: %v", err)
	}
	form, err := canonical(info)
	if err != nil {
		return refuse("FailedCheck", "%v", err)
	}
	value, err := base64.StdEncoding.DecodeString(text(child(signature, nsDSIG, "SignatureValue")))
	if err != nil {
		return refuse("FailedCheck", "%v", err)
	}
	m.signed = func(key *rsa.PublicKey) error {
		sum := sha256.Sum256(form)
		if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], value); err != nil {
			return refuse("FailedCheck", "The signature or decryption was invalid")
		}
		return nil
	}
	return m.findKey(security, child(child(signature, nsDSIG, "KeyInfo"), nsWSSE, "SecurityTokenReference"))
}

// findKey follows the reference to the key: a certificate in the message, which it checks, or a token.
func (m *message) findKey(security, reference *etree.Element) error {
	if named := child(reference, nsWSSE, "KeyIdentifier"); named != nil {
		m.named = text(named)
		return nil
	}
	carried := child(security, nsWSSE, "BinarySecurityToken")
	uri := child(reference, nsWSSE, "Reference").SelectAttrValue("URI", "")
	if carried == nil || uri != "#"+idOf(carried) {
		return refuse("SecurityTokenUnavailable", "Referenced security token could not be retrieved")
	}
	der, err := base64.StdEncoding.DecodeString(text(carried))
	if err != nil {
		return refuse("InvalidSecurityToken", "%v", err)
	}
	if m.signedBy, err = x509.ParseCertificate(der); err != nil {
		return refuse("InvalidSecurityToken", "%v", err)
	}
	key, err := rsaKey(m.signedBy)
	if err != nil {
		return err
	}
	return m.signed(key)
}

func rsaKey(cert *x509.Certificate) (*rsa.PublicKey, error) {
	key, ok := cert.PublicKey.(*rsa.PublicKey)
	if !ok {
		return nil, refuse("InvalidSecurityToken", "the certificate has no RSA key")
	}
	return key, nil
}

func idOf(el *etree.Element) string {
	for _, attr := range el.Attr {
		if attr.Key == "Id" && attr.NamespaceURI() == nsWSU {
			return attr.Value
		}
	}
	return ""
}

func algorithm(el *etree.Element) string {
	if el == nil {
		return ""
	}
	return el.SelectAttrValue("Algorithm", "")
}

// checkDigests checks that a signature is over exactly these elements, as they are.
func checkDigests(info *etree.Element, elements ...*etree.Element) error {
	if algorithm(child(info, nsDSIG, "CanonicalizationMethod")) != excC14N ||
		algorithm(child(info, nsDSIG, "SignatureMethod")) != rsaSHA256 {
		return errors.New("unknown algorithm")
	}
	digests := map[string]string{}
	for _, reference := range info.SelectElements("Reference") {
		transforms := child(reference, nsDSIG, "Transforms")
		if algorithm(child(transforms, nsDSIG, "Transform")) != excC14N ||
			algorithm(child(reference, nsDSIG, "DigestMethod")) != digSHA256 {
			return errors.New("unknown algorithm of a reference")
		}
		digests[reference.SelectAttrValue("URI", "")] = text(child(reference, nsDSIG, "DigestValue"))
	}
	for _, el := range elements {
		form, err := canonical(el)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(form)
		wanted := base64.StdEncoding.EncodeToString(sum[:])
		if subtle.ConstantTimeCompare([]byte(wanted), []byte(digests["#"+idOf(el)])) != 1 {
			return fmt.Errorf("the digest of %s is not that of the signature", el.Tag)
		}
	}
	return nil
}
