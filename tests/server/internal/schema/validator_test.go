package schema

import (
	"strings"
	"testing"
)

const (
	begin = `<?xml version="1.0"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"` +
		` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><e:Body>`
	end = `</e:Body></e:Envelope>`

	create = `<CreateVM_Task xmlns="urn:vim25"><_this type="Folder">group-v3</_this><config>` +
		`<name>web</name><guestId>debian12_64Guest</guestId>` +
		`<deviceChange><operation>add</operation><fileOperation>create</fileOperation><device xsi:type="VirtualDisk"><key>-1</key>` +
		`<backing xsi:type="VirtualDiskFlatVer2BackingInfo"><fileName></fileName><diskMode>persistent</diskMode></backing>` +
		`<unitNumber>0</unitNumber><capacityInKB>1024</capacityInKB></device></deviceChange>` +
		`<extraConfig><key>a</key><value xsi:type="xsd:string">b</value></extraConfig>` +
		`</config><pool type="ResourcePool">resgroup-8</pool></CreateVM_Task>`
)

func validator(t testing.TB, version string) *Validator {
	t.Helper()
	v, err := New(version)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestAcceptsWhatTheAPIAllows(t *testing.T) {
	v := validator(t, "8.0.3.0")
	for _, call := range []string{
		create,
		`<CurrentTime xmlns="urn:vim25"><_this type="ServiceInstance">ServiceInstance</_this></CurrentTime>`,
		// pyvmomi says the type of a device change although it is the declared one.
		strings.Replace(create, "<deviceChange>", `<deviceChange xsi:type="VirtualDeviceConfigSpec">`, 1),
		strings.Replace(create, `type="ResourcePool"`, `type="VirtualApp"`, 1),
		// The prefix of a namespace means nothing.
		`<v:CurrentTime xmlns:v="urn:vim25"><v:_this type="ServiceInstance">ServiceInstance</v:_this></v:CurrentTime>`,
	} {
		if err := v.Check([]byte(begin + call + end)); err != nil {
			t.Errorf("%v\n%s", err, call)
		}
	}
}

func TestRefusesWhatARealServerRefuses(t *testing.T) {
	v := validator(t, "8.0.3.0")
	for name, c := range map[string]struct{ from, to, want string }{
		"an unknown element":             {"<name>web</name>", "<name>web</name><colour>red</colour>", "colour"},
		"another order":                  {"<name>web</name><guestId>debian12_64Guest</guestId>", "<guestId>debian12_64Guest</guestId><name>web</name>", "'name'"},
		"a missing required field":       {"<capacityInKB>1024</capacityInKB>", "", "capacityInKB"},
		"a missing parameter":            {`<pool type="ResourcePool">resgroup-8</pool>`, "", "pool"},
		"an unknown member of an enum":   {"<operation>add</operation>", "<operation>join</operation>", "join"},
		"text for a number":              {"<unitNumber>0</unitNumber>", "<unitNumber>first</unitNumber>", "unitNumber"},
		"a number out of range":          {"<unitNumber>0</unitNumber>", "<unitNumber>4294967296</unitNumber>", "unitNumber"},
		"an unknown xsi:type":            {`xsi:type="VirtualDisk"`, `xsi:type="VirtualDisc"`, "VirtualDisc"},
		"an xsi:type of another family":  {`xsi:type="VirtualDisk"`, `xsi:type="HostPortGroupSpec"`, "HostPortGroupSpec"},
		"an abstract type":               {` xsi:type="VirtualDisk"`, "", "abstract"},
		"a value of any type, untyped":   {`<value xsi:type="xsd:string">`, "<value>", "anyType"},
		"a reference without type":       {`<pool type="ResourcePool">`, "<pool>", "'type' is required"},
		"a reference of another type":    {`<pool type="ResourcePool">`, `<pool type="Folder">`, "Folder"},
		"an unknown managed type":        {`<_this type="Folder">`, `<_this type="Directory">`, "Directory"},
		"an unknown method":              {"CreateVM_Task", "CreateMachine", "CreateMachine"},
		"another namespace":              {`xmlns="urn:vim25"`, `xmlns="urn:vim26"`, "vim26"},
		"a field twice that is no array": {"<name>web</name>", "<name>web</name><name>web</name>", "name"},
		"a document type":                {`<?xml version="1.0"?>`, `<?xml version="1.0"?><!DOCTYPE e>`, "document type"},
		"what is not well-formed":        {"</guestId>", "", "Premature end"},
		"two calls":                      {end, "<x xmlns='urn:vim25'/>" + end, "one element"},
	} {
		t.Run(name, func(t *testing.T) {
			envelope := strings.ReplaceAll(begin+create+end, c.from, c.to)
			err := v.Check([]byte(envelope))
			if err == nil {
				t.Fatal("accepted")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%q does not say %q", err, c.want)
			}
		})
	}
}

func TestKnowsOnlyWhatItsVersionHas(t *testing.T) {
	newer := strings.Replace(create, `</extraConfig>`, `</extraConfig><tdxEnabled>true</tdxEnabled>`, 1)
	if err := validator(t, "9.0.0.0").Check([]byte(begin + newer + end)); err != nil {
		t.Errorf("9.0.0.0: %v", err)
	}
	err := validator(t, "8.0.3.0").Check([]byte(begin + newer + end))
	if err == nil || !strings.Contains(err.Error(), "tdxEnabled") {
		t.Errorf("8.0.3.0: %v", err)
	}
}

func BenchmarkCheck(b *testing.B) {
	v := validator(b, "8.0.3.0")
	envelope := []byte(begin + create + end)
	for b.Loop() {
		if err := v.Check(envelope); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		validator(b, "8.0.3.0")
	}
}
