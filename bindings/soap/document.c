/* document.c: libxml2's trees, for what is small and must be looked at from all sides. */
#include "bindings/soap/document.h"

#include <string.h>

#include <libxml/c14n.h>
#include <libxml/parser.h>
#include <libxml/tree.h>

#include "runtime/base/library.h"
#include "runtime/base/limits.h"

/* What is used of libxml2, which is loaded when the first document is read: most runs read none,
 * and it brings ICU. */
#define FUNCTIONS(F)                                                                               \
    F(xmlAllocOutputBuffer)                                                                        \
    F(xmlC14NExecute)                                                                              \
    F(xmlCtxtGetLastError)                                                                         \
    F(xmlCtxtReadMemory)                                                                           \
    F(xmlDocGetRootElement)                                                                        \
    F(xmlFreeDoc)                                                                                  \
    F(xmlFreeParserCtxt)                                                                           \
    F(xmlNewParserCtxt)                                                                            \
    F(xmlOutputBufferClose)                                                                        \
    F(xmlOutputBufferGetContent)                                                                   \
    F(xmlOutputBufferGetSize)

static struct {
#define F(name) __typeof__(name) *(name);
    FUNCTIONS(F)
#undef F
} own;

static const char *const names[] = {
#define F(name) #name,
    FUNCTIONS(F)
#undef F
};

static bool load(struct peri_error *err)
{
    return own.xmlNewParserCtxt != NULL ||
           peri_library_load("libxml2.so.2", names, sizeof(names) / sizeof(*names), &own, err);
}

struct peri_document {
    xmlDocPtr tree;
};

static struct peri_str str_of(const xmlChar *text)
{
    if (text == NULL)
        return (struct peri_str){"", 0};
    return (struct peri_str){(const char *)text, strlen((const char *)text)};
}

static bool fail(struct peri_error *err, xmlParserCtxtPtr parser)
{
    const xmlError *problem = own.xmlCtxtGetLastError(parser);
    if (problem == NULL || problem->message == NULL)
        return peri_error_set(err, PERI_E_SOAP_XML, "this is no XML document");
    size_t len = strcspn(problem->message, "\n");
    return peri_error_set(err, PERI_E_SOAP_XML, "this is no XML document: line %d: %.*s",
                          problem->line, (int)len, problem->message);
}

/* Without a DOCTYPE an entity is a mistake for libxml2 already. */
static bool check(const xmlDoc *tree, struct peri_error *err)
{
    return tree->intSubset == NULL ||
           peri_error_set(err, PERI_E_SOAP_XML,
                          "the XML document has a DOCTYPE, which none of ours has");
}

struct peri_document *peri_document_read(const void *bytes, size_t n, struct peri_error *err)
{
    if (n > PERI_LIMIT_XML_DOCUMENT) {
        peri_error_set(err, PERI_E_LIMIT, "an XML document of %zu bytes; at most %lu are read", n,
                       PERI_LIMIT_XML_DOCUMENT);
        return NULL;
    }
    if (!load(err))
        return NULL;
    xmlParserCtxtPtr parser = own.xmlNewParserCtxt();
    const int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING;
    xmlDocPtr tree = own.xmlCtxtReadMemory(parser, bytes, (int)n, NULL, NULL, options);
    bool ok = tree == NULL ? fail(err, parser) : check(tree, err);
    own.xmlFreeParserCtxt(parser);
    if (!ok) {
        own.xmlFreeDoc(tree);
        return NULL;
    }
    struct peri_document *document = peri_alloc(sizeof(*document));
    document->tree = tree;
    return document;
}

void peri_document_free(struct peri_document *document)
{
    if (document == NULL)
        return;
    own.xmlFreeDoc(document->tree);
    peri_free(document);
}

peri_document_element peri_document_root(const struct peri_document *document)
{
    return own.xmlDocGetRootElement(document->tree);
}

static const xmlNode *element_from(const xmlNode *node)
{
    while (node != NULL && node->type != XML_ELEMENT_NODE)
        node = node->next;
    return node;
}

peri_document_element peri_document_child(peri_document_element element)
{
    return element_from(element->children);
}

peri_document_element peri_document_next(peri_document_element element)
{
    return element_from(element->next);
}

struct peri_str peri_document_name(peri_document_element element)
{
    return str_of(element->name);
}

struct peri_str peri_document_namespace(peri_document_element element)
{
    return str_of(element->ns == NULL ? NULL : element->ns->href);
}

bool peri_document_attribute(peri_document_element element, size_t i, struct peri_str *name,
                             struct peri_str *value)
{
    const xmlAttr *attribute = element->properties;
    for (; attribute != NULL && i > 0; i--)
        attribute = attribute->next;
    if (attribute == NULL)
        return false;
    *name = str_of(attribute->name);
    *value = str_of(attribute->children == NULL ? NULL : attribute->children->content);
    return true;
}

bool peri_document_text(peri_document_element element, struct peri_buf *out, struct peri_error *err)
{
    for (const xmlNode *node = element->children; node != NULL; node = node->next)
        if ((node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE) &&
            !peri_buf_puts(out, (const char *)node->content, err))
            return false;
    return true;
}

/* Whether a node is the element that is wanted, or inside it. */
static int is_inside(void *wanted, xmlNodePtr node, xmlNodePtr parent)
{
    const xmlNode *at = node->type == XML_NAMESPACE_DECL ? parent : node;
    while (at != NULL && at != wanted)
        at = at->type == XML_ATTRIBUTE_NODE ? ((const xmlAttr *)at)->parent : at->parent;
    return at != NULL;
}

bool peri_document_canonical(const struct peri_document *document, peri_document_element element,
                             struct peri_buf *out, struct peri_error *err)
{
    xmlOutputBufferPtr bytes = own.xmlAllocOutputBuffer(NULL);
    bool ok = bytes != NULL && own.xmlC14NExecute(document->tree, is_inside, (void *)element,
                                                  XML_C14N_1_0, NULL, 1, bytes) >= 0;
    ok = ok ? peri_buf_add(out, own.xmlOutputBufferGetContent(bytes),
                           own.xmlOutputBufferGetSize(bytes), err)
            : peri_error_set(err, PERI_E_SOAP_XML, "the XML document has no canonical form");
    if (bytes != NULL)
        own.xmlOutputBufferClose(bytes);
    return ok;
}

const char *peri_document_release(void)
{
    return LIBXML_DOTTED_VERSION;
}
