/* proxy.h: which proxy stands between us and a host. */
#ifndef PERI_PROXY_H
#define PERI_PROXY_H

#include <stdbool.h>

#include "runtime/base/error.h"

/* All parts are owned; NULL where there is none. */
struct peri_proxy {
    char *url;    /* "socks5h://proxy.example:1080", without user and password; NULL: none */
    char *where;  /* "proxy.example:1080", for messages */
    char *host;   /* without the brackets of an IPv6 address */
    char *source; /* who said so: "HTTPS_PROXY", "targets.lua:4" */
    char *user, *password; /* decoded */
};

/* Reads a proxy's URL: http (also without a scheme), https, socks4, socks4a, socks5, socks5h; its
 * port is 80, 443 or 1080 where it has none. PERI_E_HTTP_PROXY, in which nothing of the text is
 * repeated, for it may hold a password. */
bool peri_proxy_read(struct peri_proxy *proxy, const char *text, const char *source,
                     struct peri_error *err);

/* What is said about proxies; NULL where nothing is said. */
struct peri_proxy_settings {
    const char *secure, *secure_source; /* the one for https, and who says so */
    const char *plain, *plain_source;   /* the one for http */
    const char *exempt;                 /* the hosts that need none: see peri_proxy_is_exempt */
};

/* Finds the proxy for a host (a name, or an address without brackets). Errors are those of
 * peri_proxy_read. */
bool peri_proxy_find(struct peri_proxy *proxy, const struct peri_proxy_settings *settings,
                     bool is_secure, const char *host, const char *port, struct peri_error *err);

/* Whether a list as in NO_PROXY names the host: "*", names (with their subdomains; a dot or "*."
 * before them is nothing), addresses, networks (10.0.0.0/8, fd00::/8), each also with ":port". */
bool peri_proxy_is_exempt(const char *list, const char *host, const char *port);

/* Whether it is spoken to in TLS. */
bool peri_proxy_is_secure(const struct peri_proxy *proxy);

/* Frees the parts; proxy is empty after. */
void peri_proxy_deinit(struct peri_proxy *proxy);

#endif
