/* validate.c: the compiled schema, and one request held against it. */
#include "validate.h"

#include <libxml/parser.h>
#include <stdio.h>
#include <string.h>

#define SOAP_NS "http://schemas.xmlsoap.org/soap/envelope/"
#define INTERNAL_NS                                                                                \
    "urn:internalvim25" /* undocumented methods, of which the schema knows nothing */

/* The first messages of libxml2, a line each. */
struct report {
    char text[2048];
    size_t length;
};

static void add(void *user, const xmlError *error)
{
    struct report *report = user;
    const char *message = error->message != NULL ? error->message : "unknown error\n";
    int n = snprintf(report->text + report->length, sizeof(report->text) - report->length, "%s",
                     message);
    if (n > 0) {
        report->length += (size_t)n;
        if (report->length >= sizeof(report->text))
            report->length = sizeof(report->text) - 1;
    }
}

/* libxml2 2.12 made the error a pointer to const. */
#if LIBXML_VERSION >= 21200
static void collect(void *user, const xmlError *error)
#else
static void collect(void *user, xmlErrorPtr error)
#endif
{
    add(user, error);
}

xmlSchemaPtr peri_schema_compile(const char *text, int length, char **problem)
{
    struct report report = {.length = 0};
    xmlSchemaParserCtxtPtr parser = xmlSchemaNewMemParserCtxt(text, length);
    if (parser == NULL)
        return NULL;
    xmlSchemaSetParserStructuredErrors(parser, collect, &report);
    xmlSchemaPtr schema = xmlSchemaParse(parser);
    xmlSchemaFreeParserCtxt(parser);
    if (schema == NULL)
        *problem = strdup(report.text);
    return schema;
}

static int is_named(const xmlNode *node, const char *ns, const char *name)
{
    return node != NULL && node->ns != NULL && strcmp((const char *)node->ns->href, ns) == 0 &&
           strcmp((const char *)node->name, name) == 0;
}

/* The one element in the SOAP body, or NULL with the reason. */
static xmlNodePtr payload(xmlDocPtr doc, const char **reason)
{
    xmlNodePtr root = xmlDocGetRootElement(doc);
    if (doc->intSubset != NULL || doc->extSubset != NULL) {
        *reason = "a SOAP message must not have a document type";
        return NULL;
    }
    if (!is_named(root, SOAP_NS, "Envelope")) {
        *reason = "the root is not a SOAP 1.1 Envelope";
        return NULL;
    }
    xmlNodePtr body = xmlFirstElementChild(root);
    if (is_named(body, SOAP_NS, "Header"))
        body = xmlNextElementSibling(body);
    if (!is_named(body, SOAP_NS, "Body")) {
        *reason = "the Envelope has no Body";
        return NULL;
    }
    xmlNodePtr call = xmlFirstElementChild(body);
    if (call == NULL || xmlNextElementSibling(call) != NULL || call->ns == NULL) {
        *reason = "the Body must have one element with a namespace";
        return NULL;
    }
    return call;
}

static char *validate(xmlSchemaPtr schema, xmlNodePtr call)
{
    struct report report = {.length = 0};
    /* govc writes xsi:type="xsd:string" without declaring that prefix, and servers take it. */
    xmlNodePtr root = xmlDocGetRootElement(call->doc);
    if (xmlSearchNs(call->doc, root, BAD_CAST "xsd") == NULL)
        xmlNewNs(root, BAD_CAST "http://www.w3.org/2001/XMLSchema", BAD_CAST "xsd");
    if (strcmp((const char *)call->ns->href, INTERNAL_NS) == 0)
        return NULL;
    xmlSchemaValidCtxtPtr context = xmlSchemaNewValidCtxt(schema);
    if (context == NULL)
        return strdup("out of memory");
    xmlSchemaSetValidStructuredErrors(context, collect, &report);
    int result = xmlSchemaValidateOneElement(context, call);
    xmlSchemaFreeValidCtxt(context);
    if (result == 0)
        return NULL;
    return strdup(report.length > 0 ? report.text : "the request is not valid");
}

char *peri_schema_check(xmlSchemaPtr schema, const char *envelope, int length)
{
    int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING;
    xmlDocPtr doc = xmlReadMemory(envelope, length, "request", NULL, options);
    if (doc == NULL) {
        const xmlError *error = xmlGetLastError();
        return strdup(error != NULL && error->message != NULL ? error->message : "not XML");
    }
    const char *reason = NULL;
    xmlNodePtr call = payload(doc, &reason);
    char *problem = call != NULL ? validate(schema, call) : strdup(reason);
    xmlFreeDoc(doc);
    return problem;
}
