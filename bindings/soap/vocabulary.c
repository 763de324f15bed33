/* vocabulary.c: the names met in XML, each kept once.
 *
 * The parser looks up every name in its dictionary, and does so faster while it is small (libxml2
 * hashes only some of the bytes then): so nothing goes in before it was met. */
#include "bindings/soap/vocabulary.h"

#include <string.h>

#include <libxml/tree.h> /* dict.h by itself lacks xmlChar */

#include "runtime/base/alloc.h"
#include "runtime/base/limits.h"

enum { FIRST_SLOTS = 256, RECENT = 256 }; /* powers of two */

struct entry {
    const char *name; /* kept; NULL when free */
    struct peri_vocabulary_meaning meaning;
};

/* A name asked for lately, where its length and last bytes say. */
struct recent {
    const char *name; /* kept */
    size_t len;
};

struct peri_vocabulary {
    unsigned holders;
    uint8_t service;
    xmlDictPtr names;  /* of elements and attributes; the parser's */
    xmlDictPtr values; /* of attributes: types */
    const char *words[PERI_WORD_COUNT];
    const char ***fields; /* by type: the names of its fields; NULL while not met */
    struct recent recent[RECENT];
    struct entry *entries; /* meanings, found by hashing the pointer */
    size_t size, used;     /* of entries */
};

static const char *const word_texts[PERI_WORD_COUNT] = {
#define PERI_WORD(name, text) text,
    PERI_WORDS(PERI_WORD)
#undef PERI_WORD
};

/* libxml2 looks at the limit when it needs more memory: an answer may pass it some times over. */
static xmlDictPtr new_dict(void)
{
    xmlDictPtr dict = xmlDictCreate();
    xmlDictSetLimit(dict, PERI_LIMIT_XML_NAMES);
    return dict;
}

struct peri_vocabulary *peri_vocabulary_new(uint8_t service)
{
    struct peri_vocabulary *v = peri_alloc(sizeof(*v));
    v->holders = 1;
    v->service = service;
    v->names = new_dict();
    v->values = new_dict();
    for (size_t i = 0; i < PERI_WORD_COUNT; i++)
        v->words[i] = (const char *)xmlDictLookup(v->names, (const xmlChar *)word_texts[i], -1);
    v->fields = peri_alloc_array(peri_schema_type_count(), sizeof(*v->fields));
    v->size = FIRST_SLOTS;
    v->entries = peri_alloc_array(v->size, sizeof(*v->entries));
    return v;
}

struct peri_vocabulary *peri_vocabulary_hold(struct peri_vocabulary *v)
{
    v->holders++;
    return v;
}

void peri_vocabulary_free(struct peri_vocabulary *v)
{
    if (v == NULL || --v->holders > 0)
        return;
    for (size_t i = 0; i < peri_schema_type_count(); i++)
        peri_free(v->fields[i]);
    peri_free(v->fields);
    peri_free(v->entries);
    xmlDictFree(v->names);
    xmlDictFree(v->values);
    peri_free(v);
}

uint8_t peri_vocabulary_service(const struct peri_vocabulary *v)
{
    return v->service;
}

bool peri_vocabulary_is_full(const struct peri_vocabulary *v)
{
    return xmlDictGetUsage(v->names) + xmlDictGetUsage(v->values) > PERI_LIMIT_XML_NAMES;
}

struct _xmlDict *peri_vocabulary_dict(struct peri_vocabulary *v)
{
    return v->names;
}

/* The dictionary hashes every byte; of the few names that come again and again, some tell them
 * apart. */
static struct recent *recent_of(struct peri_vocabulary *v, const char *bytes, size_t len)
{
    size_t last = len == 0 ? 0 : (unsigned char)bytes[len - 1];
    size_t middle = len == 0 ? 0 : (unsigned char)bytes[len / 2];
    return &v->recent[(len * 31 + last * 7 + middle) & (RECENT - 1)];
}

const char *peri_vocabulary_intern(struct peri_vocabulary *v, const char *bytes, size_t len)
{
    struct recent *recent = recent_of(v, bytes, len);
    if (recent->name != NULL && recent->len == len && memcmp(recent->name, bytes, len) == 0)
        return recent->name;
    const char *name = (const char *)xmlDictLookup(v->values, (const xmlChar *)bytes, (int)len);
    *recent = (struct recent){name, len};
    return name;
}

const char *peri_vocabulary_word(const struct peri_vocabulary *v, enum peri_word word)
{
    return v->words[word];
}

const char **peri_vocabulary_fields(struct peri_vocabulary *v, const struct peri_schema_type *type)
{
    const char ***fields = &v->fields[peri_schema_index(type)];
    if (*fields == NULL)
        *fields = peri_alloc_array(type->slot_count, sizeof(**fields));
    return *fields;
}

static struct peri_vocabulary_meaning look_up(uint8_t service, struct peri_str name)
{
    struct peri_vocabulary_meaning meaning = {peri_schema_find_type_in(service, name), false};
    if (meaning.type != NULL)
        return meaning;
    meaning.type = peri_schema_find_array(service, name);
    meaning.is_array = meaning.type != NULL;
    return meaning;
}

static struct peri_vocabulary_meaning find_meaning(uint8_t service, const char *kept)
{
    static const char suffix[] = "Fault";
    size_t len = strlen(kept), end = sizeof(suffix) - 1;
    struct peri_vocabulary_meaning meaning = look_up(service, (struct peri_str){kept, len});
    if (meaning.type == NULL && len > end && memcmp(kept + len - end, suffix, end) == 0)
        meaning = look_up(service, (struct peri_str){kept, len - end});
    return meaning;
}

/* The entry of a kept name, or the free one where it belongs. */
static struct entry *entry_of(struct entry *entries, size_t size, const char *kept)
{
    size_t i = ((uintptr_t)kept >> 3) * 0x9E3779B97F4A7C15U >> 20 & (size - 1);
    while (entries[i].name != NULL && entries[i].name != kept)
        i = (i + 1) & (size - 1);
    return &entries[i];
}

static void grow(struct peri_vocabulary *v)
{
    struct entry *larger = peri_alloc_array(v->size * 2, sizeof(*larger));
    for (size_t i = 0; i < v->size; i++)
        if (v->entries[i].name != NULL)
            *entry_of(larger, v->size * 2, v->entries[i].name) = v->entries[i];
    peri_free(v->entries);
    v->entries = larger;
    v->size *= 2;
}

struct peri_vocabulary_meaning peri_vocabulary_meaning(struct peri_vocabulary *v, const char *kept)
{
    struct entry *entry = entry_of(v->entries, v->size, kept);
    if (entry->name != NULL)
        return entry->meaning;
    *entry = (struct entry){kept, find_meaning(v->service, kept)};
    struct peri_vocabulary_meaning meaning = entry->meaning;
    if (++v->used * 2 > v->size)
        grow(v);
    return meaning;
}
