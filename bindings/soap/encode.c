/* encode.c: a call and its arguments to the XML of a request. */
#include "bindings/soap/encode.h"

#include "bindings/schema/near.h"
#include "bindings/soap/element.h"

static bool check_method(struct peri_writer *w, const struct peri_encode_call *call)
{
    if (call->is_unchecked && peri_writer_is_name(peri_str_of(call->name)))
        return true;
    if (call->is_unchecked) {
        peri_error_set(w->err, PERI_E_SOAP_METHOD, "\"%s\" is no name of a method", call->name);
        return peri_writer_fail(w);
    }
    const struct peri_schema_type *owner = peri_schema_type(call->method->owner);
    const struct peri_schema_type *type = call->self.as.reference.known;
    const char *name = call->name;
    if (type != NULL && !peri_schema_is(type, owner)) {
        peri_error_set(w->err, PERI_E_SOAP_METHOD, "%s has no method %s; %s has",
                       peri_schema_type_name(type), name, peri_schema_type_name(owner));
        return peri_writer_suggest(w, peri_near_method(type, peri_str_of(name)));
    }
    if (peri_writer_is_too_new(w, w->service, call->method->since))
        return peri_writer_too_new(w, PERI_E_SOAP_METHOD, name, w->service, call->method->since);
    return true;
}

static bool declare_space(struct peri_writer *w, const char *attribute, const char *prefix,
                          const struct peri_schema_service *service)
{
    return peri_writer_add(w, attribute) && peri_writer_add(w, prefix) &&
           peri_writer_add(w, "=\"") && peri_writer_add(w, peri_schema_text(service->urn)) &&
           peri_writer_add(w, "\"");
}

/* The default namespace is the service's. Where types of the core may occur, each has a prefix. */
static bool declare_spaces(struct peri_writer *w)
{
    const struct peri_schema_service *service = peri_schema_service(w->service);
    const struct peri_schema_service *core = peri_schema_service(PERI_SCHEMA_CORE);
    return declare_space(w, " xmlns", "", service) &&
           (service == core ||
            (declare_space(w, " xmlns:", peri_schema_text(service->name), service) &&
             declare_space(w, " xmlns:", peri_schema_text(core->name), core)));
}

static bool begin_call(struct peri_writer *w, const struct peri_encode_call *call)
{
    return peri_writer_add(w, "<") && peri_writer_add(w, call->name) && declare_spaces(w) &&
           peri_writer_add(w, ">") &&
           peri_writer_reference(w, peri_str_of("_this"), NULL, &call->self);
}

bool peri_encode_request(const struct peri_encode_call *call, const struct peri_source *source,
                         struct peri_buf *out, struct peri_error *err)
{
    PERI_UNINITIALIZED struct peri_writer w; /* its path is 4 KB */
    w.source = source;
    w.out = out;
    w.err = err;
    w.path.count = 0;
    w.service = w.space = w.scope = call->service;
    w.version = call->version;
    w.core_version = call->core_version;
    return check_method(&w, call) && peri_envelope_begin(&call->envelope, out, err) &&
           begin_call(&w, call) &&
           peri_element_arguments(&w, call->method, call->name, call->is_unchecked) &&
           peri_writer_end(&w, peri_str_of(call->name)) && peri_envelope_end(out, err);
}
