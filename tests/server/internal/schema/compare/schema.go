// Package compare holds the schemas that the client is built from, which come from the SDK for
// Python, against the Go types of govmomi.
package compare

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
)

// schema is what a *.schema file says.
type schema struct {
	data    map[string]*dataType
	enums   map[string]*enum
	methods map[string]*method
	managed map[string]string // managed type → its base, or ""
}

type dataType struct {
	base, since string
	fields      []field
}

type field struct {
	name, typeName, since string
	array, optional       bool
}

type enum struct {
	since   string
	members []string
}

type method struct {
	since   string
	params  []field
	returns string // with [] and ?; "" for none
}

// reader reads the lines of a schema.
type reader struct {
	schema
	data   *dataType
	enum   *enum
	method *method
	outer  string // version of the type or method that a line belongs to
	block  string
}

// readSchema adds what a file says to s.
func readSchema(s *schema, in io.Reader) error {
	r := reader{schema: *s}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) < 2 || strings.HasPrefix(words[0], "#") {
			continue
		}
		if err := r.line(words); err != nil {
			return fmt.Errorf("%q: %w", lines.Text(), err)
		}
	}
	return lines.Err()
}

// said returns what stands after a word, else otherwise.
func said(words []string, word, otherwise string) string {
	if i := slices.Index(words, word); i >= 0 && i+1 < len(words) {
		return words[i+1]
	}
	return otherwise
}

func (r *reader) line(words []string) error {
	name := words[1]
	switch words[0] {
	case "enum":
		r.enum = &enum{since: said(words, "since", "")}
		r.enums[name] = r.enum
	case "member":
		r.enum.members = append(r.enum.members, name)
	case "data":
		r.block = said(words, "since", "")
		r.data = &dataType{base: said(words, "extends", ""), since: r.block}
		r.schema.data[name] = r.data
	case "managed":
		r.block = said(words, "since", "")
		r.managed[name] = said(words, "extends", "")
	case "field":
		r.data.fields = append(r.data.fields, readField(words, r.block))
	case "method":
		r.method = &method{since: said(words, "since", r.block), returns: said(words, "returns", "")}
		r.methods[name] = r.method
	case "param":
		r.method.params = append(r.method.params, readField(words, r.method.since))
	case "property", "faults", "source", "service", "over", "path", "root", "version":
	default:
		return fmt.Errorf("unknown word")
	}
	return nil
}

func readField(words []string, outer string) field {
	f := held(words[2])
	f.name, f.since = words[1], said(words, "since", outer)
	return f
}

// held reads a type with [] and ?.
func held(text string) field {
	var f field
	text, f.optional = strings.CutSuffix(text, "?")
	f.typeName, f.array = strings.CutSuffix(text, "[]")
	return f
}
