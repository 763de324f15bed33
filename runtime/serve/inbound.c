/* inbound.c: the head is gathered and checked whole, then given to llhttp, as is the body after. */
#include "runtime/serve/inbound.h"

#include <string.h>
#include <strings.h>

#include "runtime/base/alloc.h"
#include "runtime/base/check.h"

enum { DECIMAL = 10, LENGTH_DIGITS = 18, HEAD_END = 4 };

static bool refuse(struct peri_inbound *in, int status, const char *reason)
{
    in->state = PERI_INBOUND_BAD;
    in->status = status;
    in->reason = reason;
    return false;
}

/* ---- what the parser tells ---- */

static int on_headers_complete(llhttp_t *parser)
{
    parser->upgrade = 0; /* we speak nothing else, and may say so by going on */
    return 0;
}

static bool is_control(unsigned char c)
{
    return (c < ' ' && c != '\t' && c != '\r' && c != '\n') || c == 0x7f;
}

/* The lines between chunks and behind the last, up to a place: the parser forgives what others read
 * in another way, and does not count. */
static bool check_framing(struct peri_inbound *in, const char *end)
{
    for (; in->is_chunked && in->framed < end; in->framed++) {
        char c = *in->framed;
        if ((c == '\n') != (in->before == '\r') || is_control((unsigned char)c))
            return refuse(in, 400, "a line between chunks does not end with CR LF");
        if (in->framing++ == in->limits->head)
            return refuse(in, 431, "the lines between chunks are too long");
        in->before = c;
    }
    return true;
}

static int on_body(llhttp_t *parser, const char *at, size_t n)
{
    struct peri_inbound *in = parser->data;
    if (!check_framing(in, at))
        return HPE_USER;
    in->framed = at + n;
    in->framing = 0;
    in->before = '\0';
    if (peri_buf_add(&in->body, at, n, NULL))
        return 0;
    refuse(in, 413, "the body is larger than this server takes");
    return HPE_USER;
}

static int on_message_complete(llhttp_t *parser)
{
    struct peri_inbound *in = parser->data;
    in->state = PERI_INBOUND_WHOLE;
    in->is_last = in->is_last || llhttp_should_keep_alive(parser) == 0;
    return HPE_PAUSED;
}

static const llhttp_settings_t callbacks = {
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

/* ---- the head, line by line ---- */

static bool is_token(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool equals(struct peri_str text, const char *word)
{
    return text.len == strlen(word) && strncasecmp(text.data, word, text.len) == 0;
}

static bool check_target(struct peri_inbound *in)
{
    struct peri_str target = in->target;
    if (equals(in->method, "CONNECT"))
        return refuse(in, 501, "this is no proxy");
    if (target.len > in->limits->target)
        return refuse(in, 414, "the target is too long");
    for (size_t i = 0; i < target.len; i++)
        if ((unsigned char)target.data[i] <= ' ' || (unsigned char)target.data[i] >= 0x7f)
            return refuse(in, 400, "the target has bytes that it must not have");
    bool is_all = target.len == 1 && target.data[0] == '*' && equals(in->method, "OPTIONS");
    if (target.len > 0 && (target.data[0] == '/' || is_all))
        return true;
    return refuse(in, 400, "the target is no path");
}

static bool check_version(struct peri_inbound *in, struct peri_str version)
{
    in->is_10 = version.len == 8 && memcmp(version.data, "HTTP/1.0", 8) == 0;
    if (in->is_10 || (version.len == 8 && memcmp(version.data, "HTTP/1.1", 8) == 0))
        return true;
    bool is_http = version.len >= 5 && memcmp(version.data, "HTTP/", 5) == 0;
    return refuse(in, is_http ? 505 : 400, is_http ? "HTTP/1.1 is spoken here" : "this is no HTTP");
}

static bool check_request_line(struct peri_inbound *in, const char *line, size_t n)
{
    const char *space = memchr(line, ' ', n);
    size_t method = space == NULL ? 0 : (size_t)(space - line);
    for (size_t i = 0; i < method; i++)
        if (!is_token((unsigned char)line[i]))
            return refuse(in, 400, "this is no HTTP");
    const char *target = line + method + 1;
    const char *end = method == 0 ? NULL : memchr(target, ' ', n - method - 1);
    if (end == NULL)
        return refuse(in, 400, "this is no HTTP");
    in->method = (struct peri_str){line, method};
    in->target = (struct peri_str){target, (size_t)(end - target)};
    return check_version(in, (struct peri_str){end + 1, n - (size_t)(end + 1 - line)}) &&
           check_target(in);
}

static bool take_length(struct peri_inbound *in, struct peri_str value)
{
    if (in->has_length || value.len == 0 || value.len > LENGTH_DIGITS)
        return refuse(in, 400, "Content-Length is not said once, as a number");
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] < '0' || value.data[i] > '9')
            return refuse(in, 400, "Content-Length is not said once, as a number");
        in->length = in->length * DECIMAL + (uint64_t)(value.data[i] - '0');
    }
    in->has_length = true;
    return true;
}

static bool take_field(struct peri_inbound *in, struct peri_str name, struct peri_str value)
{
    if (equals(name, "Content-Length"))
        return take_length(in, value);
    if (equals(name, "Transfer-Encoding")) {
        if (in->is_chunked || in->is_10)
            return refuse(in, 400, "Transfer-Encoding is said twice, or in HTTP/1.0");
        in->is_chunked = true;
        return equals(value, "chunked") ||
               refuse(in, 501, "no Transfer-Encoding but chunked is understood");
    }
    if (equals(name, "Host")) {
        bool is_second = in->has_host;
        in->has_host = true;
        return !is_second || refuse(in, 400, "Host is said twice");
    }
    if (equals(name, "Expect") && !in->is_10) {
        in->is_expecting = equals(value, "100-continue");
        return in->is_expecting || refuse(in, 417, "no expectation but 100-continue can be met");
    }
    return true;
}

static bool check_field(struct peri_inbound *in, const char *line, size_t n)
{
    size_t name = 0, value, end = n;
    while (name < n && is_token((unsigned char)line[name]))
        name++;
    if (name == 0 || name == n || line[name] != ':')
        return refuse(in, 400, "a header line is not \"Name: value\"");
    for (value = name + 1; value < n && (line[value] == ' ' || line[value] == '\t');)
        value++;
    while (end > value && (line[end - 1] == ' ' || line[end - 1] == '\t'))
        end--;
    if (in->count == in->limits->fields)
        return refuse(in, 431, "there are too many header lines");
    uint32_t at = (uint32_t)(line - in->head.data);
    in->fields[in->count++] = (struct peri_inbound_field){at, (uint32_t)name, at + (uint32_t)value,
                                                          (uint32_t)(end - value)};
    return take_field(in, (struct peri_str){line, name},
                      (struct peri_str){line + value, end - value});
}

static bool check_whole(struct peri_inbound *in)
{
    if (!in->has_host && !in->is_10)
        return refuse(in, 400, "there is no Host");
    if (in->has_length && in->is_chunked)
        return refuse(in, 400, "Content-Length and Transfer-Encoding contradict each other");
    if (in->length > in->limits->body)
        return refuse(in, 413, "the body is larger than this server takes");
    return true;
}

static bool check_head(struct peri_inbound *in)
{
    const char *line = in->head.data, *end = line + in->head.len - 2;
    in->fields = peri_alloc_array(in->limits->fields, sizeof(*in->fields));
    for (bool is_first = true; line < end; is_first = false) {
        const char *stop = memchr(line, '\r', (size_t)(end - line) + 1);
        peri_assert(stop != NULL); /* each line ends so: check_bytes */
        size_t n = (size_t)(stop - line);
        if (!(is_first ? check_request_line(in, line, n) : check_field(in, line, n)))
            return false;
        line = stop + 2;
    }
    in->fields = peri_realloc(in->fields, (in->count + 1) * sizeof(*in->fields));
    return check_whole(in);
}

/* ---- bytes ---- */

/* Bytes from a place of the head on: lines end with CR LF, and there are no others of their kind.
 */
static bool check_bytes(struct peri_inbound *in, size_t from)
{
    for (size_t i = from; i < in->head.len; i++) {
        unsigned char c = (unsigned char)in->head.data[i];
        bool is_after_cr = i > 0 && in->head.data[i - 1] == '\r';
        if ((c == '\n') != is_after_cr)
            return refuse(in, 400, "a line does not end with CR LF");
        if (is_control(c))
            return refuse(in, 400, "there are control characters in the head");
    }
    return true;
}

/* Whether the parser goes along; what it does not like we do not. */
static bool execute(struct peri_inbound *in, const char *bytes, size_t n, size_t *used)
{
    llhttp_errno_t code = llhttp_execute(&in->parser, bytes, n);
    const char *end = code == HPE_OK ? bytes + n : llhttp_get_error_pos(&in->parser);
    *used = n;
    if (in->state == PERI_INBOUND_BAD || !check_framing(in, end))
        return false;
    if (code == HPE_OK)
        return true;
    if (code != HPE_PAUSED || in->state != PERI_INBOUND_WHOLE)
        return refuse(in, code == HPE_INVALID_METHOD ? 501 : 400,
                      in->state == PERI_INBOUND_BODY ? "the body is not as its head says"
                                                     : "this is no HTTP");
    *used = (size_t)(end - bytes);
    return true;
}

/* The place behind the empty line that ends the head; 0 when it has not come. */
static size_t find_end(const struct peri_inbound *in, size_t from)
{
    for (size_t i = from < HEAD_END - 1 ? HEAD_END - 1 : from; i < in->head.len; i++)
        if (in->head.data[i] == '\n' && in->head.data[i - 2] == '\n')
            return i + 1;
    return 0;
}

static bool too_long(struct peri_inbound *in)
{
    const char *line_end = memchr(in->head.data, '\n', in->head.len);
    if (line_end == NULL)
        return refuse(in, 414, "the target is too long");
    return refuse(in, 431, "the head is larger than this server takes");
}

/* The head is whole. */
static bool begin(struct peri_inbound *in)
{
    size_t used;
    if (!check_head(in))
        return false;
    llhttp_init(&in->parser, HTTP_REQUEST, &callbacks);
    in->parser.data = in;
    in->state = PERI_INBOUND_BODY;
    peri_buf_init(&in->body, in->limits->body);
    peri_buf_expect(&in->body, in->length < 65536 ? (size_t)in->length : 65536);
    in->framed = in->head.data + in->head.len;
    if (!execute(in, in->head.data, in->head.len, &used))
        return false;
    bool is_chunked = (in->parser.flags & F_CHUNKED) != 0;
    return is_chunked == in->is_chunked || refuse(in, 400, "Transfer-Encoding is not understood");
}

static size_t feed_body(struct peri_inbound *in, const char *bytes, size_t n)
{
    size_t used;
    in->framed = bytes;
    execute(in, bytes, n, &used);
    return used;
}

static size_t feed_head(struct peri_inbound *in, const char *bytes, size_t n)
{
    size_t before = in->head.len, room = in->limits->head - before;
    size_t taken = n < room ? n : room;
    if (!peri_buf_add(&in->head, bytes, taken, NULL)) {
        refuse(in, 431, "the head is larger than this server takes");
        return 0;
    }
    in->state = PERI_INBOUND_HEAD;
    size_t end = find_end(in, before);
    if (end > 0) {
        in->head.len = end;
        in->head.data[end] = '\0';
        taken = end - before;
    }
    if (check_bytes(in, before) && (end > 0 ? begin(in) : in->head.len < in->limits->head))
        return taken;
    if (in->state != PERI_INBOUND_BAD)
        too_long(in);
    return taken;
}

/* One empty line before a request is forgiven: old clients end a body so. */
static size_t skip_line(struct peri_inbound *in, const char *bytes, size_t n)
{
    static const char line[] = "\r\n";
    size_t used = 0;
    if (in->state != PERI_INBOUND_EMPTY)
        return 0;
    while (used < n && in->skipped < sizeof(line) - 1 && bytes[used] == line[in->skipped]) {
        used++;
        in->skipped++;
    }
    if (used < n && in->skipped == 1)
        refuse(in, 400, "a line does not end with CR LF");
    return used;
}

void peri_inbound_init(struct peri_inbound *in, const struct peri_inbound_limits *limits)
{
    *in = (struct peri_inbound){.limits = limits};
    peri_buf_init(&in->head, limits->head);
    peri_buf_init(&in->body, limits->body);
}

void peri_inbound_reset(struct peri_inbound *in)
{
    peri_buf_deinit(&in->head);
    peri_buf_deinit(&in->body);
    peri_free(in->fields);
    peri_inbound_init(in, in->limits);
}

size_t peri_inbound_feed(struct peri_inbound *in, const char *bytes, size_t n)
{
    size_t used = skip_line(in, bytes, n);
    if (used < n && (in->state == PERI_INBOUND_EMPTY || in->state == PERI_INBOUND_HEAD))
        used += feed_head(in, bytes + used, n - used);
    if (used < n && in->state == PERI_INBOUND_BODY)
        used += feed_body(in, bytes + used, n - used);
    return used;
}

void peri_inbound_field(const struct peri_inbound *in, unsigned at, struct peri_str *name,
                        struct peri_str *value)
{
    const struct peri_inbound_field *field = &in->fields[at];
    *name = (struct peri_str){in->head.data + field->name, field->name_len};
    *value = (struct peri_str){in->head.data + field->value, field->value_len};
}

bool peri_inbound_find(const struct peri_inbound *in, struct peri_str name, unsigned *at,
                       struct peri_str *value)
{
    while (*at < in->count) {
        struct peri_str found;
        peri_inbound_field(in, (*at)++, &found, value);
        if (found.len == name.len && strncasecmp(found.data, name.data, name.len) == 0)
            return true;
    }
    return false;
}
