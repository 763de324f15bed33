/* http_bench.c: small POSTs over and over, as many at a time as told, for so many seconds.
 *
 *     http_bench pool|bare URL CA_FILE BODY_FILE CONNECTIONS SECONDS
 *
 * pool is runtime/http; bare is libcurl's own loop (curl_multi_poll, curl_multi_perform) with
 * nothing around it. Prints requests, wall seconds, CPU seconds and TLS handshakes. */
#include <curl/curl.h>
#include <string.h>

#include "runtime/http/request.h"
#include "tests/bench/measure.h"

enum { CONNECTIONS_MAX = 128 };

struct job {
    const char *url, *ca_file, *body;
    unsigned connections;
    double end_s; /* of wall_seconds */
    unsigned long requests, handshakes;
};

static double wall_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static _Noreturn void give_up(const char *why)
{
    fprintf(stderr, "http_bench: %s\n", why);
    exit(EXIT_FAILURE);
}

/* ---- ours ---- */

struct slot {
    struct job *job;
    struct peri_pool *pool;
    struct peri_request *request;
};

static void on_change(void *arg);

static void send_next(struct slot *slot)
{
    static const struct peri_request_field fields[] = {{"Content-Type", "text/xml"}};
    struct peri_request_settings settings = {.url = slot->job->url,
                                             .fields = fields,
                                             .field_count = 1,
                                             .body = slot->job->body,
                                             .body_len = strlen(slot->job->body)};
    struct peri_error err = {0};
    slot->request = peri_request_new(slot->pool, &settings, on_change, slot, &err);
    if (slot->request == NULL)
        give_up(err.message);
    peri_request_gather(slot->request);
}

static void on_change(void *arg)
{
    struct slot *slot = arg;
    const struct peri_error *error;
    if (!peri_request_is_done(slot->request, &error))
        return;
    if (error != NULL || peri_request_status(slot->request) != 200)
        give_up(error != NULL ? error->message : "the answer is not 200");
    peri_request_free(slot->request);
    slot->request = NULL;
    slot->job->requests++;
    if (wall_seconds() < slot->job->end_s)
        send_next(slot);
}

static void run_pool(struct job *job)
{
    struct peri_error err = {0};
    struct peri_loop *loop = peri_loop_new(&err);
    const char *files[] = {job->ca_file};
    struct peri_pool_settings settings = {.connections = job->connections};
    settings.trust.ca_files = files;
    settings.trust.ca_file_count = 1;
    struct peri_pool *pool = peri_pool_new(loop, &settings, &err);
    if (pool == NULL)
        give_up(err.message);
    struct slot slots[CONNECTIONS_MAX];
    for (unsigned i = 0; i < job->connections; i++) {
        slots[i] = (struct slot){.job = job, .pool = pool};
        send_next(&slots[i]);
    }
    while (peri_loop_run(loop, true))
        ;
    job->handshakes = peri_pool_stats(pool).handshakes;
    peri_pool_free(pool);
    peri_loop_free(loop);
}

/* ---- bare ---- */

static size_t swallow(char *data, size_t size, size_t count, void *arg)
{
    (void)data;
    (void)arg;
    return size * count;
}

static CURL *new_easy(const struct job *job, struct curl_slist *fields)
{
    CURL *easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, job->url);
    curl_easy_setopt(easy, CURLOPT_CAINFO, job->ca_file);
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, fields);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, job->body);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, swallow);
    return easy;
}

/* Counts what is done and sends it again while there is time; returns whether anything was. */
static bool again(struct job *job, CURLM *multi, unsigned *active)
{
    CURLMsg *message;
    int left;
    bool any = false;
    while ((message = curl_multi_info_read(multi, &left)) != NULL) {
        CURL *easy = message->easy_handle;
        long status = 0, opened = 0;
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &opened);
        if (message->data.result != CURLE_OK || status != 200)
            give_up(curl_easy_strerror(message->data.result));
        any = true;
        job->requests++;
        job->handshakes += (unsigned long)opened;
        curl_multi_remove_handle(multi, easy);
        if (wall_seconds() < job->end_s)
            curl_multi_add_handle(multi, easy);
        else
            (*active)--;
    }
    return any;
}

static void run_bare(struct job *job)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURLM *multi = curl_multi_init();
    struct curl_slist *fields = curl_slist_append(NULL, "Content-Type: text/xml");
    fields = curl_slist_append(fields, "Expect:");
    CURL *easies[CONNECTIONS_MAX];
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)job->connections);
    for (unsigned i = 0; i < job->connections; i++) {
        easies[i] = new_easy(job, fields);
        curl_multi_add_handle(multi, easies[i]);
    }
    for (unsigned active = job->connections; active > 0;) {
        int running;
        curl_multi_perform(multi, &running);
        if (!again(job, multi, &active))
            curl_multi_poll(multi, NULL, 0, 1000, NULL);
    }
    for (unsigned i = 0; i < job->connections; i++)
        curl_easy_cleanup(easies[i]);
    curl_slist_free_all(fields);
    curl_multi_cleanup(multi);
}

/* ---- */

static char *read_file(const char *path)
{
    static char text[65536];
    FILE *file = fopen(path, "re");
    if (file == NULL)
        give_up("the body cannot be read");
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    return text;
}

int main(int argc, char **argv)
{
    if (argc != 7)
        give_up("usage: http_bench pool|bare URL CA_FILE BODY_FILE CONNECTIONS SECONDS");
    struct job job = {.url = argv[2], .ca_file = argv[3], .body = read_file(argv[4])};
    job.connections = (unsigned)strtoul(argv[5], NULL, 10);
    if (job.connections == 0 || job.connections > CONNECTIONS_MAX)
        give_up("1 to 128 connections");
    double start = wall_seconds(), cpu = cpu_seconds();
    job.end_s = start + strtod(argv[6], NULL);
    (strcmp(argv[1], "pool") == 0 ? run_pool : run_bare)(&job);
    printf("%lu %.3f %.3f %lu\n", job.requests, wall_seconds() - start, cpu_seconds() - cpu,
           job.handshakes);
    return EXIT_SUCCESS;
}
