/* client.h: a loop, a pool and requests whose ends a C test can look at. */
#ifndef CLIENT_H
#define CLIENT_H

#include "runtime/http/request.h"
#include "tests/support/peer.h"

struct client {
    struct peri_loop *loop;
    struct peri_pool *pool;
};

/* One request with what its callback saw. */
struct client_call {
    struct peri_request *request;
    unsigned events;
    void (*on_event)(struct client_call *call); /* NULL: nothing more */
    void *arg;                                  /* of on_event */
};

/* Makes loop and pool; settings may be NULL. Ends the test if that fails. */
void client_open(struct client *client, const struct peri_pool_settings *settings);

/* Frees both. */
void client_close(struct client *client);

/* Starts a request; ends the test if that fails. */
void client_start(struct client *client, struct client_call *call,
                  const struct peri_request_settings *settings);

/* Starts a GET, or a POST of a body. */
void client_get(struct client *client, struct client_call *call, const char *url);
void client_post(struct client *client, struct client_call *call, const char *url,
                 const char *body);

/* Runs the loop until the request is done (its head is there; more than n bytes wait). */
void client_finish(struct client *client, struct client_call *call);
void client_await_head(struct client *client, struct client_call *call);
void client_await_bytes(struct client *client, struct client_call *call, size_t n);

/* Runs n turns of the loop without waiting. */
void client_turn(struct client *client, unsigned n);

/* The code that a request that is done ended with; PERI_E_NONE for success. */
enum peri_error_code client_code(const struct client_call *call);

/* Its error; never NULL. */
const struct peri_error *client_error(const struct client_call *call);

/* Fails the test unless it ended well, with this body. */
void client_expect(struct client_call *call, const char *body);

/* Frees the request. */
void client_free(struct client_call *call);

#endif
