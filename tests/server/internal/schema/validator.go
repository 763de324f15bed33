// Package schema holds requests against the XML Schema of the vim25 API.
//
// The schema is made from the type definitions of govmomi (see generate), so it shares
// nothing with the client that is tested. libxml2 does the validation.
package schema

//go:generate go run ./generate

/*
#cgo pkg-config: libxml-2.0
#include <stdlib.h>
#include "validate.h"
*/
import "C"

import (
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unsafe"
)

//go:embed vim25.xsd
var source string

// Validator checks requests. Any number of goroutines may use it.
type Validator struct {
	compiled *C.struct__xmlSchema
	fields   fieldTypes
}

// New makes a validator of requests to a server of an API version such as "8.0.3.0".
// What came later is unknown to it.
func New(apiVersion string) (*Validator, error) {
	text := upTo(source, apiVersion)
	bytes := []byte(text)
	var problem *C.char
	compiled := C.peri_schema_compile((*C.char)(unsafe.Pointer(unsafe.SliceData(bytes))), C.int(len(bytes)), &problem)
	if compiled == nil {
		return nil, fmt.Errorf("vim25.xsd for %s: %w", apiVersion, taken(problem))
	}
	return &Validator{compiled: compiled, fields: readFields(text)}, nil
}

// Check returns nil if a SOAP envelope is one that the API allows, else what is wrong with it.
func (v *Validator) Check(envelope []byte) error {
	if len(envelope) == 0 {
		return errors.New("the request has no body")
	}
	data := (*C.char)(unsafe.Pointer(unsafe.SliceData(envelope)))
	if problem := C.peri_schema_check(v.compiled, data, C.int(len(envelope))); problem != nil {
		return taken(problem)
	}
	return v.fields.checkTyped(envelope)
}

// taken makes an error of a message from C, which it frees.
func taken(message *C.char) error {
	if message == nil {
		return errors.New("out of memory")
	}
	defer C.free(unsafe.Pointer(message))
	text := strings.ReplaceAll(C.GoString(message), "{urn:vim25}", "")
	text = longSet.ReplaceAllLiteralString(text, "known here")
	return errors.New(strings.TrimSpace(text))
}

// longSet is a list of allowed values that nobody wants to read.
var longSet = regexp.MustCompile(`an element of the set \{[^}\n]{300,}(\}\.?|$)`)
