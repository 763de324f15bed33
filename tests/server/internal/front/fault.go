package front

import (
	"bytes"
	"net/http"
	"reflect"

	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vim25/xml"
)

const serverFault = "ServerFaultCode"

// faultReply is a SOAP envelope with a fault, written as a vCenter writes it.
type faultReply struct {
	XMLName xml.Name  `xml:"soapenv:Envelope"`
	Env     string    `xml:"xmlns:soapenv,attr"`
	XSD     string    `xml:"xmlns:xsd,attr"`
	XSI     string    `xml:"xmlns:xsi,attr"`
	Fault   faultBody `xml:"soapenv:Body>soapenv:Fault"`
}

type faultBody struct {
	Code   string       `xml:"faultcode"`
	String string       `xml:"faultstring"`
	Detail *faultDetail `xml:"detail"`
}

// faultDetail is written as <XFault xmlns="urn:vim25" xsi:type="X">.
type faultDetail struct {
	fault types.BaseMethodFault
}

// MarshalXML implements xml.Marshaler.
func (d *faultDetail) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	if err := e.EncodeToken(start); err != nil {
		return err
	}
	if d.fault != nil {
		name := reflect.TypeOf(d.fault).Elem().Name()
		inner := xml.StartElement{Name: xml.Name{Local: name + "Fault"}, Attr: []xml.Attr{
			{Name: xml.Name{Local: "xmlns"}, Value: "urn:vim25"},
			{Name: xml.Name{Local: "xsi:type"}, Value: name},
		}}
		if err := e.EncodeElement(d.fault, inner); err != nil {
			return err
		}
	}
	return e.EncodeToken(start.End())
}

// writeFault replies with a SOAP fault. fault may be nil: then the detail is empty.
func writeFault(w http.ResponseWriter, code, message string, fault types.BaseMethodFault) {
	var out bytes.Buffer
	out.WriteString(xml.Header)
	err := xml.NewEncoder(&out).Encode(&faultReply{
		Env:   soapNamespace,
		XSD:   "http://www.w3.org/2001/XMLSchema",
		XSI:   "http://www.w3.org/2001/XMLSchema-instance",
		Fault: faultBody{code, message, &faultDetail{fault}},
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.WriteHeader(http.StatusInternalServerError)
	_, _ = w.Write(out.Bytes()) // the client may be gone
}
