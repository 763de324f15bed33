package sso

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"strings"
	"time"

	"github.com/beevik/etree"
	"github.com/google/uuid"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/russellhaering/goxmldsig/etreeutils"
)

const (
	methodBearer = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
	methodHolder = "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"
	moment       = "2006-01-02T15:04:05.000Z"
)

// grant is what a token says.
type grant struct {
	user       string
	begin, end time.Time
	holder     *x509.Certificate // whose key the token is bound to; nil: a bearer token
}

// issue makes the assertion of a grant, signed.
func (s *Service) issue(g *grant) (*etree.Element, error) {
	key, cert := s.own()
	root := etree.NewElement("saml2:Assertion")
	root.CreateAttr("xmlns:saml2", nsSAML)
	root.CreateAttr("xmlns:xs", "http://www.w3.org/2001/XMLSchema")
	root.CreateAttr("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance")
	root.CreateAttr("ID", "_"+uuid.NewString())
	root.CreateAttr("IssueInstant", time.Now().UTC().Format(moment))
	root.CreateAttr("Version", "2.0")
	add(root, "saml2:Issuer", "https://vcenter.example/websso/SAML2/Metadata/"+Domain,
		"Format", "urn:oasis:names:tc:SAML:2.0:nameid-format:entity")
	addSubject(root, g)
	conditions := add(root, "saml2:Conditions", "", "NotBefore", g.begin.UTC().Format(moment),
		"NotOnOrAfter", g.end.UTC().Format(moment))
	add(conditions, "saml2:ProxyRestriction", "", "Count", "10")
	statement := add(root, "saml2:AttributeStatement", "")
	attribute := add(statement, "saml2:Attribute", "", "FriendlyName", "Groups",
		"Name", "http://rsa.com/schemas/attr-names/2009/01/GroupIdentity",
		"NameFormat", "urn:oasis:names:tc:SAML:2.0:attrname-format:uri")
	add(attribute, "saml2:AttributeValue", Domain+`\Users & <others>`, "xsi:type", "xs:string")
	context, err := dsig.NewSigningContext(key, [][]byte{cert.Raw})
	if err != nil {
		return nil, err
	}
	context.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	signature, err := context.ConstructSignature(root, true)
	if err != nil {
		return nil, err
	}
	root.InsertChildAt(1, signature)
	return root, nil
}

func add(parent *etree.Element, tag, content string, attributes ...string) *etree.Element {
	el := parent.CreateElement(tag)
	for i := 0; i < len(attributes); i += 2 {
		el.CreateAttr(attributes[i], attributes[i+1])
	}
	if content != "" {
		el.SetText(content)
	}
	return el
}

func addSubject(root *etree.Element, g *grant) {
	subject := add(root, "saml2:Subject", "")
	add(subject, "saml2:NameID", g.user, "Format", "http://schemas.xmlsoap.org/claims/UPN")
	if g.holder == nil {
		confirmation := add(subject, "saml2:SubjectConfirmation", "", "Method", methodBearer)
		add(confirmation, "saml2:SubjectConfirmationData", "", "NotOnOrAfter", g.end.UTC().Format(moment))
		return
	}
	confirmation := add(subject, "saml2:SubjectConfirmation", "", "Method", methodHolder)
	data := add(confirmation, "saml2:SubjectConfirmationData", "", "xsi:type", "saml2:KeyInfoConfirmationDataType")
	info := add(data, "ds:KeyInfo", "", "xmlns:ds", nsDSIG)
	add(add(info, "ds:X509Data", ""), "ds:X509Certificate", base64.StdEncoding.EncodeToString(g.holder.Raw))
}

// check verifies an assertion and returns what it says.
func (s *Service) check(el *etree.Element) (*grant, error) {
	_, cert := s.own()
	context, err := etreeutils.NSBuildParentContext(el)
	if err != nil {
		return nil, err
	}
	alone, err := etreeutils.NSDetatch(context, el)
	if err != nil {
		return nil, err
	}
	store := &dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{cert}}
	verified, err := dsig.NewDefaultValidationContext(store).Validate(alone)
	if err != nil {
		return nil, refuse("InvalidSecurityToken", "the token's signature: %v", err)
	}
	return read(verified)
}

func read(el *etree.Element) (*grant, error) {
	conditions := child(el, nsSAML, "Conditions")
	g := &grant{user: text(child(child(el, nsSAML, "Subject"), nsSAML, "NameID"))}
	var err error
	if g.begin, err = time.Parse(time.RFC3339, conditions.SelectAttrValue("NotBefore", "")); err != nil {
		return nil, err
	}
	if g.end, err = time.Parse(time.RFC3339, conditions.SelectAttrValue("NotOnOrAfter", "")); err != nil {
		return nil, err
	}
	if now := time.Now(); now.Before(g.begin.Add(-tolerance)) || !now.Before(g.end) {
		return nil, refuse("InvalidSecurityToken", "the token is not valid now")
	}
	confirmation := child(child(el, nsSAML, "Subject"), nsSAML, "SubjectConfirmation")
	if confirmation.SelectAttrValue("Method", "") != methodHolder {
		return g, nil
	}
	data := child(confirmation, nsSAML, "SubjectConfirmationData")
	carried := child(child(child(data, nsDSIG, "KeyInfo"), nsDSIG, "X509Data"), nsDSIG, "X509Certificate")
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text(carried)), ""))
	if err != nil {
		return nil, err
	}
	g.holder, err = x509.ParseCertificate(der)
	return g, err
}

// CheckLogin verifies a LoginByToken request: its token, and that who sends it may use that.
func (s *Service) CheckLogin(envelope []byte) error {
	m, err := readMessage(envelope)
	if err != nil {
		return err
	}
	if m.token == nil {
		return refuse("InvalidSecurityToken", "no token")
	}
	g, err := s.check(m.token)
	if err != nil || g.holder == nil {
		return err
	}
	if m.signed == nil || m.named != m.token.SelectAttrValue("ID", "") {
		return refuse("FailedCheck", "a token that is bound to a key in a request that is not signed with it")
	}
	key, err := rsaKey(g.holder)
	if err != nil {
		return err
	}
	return m.signed(key)
}

func write(el *etree.Element) (string, error) {
	doc := etree.NewDocument()
	doc.WriteSettings.CanonicalText = true
	doc.WriteSettings.CanonicalAttrVal = true
	doc.SetRoot(el)
	var out bytes.Buffer
	_, err := doc.WriteTo(&out)
	return out.String(), err
}
