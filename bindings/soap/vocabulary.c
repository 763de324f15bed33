/* vocabulary.c: the names met in XML, each kept once.
 *
 * A hash table of chained entries. The names come from outside: the hash begins with an address
 * that nobody there knows, and all of them together have a ceiling. */
#include "bindings/soap/vocabulary.h"

#include <string.h>

#include "runtime/base/alloc.h"
#include "runtime/base/limits.h"

enum { FIRST_BUCKETS = 1024 }; /* a power of two */

struct peri_vocabulary {
    unsigned holders;
    uint8_t service;
    uint64_t seed;
    const char *words[PERI_WORD_COUNT];
    const char ***fields; /* by type: the names of its fields; NULL while not met */
    struct peri_vocabulary_name **buckets;
    size_t bucket_count, name_count;
    size_t bytes; /* that the names take */
};

static const char *const word_texts[PERI_WORD_COUNT] = {
#define PERI_WORD(name, text) text,
    PERI_WORDS(PERI_WORD)
#undef PERI_WORD
};

static const uint64_t factor = 0x9E3779B97F4A7C15U;

static uint64_t load(const char *bytes, size_t len)
{
    uint64_t word = 0;
    memcpy(&word, bytes, len);
    return word;
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * factor;
    return hash ^ hash >> 29;
}

/* Eight bytes at a time; the last ones may overlap those before. */
static uint32_t hash_of(const struct peri_vocabulary *v, const char *bytes, size_t len)
{
    uint64_t hash = v->seed + len;
    if (len >= 8) {
        for (size_t i = 0; i + 8 < len; i += 8)
            hash = mix(hash, load(bytes + i, 8));
        return (uint32_t)(mix(hash, load(bytes + len - 8, 8)) >> 32);
    }
    if (len >= 4)
        return (uint32_t)(mix(hash, load(bytes, 4) | load(bytes + len - 4, 4) << 32) >> 32);
    uint64_t word = 0;
    for (size_t i = 0; i < len; i++)
        word = word << 8 | (unsigned char)bytes[i];
    return (uint32_t)(mix(hash, word) >> 32);
}

struct peri_vocabulary *peri_vocabulary_new(uint8_t service)
{
    struct peri_vocabulary *v = peri_alloc(sizeof(*v));
    v->holders = 1;
    v->service = service;
    v->seed = (uint64_t)(uintptr_t)v * factor;
    v->bucket_count = FIRST_BUCKETS;
    v->buckets = peri_alloc_array(v->bucket_count, sizeof(*v->buckets));
    for (size_t i = 0; i < PERI_WORD_COUNT; i++)
        v->words[i] = peri_vocabulary_intern(v, word_texts[i], strlen(word_texts[i]));
    v->fields = peri_alloc_array(peri_schema_type_count(), sizeof(*v->fields));
    return v;
}

struct peri_vocabulary *peri_vocabulary_hold(struct peri_vocabulary *v)
{
    v->holders++;
    return v;
}

static void free_names(struct peri_vocabulary_name *name)
{
    while (name != NULL) {
        struct peri_vocabulary_name *next = name->next;
        peri_free(name);
        name = next;
    }
}

void peri_vocabulary_free(struct peri_vocabulary *v)
{
    if (v == NULL || --v->holders > 0)
        return;
    for (size_t i = 0; i < peri_schema_type_count(); i++)
        peri_free(v->fields[i]);
    for (size_t i = 0; i < v->bucket_count; i++)
        free_names(v->buckets[i]);
    peri_free(v->fields);
    peri_free(v->buckets);
    peri_free(v);
}

uint8_t peri_vocabulary_service(const struct peri_vocabulary *v)
{
    return v->service;
}

bool peri_vocabulary_is_full(const struct peri_vocabulary *v)
{
    return v->bytes > PERI_LIMIT_XML_NAMES / 2;
}

static void grow(struct peri_vocabulary *v)
{
    size_t count = v->bucket_count * 2;
    struct peri_vocabulary_name **larger = peri_alloc_array(count, sizeof(*larger));
    for (size_t i = 0; i < v->bucket_count; i++)
        for (struct peri_vocabulary_name *name = v->buckets[i], *next; name != NULL; name = next) {
            next = name->next;
            name->next = larger[name->hash & (count - 1)];
            larger[name->hash & (count - 1)] = name;
        }
    peri_free(v->buckets);
    v->buckets = larger;
    v->bucket_count = count;
}

static struct peri_vocabulary_name *add(struct peri_vocabulary *v, const char *bytes, size_t len,
                                        uint32_t hash)
{
    size_t size = sizeof(struct peri_vocabulary_name) + len + 1;
    if (v->bytes + size > PERI_LIMIT_XML_NAMES)
        return NULL;
    if (v->name_count++ == v->bucket_count)
        grow(v);
    v->bytes += size;
    struct peri_vocabulary_name *name = peri_alloc(size),
                                **bucket = &v->buckets[hash & (v->bucket_count - 1)];
    memcpy(name->text, bytes, len);
    name->len = len;
    name->hash = hash;
    name->local = name->text;
    name->next = *bucket;
    *bucket = name;
    return name;
}

/* Tells the parts of a name that has a colon; false when they take too much memory. */
static bool split(struct peri_vocabulary *v, struct peri_vocabulary_name *name)
{
    const char *colon = memchr(name->text, ':', name->len);
    name->is_split = colon == NULL;
    if (colon == NULL)
        return true;
    size_t prefix = (size_t)(colon - name->text), local = name->len - prefix - 1;
    const char *local_text = peri_vocabulary_intern(v, colon + 1, local);
    name->prefix = peri_vocabulary_intern(v, name->text, prefix);
    if (local_text == NULL || name->prefix == NULL)
        return false;
    name->local = local_text;
    name->is_split = true;
    return true;
}

static struct peri_vocabulary_name *find(const struct peri_vocabulary *v, const char *bytes,
                                         size_t len, uint32_t hash)
{
    struct peri_vocabulary_name *name = v->buckets[hash & (v->bucket_count - 1)];
    while (name != NULL &&
           (name->hash != hash || name->len != len || memcmp(name->text, bytes, len) != 0))
        name = name->next;
    return name;
}

const char *peri_vocabulary_intern(struct peri_vocabulary *v, const char *bytes, size_t len)
{
    uint32_t hash = hash_of(v, bytes, len);
    const struct peri_vocabulary_name *name = find(v, bytes, len, hash);
    if (name == NULL)
        name = add(v, bytes, len, hash);
    return name == NULL ? NULL : name->text;
}

const struct peri_vocabulary_name *peri_vocabulary_name(struct peri_vocabulary *v,
                                                        const char *bytes, size_t len)
{
    uint32_t hash = hash_of(v, bytes, len);
    struct peri_vocabulary_name *name = find(v, bytes, len, hash);
    if (name == NULL)
        name = add(v, bytes, len, hash);
    if (name == NULL || (!name->is_split && !split(v, name)))
        return NULL;
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

static struct peri_vocabulary_meaning find_meaning(uint8_t service, struct peri_str text)
{
    static const char suffix[] = "Fault";
    size_t end = sizeof(suffix) - 1;
    struct peri_vocabulary_meaning meaning = look_up(service, text);
    if (meaning.type == NULL && text.len > end &&
        memcmp(text.data + text.len - end, suffix, end) == 0)
        meaning = look_up(service, (struct peri_str){text.data, text.len - end});
    return meaning;
}

struct peri_vocabulary_meaning peri_vocabulary_meaning(struct peri_vocabulary *v, const char *kept)
{
    struct peri_vocabulary_name *name =
        (void *)(uintptr_t)(kept - offsetof(struct peri_vocabulary_name, text));
    if (!name->has_meaning)
        name->meaning = find_meaning(v->service, (struct peri_str){kept, name->len});
    name->has_meaning = true;
    return name->meaning;
}
