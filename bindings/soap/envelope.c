/* envelope.c: what stands around a call in a request. */
#include "bindings/soap/envelope.h"

#include "bindings/soap/text.h"

static const char begin[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\""
    " xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\""
    " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">";

static bool add_entry(const char *name, struct peri_str value, struct peri_buf *out,
                      struct peri_error *err)
{
    if (value.len == 0)
        return true;
    return peri_buf_puts(out, "<", err) && peri_buf_puts(out, name, err) &&
           peri_buf_puts(out, ">", err) && peri_text_write(value, out, err) &&
           peri_buf_puts(out, "</", err) && peri_buf_puts(out, name, err) &&
           peri_buf_puts(out, ">", err);
}

static bool add_header(const struct peri_envelope *e, struct peri_buf *out, struct peri_error *err)
{
    if (e->session_cookie.len == 0 && e->operation_id.len == 0)
        return true;
    return peri_buf_puts(out, "<soapenv:Header>", err) &&
           add_entry("vcSessionCookie", e->session_cookie, out, err) &&
           add_entry("operationID", e->operation_id, out, err) &&
           peri_buf_puts(out, "</soapenv:Header>", err);
}

bool peri_envelope_begin(const struct peri_envelope *e, struct peri_buf *out,
                         struct peri_error *err)
{
    return peri_buf_puts(out, begin, err) && add_header(e, out, err) &&
           peri_buf_puts(out, "<soapenv:Body>", err);
}

bool peri_envelope_end(struct peri_buf *out, struct peri_error *err)
{
    return peri_buf_puts(out, "</soapenv:Body></soapenv:Envelope>\n", err);
}
