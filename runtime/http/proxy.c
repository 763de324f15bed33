/* proxy.c: the proxy of a host. libcurl would find it in the environment by itself, but could not
 * say where it was found, and the user's name and password would stand in its messages. */
#include "runtime/http/proxy.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "runtime/base/check.h"
#include "runtime/http/curl.h"

enum { ADDRESS_SIZE = 16, ENTRY_SIZE = 256 };

static const struct {
    const char *scheme, *port;
} kinds[] = {
    {"http", "80"},      {"https", "443"},   {"socks4", "1080"},
    {"socks4a", "1080"}, {"socks5", "1080"}, {"socks5h", "1080"},
};

/* ---- NO_PROXY ---- */

/* The bytes of an address; returns how many, 0 when the text is none. */
static size_t read_address(const char *text, unsigned char *bytes)
{
    if (inet_pton(AF_INET, text, bytes) == 1)
        return 4;
    return inet_pton(AF_INET6, text, bytes) == 1 ? ADDRESS_SIZE : 0;
}

static bool shares_bits(const unsigned char *a, const unsigned char *b, size_t bits)
{
    size_t whole = bits / 8, rest = bits % 8;
    if (memcmp(a, b, whole) != 0)
        return false;
    return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

/* The number of up to three digits; SIZE_MAX when the text is none. */
static size_t read_bits(const char *text)
{
    size_t bits = 0, n = strlen(text);
    if (n == 0 || n > 3 || strspn(text, "0123456789") != n)
        return SIZE_MAX;
    for (; *text != '\0'; text++)
        bits = bits * 10 + (size_t)(*text - '0');
    return bits;
}

/* Whether an entry is the address or a network with it. */
static bool has_address(char *entry, const unsigned char *address, size_t len)
{
    unsigned char network[ADDRESS_SIZE];
    size_t bits = len * 8;
    char *slash = strchr(entry, '/');
    if (slash != NULL) {
        size_t given = read_bits(slash + 1);
        if (given > bits)
            return false;
        bits = given;
        *slash = '\0';
    }
    return read_address(entry, network) == len && shares_bits(network, address, bits);
}

/* Whether an entry is the name or a domain that it is in. */
static bool has_name(const char *entry, const char *host)
{
    entry += strncmp(entry, "*.", 2) == 0 ? 2 : *entry == '.';
    size_t n = strlen(entry), host_len = strlen(host);
    n -= n > 0 && entry[n - 1] == '.';
    host_len -= host_len > 0 && host[host_len - 1] == '.';
    if (n == 0 || n > host_len || strncasecmp(host + host_len - n, entry, n) != 0)
        return false;
    return n == host_len || host[host_len - n - 1] == '.';
}

/* The entry without its port and the brackets of an IPv6 address; NULL when its port is another. */
static char *without_port(char *entry, const char *port)
{
    char *colon = strrchr(entry, ':');
    char *bracket = entry[0] == '[' ? strrchr(entry, ']') : NULL;
    bool has_port =
        colon != NULL && (bracket == NULL ? strchr(entry, ':') == colon : colon > bracket);
    if (has_port && strcmp(colon + 1, port) != 0)
        return NULL;
    if (has_port)
        *colon = '\0';
    if (bracket == NULL)
        return entry;
    *bracket = '\0';
    return entry + 1;
}

static bool names(char *entry, const char *host, const char *port)
{
    unsigned char address[ADDRESS_SIZE];
    size_t len = read_address(host, address);
    if (strcmp(entry, "*") == 0)
        return true;
    char *bare_entry = without_port(entry, port);
    if (bare_entry == NULL)
        return false;
    return len > 0 ? has_address(bare_entry, address, len) : has_name(bare_entry, host);
}

bool peri_proxy_is_exempt(const char *list, const char *host, const char *port)
{
    const char *blank = ", \t";
    while (*(list += strspn(list, blank)) != '\0') {
        char entry[ENTRY_SIZE];
        size_t n = strcspn(list, blank);
        if (n < sizeof(entry)) {
            memcpy(entry, list, n);
            entry[n] = '\0';
            if (names(entry, host, port))
                return true;
        }
        list += n;
    }
    return false;
}

/* ---- its URL ---- */

static bool fail(struct peri_error *err, const char *source, const char *why)
{
    peri_error_set(err, PERI_E_HTTP_PROXY, "the proxy of %s cannot be used: %s", source, why);
    return peri_error_hint(err,
                           "write it as http://HOST:PORT, https://…, socks5://… or socks5h://… "
                           "(which lets the proxy find the host's address); characters such as "
                           "\\ # : @ / in its user name or password are percent-encoded");
}

/* The port that a kind of proxy has without one; NULL for what is none. */
static const char *usual_port(const char *scheme)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(scheme, kinds[i].scheme) == 0)
            return kinds[i].port;
    return NULL;
}

/* A part of the URL, ours to free; NULL if it has none. */
static char *take(CURLU *url, CURLUPart part)
{
    char *text = NULL;
    bool is_secret = part == CURLUPART_USER || part == CURLUPART_PASSWORD;
    if (peri_curl_url_get(url, part, &text, is_secret ? CURLU_URLDECODE : 0) != CURLUE_OK)
        return NULL;
    char *copy = peri_strdup(text);
    curl_free(text);
    return copy;
}

static char *join(const char *a, const char *between, const char *b)
{
    size_t size = strlen(a) + strlen(between) + strlen(b) + 1;
    char *text = peri_alloc(size);
    snprintf(text, size, "%s%s%s", a, between, b);
    return text;
}

/* A copy without the brackets of an IPv6 address. */
static char *bare(const char *host)
{
    char *copy = peri_strdup(host[0] == '[' ? host + 1 : host);
    copy[strcspn(copy, "]")] = '\0';
    return copy;
}

static bool split(struct peri_proxy *proxy, CURLU *url, const char *source, struct peri_error *err)
{
    char *scheme = take(url, CURLUPART_SCHEME);
    char *host = take(url, CURLUPART_HOST);
    char *port = take(url, CURLUPART_PORT);
    const char *usual = scheme == NULL ? NULL : usual_port(scheme);
    bool ok = host != NULL && usual != NULL;
    if (host != NULL && usual != NULL) {
        proxy->where = join(host, ":", port == NULL ? usual : port);
        proxy->url = join(scheme, "://", proxy->where);
        proxy->host = bare(host);
        proxy->source = peri_strdup(source);
        proxy->user = take(url, CURLUPART_USER);
        proxy->password = take(url, CURLUPART_PASSWORD);
    } else {
        fail(err, source, "its scheme is of no proxy");
    }
    peri_free(scheme);
    peri_free(host);
    peri_free(port);
    return ok;
}

bool peri_proxy_read(struct peri_proxy *proxy, const char *text, const char *source,
                     struct peri_error *err)
{
    bool has_scheme = strstr(text, "://") != NULL;
    char *whole = join(has_scheme ? "" : "http://", "", text);
    CURLU *url = curl_url();
    peri_assert(url != NULL);
    *proxy = (struct peri_proxy){0};
    CURLUcode code = curl_url_set(url, CURLUPART_URL, whole, CURLU_NON_SUPPORT_SCHEME);
    bool ok = code == CURLUE_OK ? split(proxy, url, source, err)
                                : fail(err, source, curl_url_strerror(code));
    curl_url_cleanup(url);
    peri_free(whole);
    return ok;
}

bool peri_proxy_find(struct peri_proxy *proxy, const struct peri_proxy_settings *settings,
                     bool is_secure, const char *host, const char *port, struct peri_error *err)
{
    const char *text = is_secure ? settings->secure : settings->plain;
    const char *source = is_secure ? settings->secure_source : settings->plain_source;
    bool is_exempt = settings->exempt != NULL && peri_proxy_is_exempt(settings->exempt, host, port);
    *proxy = (struct peri_proxy){0};
    if (text == NULL || text[0] == '\0' || is_exempt)
        return true;
    return peri_proxy_read(proxy, text, source == NULL ? "the settings" : source, err);
}

bool peri_proxy_is_secure(const struct peri_proxy *proxy)
{
    return proxy->url != NULL && strncmp(proxy->url, "https:", 6) == 0;
}

void peri_proxy_deinit(struct peri_proxy *proxy)
{
    peri_free(proxy->url);
    peri_free(proxy->where);
    peri_free(proxy->host);
    peri_free(proxy->source);
    peri_free(proxy->user);
    peri_free(proxy->password);
    *proxy = (struct peri_proxy){0};
}
