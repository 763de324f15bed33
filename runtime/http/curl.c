/* curl.c: libcurl, loaded when it is first used: linked, it would take more than half of the time
 * in which a command starts, as it brings LDAP, Kerberos, RTMP and what those need.
 *
 * Defines what this folder calls of libcurl, by the names and types of its header. Each function
 * goes on to libcurl's own, and loads it if need be. */
#define CURL_DISABLE_TYPECHECK /* its macros go by the functions' names */
#include "runtime/http/curl.h"

#include <stdarg.h>

#include "runtime/base/check.h"
#include "runtime/base/library.h"

#define FUNCTIONS(F)                                                                               \
    F(easy_cleanup)                                                                                \
    F(easy_getinfo)                                                                                \
    F(easy_init)                                                                                   \
    F(easy_pause)                                                                                  \
    F(easy_setopt)                                                                                 \
    F(easy_strerror)                                                                               \
    F(free)                                                                                        \
    F(global_cleanup)                                                                              \
    F(global_init)                                                                                 \
    F(multi_add_handle)                                                                            \
    F(multi_cleanup)                                                                               \
    F(multi_info_read)                                                                             \
    F(multi_init)                                                                                  \
    F(multi_remove_handle)                                                                         \
    F(multi_setopt)                                                                                \
    F(multi_socket_action)                                                                         \
    F(share_cleanup)                                                                               \
    F(share_init)                                                                                  \
    F(share_setopt)                                                                                \
    F(slist_append)                                                                                \
    F(slist_free_all)                                                                              \
    F(strequal)                                                                                    \
    F(url)                                                                                         \
    F(url_cleanup)                                                                                 \
    F(url_get)                                                                                     \
    F(url_set)                                                                                     \
    F(url_strerror)                                                                                \
    F(version_info)

struct functions {
#define F(name) __typeof__(curl_##name) *(name);
    FUNCTIONS(F)
#undef F
};

static const char *const names[] = {
#define F(name) "curl_" #name,
    FUNCTIONS(F)
#undef F
};

static struct functions functions;

bool peri_curl_load(struct peri_error *err)
{
    return functions.easy_init != NULL ||
           peri_library_load("libcurl.so.4", names, sizeof(names) / sizeof(*names), &functions,
                             err);
}

/* libcurl's functions. */
static const struct functions *own(void)
{
    struct peri_error err;
    if (functions.easy_init == NULL)
        peri_assert(peri_curl_load(&err));
    return &functions;
}

/* ---- options: the type of the argument shows in the number ---- */

_Static_assert(sizeof(curl_off_t) == sizeof(long), "numbers are passed alike");

typedef void function(void);

static bool is_number(unsigned option)
{
    bool is_large = option >= CURLOPTTYPE_OFF_T && option < CURLOPTTYPE_BLOB;
    return option < CURLOPTTYPE_OBJECTPOINT || is_large;
}

static bool is_function(unsigned option)
{
    return option >= CURLOPTTYPE_FUNCTIONPOINT && option < CURLOPTTYPE_OFF_T;
}

CURLcode(curl_easy_setopt)(CURL *easy, CURLoption option, ...)
{
    va_list args;
    CURLcode result;
    va_start(args, option);
    if (is_number(option)) {
        long number = va_arg(args, long);
        result = own()->easy_setopt(easy, option, number);
    } else if (is_function(option)) {
        function *called = va_arg(args, function *);
        result = own()->easy_setopt(easy, option, called);
    } else {
        void *object = va_arg(args, void *);
        result = own()->easy_setopt(easy, option, object);
    }
    va_end(args);
    return result;
}

CURLMcode(curl_multi_setopt)(CURLM *multi, CURLMoption option, ...)
{
    va_list args;
    CURLMcode result;
    va_start(args, option);
    if (is_number(option)) {
        long number = va_arg(args, long);
        result = own()->multi_setopt(multi, option, number);
    } else if (is_function(option)) {
        function *called = va_arg(args, function *);
        result = own()->multi_setopt(multi, option, called);
    } else {
        void *object = va_arg(args, void *);
        result = own()->multi_setopt(multi, option, object);
    }
    va_end(args);
    return result;
}

/* Its options are not numbered so: those that are used here take a curl_lock_data. */
CURLSHcode(curl_share_setopt)(CURLSH *share, CURLSHoption option, ...)
{
    va_list args;
    va_start(args, option);
    peri_assert(option == CURLSHOPT_SHARE);
    CURLSHcode result = own()->share_setopt(share, option, va_arg(args, int));
    va_end(args);
    return result;
}

/* What is asked for is always put behind a pointer. */
CURLcode(curl_easy_getinfo)(CURL *easy, CURLINFO info, ...)
{
    va_list args;
    va_start(args, info);
    CURLcode result = own()->easy_getinfo(easy, info, va_arg(args, void *));
    va_end(args);
    return result;
}

/* ---- the others ---- */

CURL *curl_easy_init(void)
{
    return own()->easy_init();
}

void curl_easy_cleanup(CURL *easy)
{
    own()->easy_cleanup(easy);
}

CURLcode curl_easy_pause(CURL *easy, int what)
{
    return own()->easy_pause(easy, what);
}

const char *curl_easy_strerror(CURLcode code)
{
    return own()->easy_strerror(code);
}

void curl_free(void *memory)
{
    own()->free(memory);
}

CURLcode curl_global_init(long what)
{
    return own()->global_init(what);
}

void curl_global_cleanup(void)
{
    own()->global_cleanup();
}

CURLM *curl_multi_init(void)
{
    return own()->multi_init();
}

CURLMcode curl_multi_cleanup(CURLM *multi)
{
    return own()->multi_cleanup(multi);
}

CURLMcode curl_multi_add_handle(CURLM *multi, CURL *easy)
{
    return own()->multi_add_handle(multi, easy);
}

CURLMcode curl_multi_remove_handle(CURLM *multi, CURL *easy)
{
    return own()->multi_remove_handle(multi, easy);
}

CURLMsg *curl_multi_info_read(CURLM *multi, int *left)
{
    return own()->multi_info_read(multi, left);
}

CURLMcode curl_multi_socket_action(CURLM *multi, curl_socket_t fd, int events, int *running)
{
    return own()->multi_socket_action(multi, fd, events, running);
}

CURLSH *curl_share_init(void)
{
    return own()->share_init();
}

CURLSHcode curl_share_cleanup(CURLSH *share)
{
    return own()->share_cleanup(share);
}

struct curl_slist *curl_slist_append(struct curl_slist *list, const char *text)
{
    return own()->slist_append(list, text);
}

void curl_slist_free_all(struct curl_slist *list)
{
    if (list != NULL) /* nothing need be loaded to free nothing */
        own()->slist_free_all(list);
}

int curl_strequal(const char *a, const char *b)
{
    return own()->strequal(a, b);
}

CURLU *curl_url(void)
{
    return own()->url();
}

void curl_url_cleanup(CURLU *url)
{
    own()->url_cleanup(url);
}

CURLUcode peri_curl_url_get(CURLU *url, CURLUPart part, char **text, unsigned flags)
{
    return own()->url_get(url, part, text, flags);
}

CURLUcode curl_url_set(CURLU *url, CURLUPart part, const char *text, unsigned flags)
{
    return own()->url_set(url, part, text, flags);
}

const char *curl_url_strerror(CURLUcode code)
{
    return own()->url_strerror(code);
}

curl_version_info_data *curl_version_info(CURLversion version)
{
    return own()->version_info(version);
}
