package schema

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
)

// fieldTypes gives the type of each field of each type, and the base of each type. It is
// there for one rule that XML Schema cannot express: a value of type anyType must say in
// xsi:type what it is.
type fieldTypes struct {
	fields map[string]map[string]string // type → field → type
	base   map[string]string
	calls  map[string]string // method → type of its request
}

// readFields reads the schema, in which every tag is a line.
func readFields(text string) fieldTypes {
	f := fieldTypes{map[string]map[string]string{}, map[string]string{}, map[string]string{}}
	current := ""
	for line := range strings.Lines(text) {
		if name := typeName(line); name != "" {
			current = name
			f.fields[current] = map[string]string{}
			continue
		}
		tag, _, _ := strings.Cut(line, " ")
		switch tag {
		case "</complexType>\n":
			current = ""
		case "<extension", "<restriction":
			f.base[current] = local(attribute(line, "base"))
		case "<element":
			if name, of := attribute(line, "name"), local(attribute(line, "type")); current != "" {
				f.fields[current][name] = of
			} else {
				f.calls[name] = of
			}
		}
	}
	return f
}

func (f fieldTypes) typeOf(owner, field string) string {
	for ; owner != ""; owner = f.base[owner] {
		if t := f.fields[owner][field]; t != "" {
			return t
		}
	}
	return ""
}

const xsiNamespace = "http://www.w3.org/2001/XMLSchema-instance"

// checkTyped checks that rule in an envelope that is valid otherwise.
func (f fieldTypes) checkTyped(envelope []byte) error {
	d := xml.NewDecoder(bytes.NewReader(envelope))
	var types []string // of the elements that are open, from the call on
	for {
		token, err := d.Token()
		if err != nil {
			return nil // the end; libxml2 has found it well-formed
		}
		switch t := token.(type) {
		case xml.StartElement:
			var own string
			switch {
			case len(types) > 0:
				own = f.typeOf(types[len(types)-1], t.Name.Local)
			case f.calls[t.Name.Local] != "":
				own = f.calls[t.Name.Local]
			default:
				continue // Envelope, Header, Body
			}
			actual := xsiType(t)
			if own == "anyType" && actual == "" {
				return fmt.Errorf("element '%s' is of type anyType and must say in xsi:type what it is", t.Name.Local)
			}
			if actual != "" {
				own = local(actual)
			}
			types = append(types, own)
		case xml.EndElement:
			if len(types) > 0 {
				types = types[:len(types)-1]
			}
		}
	}
}

func xsiType(e xml.StartElement) string {
	for _, a := range e.Attr {
		if a.Name.Local == "type" && a.Name.Space == xsiNamespace {
			return a.Value
		}
	}
	return ""
}

// local returns a name without its prefix.
func local(name string) string {
	return name[strings.LastIndexByte(name, ':')+1:]
}
