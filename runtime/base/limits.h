/* limits.h: every ceiling on what comes from outside, its unit and its reason. */
#ifndef PERI_LIMITS_H
#define PERI_LIMITS_H

/* Bytes of one response body held in memory at once; larger ones must be streamed. */
#define PERI_LIMIT_BODY (1024UL * 1024UL * 1024UL)
/* Bytes received and not yet read by the task, before the connection is paused. */
#define PERI_LIMIT_UNREAD (256UL * 1024UL)
/* Bytes of the header lines of one response. */
#define PERI_LIMIT_HEADERS (256UL * 1024UL)
/* Bytes of one request body. A vCenter refuses requests of over 500,000 XML elements. */
#define PERI_LIMIT_REQUEST (256UL * 1024UL * 1024UL)
/* Elements inside one another in an XML body; vim25 stays below 30. */
#define PERI_LIMIT_XML_DEPTH 256
/* Bytes of one XML text or attribute. Thumbnails and certificates are the largest known. */
#define PERI_LIMIT_XML_TEXT (64UL * 1024UL * 1024UL)
/* Bytes of one tag or comment, give or take a piece of the input; the largest known tags have some
 * hundred. */
#define PERI_LIMIT_XML_TAG (16UL * 1024UL)
/* Attributes of one tag; each is compared with all others. vim25 has up to 5. */
#define PERI_LIMIT_XML_ATTRIBUTES 128
/* Bytes of the names in XML bodies that are kept for the next ones; more, and they start anew. */
#define PERI_LIMIT_XML_NAMES (1024UL * 1024UL)
/* Bytes of an XML document that is read whole: a token, with the certificates in it. */
#define PERI_LIMIT_XML_DOCUMENT (1024UL * 1024UL)
/* Tables inside one another in a value to encode; deeper is a cycle. */
#define PERI_LIMIT_VALUE_DEPTH 128
/* Bytes that another program may write; what is run are commands that print a secret. */
#define PERI_LIMIT_PROCESS_OUTPUT (16UL * 1024UL * 1024UL)
/* Seconds of one sleep: ten years; more is a mistake of unit. */
#define PERI_LIMIT_SLEEP_S (10.0 * 366 * 86400)
/* Bytes that the Lua state may hold; an estate of 100,000 VMs stays below a quarter of it. */
#define PERI_LIMIT_LUA_MEMORY (4096UL * 1024UL * 1024UL)
/* Milliseconds that tasks have to end when the program does. */
#define PERI_LIMIT_FINISH_MS 10000
/* Bytes of one line read from a terminal or a pipe. */
#define PERI_LIMIT_LINE (1024UL * 1024UL)
/* Bytes of the names in one folder; what comes after is not listed. */
#define PERI_LIMIT_FOLDER (16UL * 1024UL * 1024UL)
/* Bytes that wait to be printed above a prompt, or of a history: far more than anybody reads. */
#define PERI_LIMIT_TERMINAL (16UL * 1024UL * 1024UL)
/* Lines of the history that are kept. */
#define PERI_LIMIT_HISTORY 10000
/* Bytes of the statements of one job for the store, and of the rows it finds. A delivery's body is
 * the largest value. */
#define PERI_LIMIT_STORE_JOB (256UL * 1024UL * 1024UL)
/* Milliseconds that the store waits for another program to let go of its file. */
#define PERI_LIMIT_STORE_BUSY_MS 10000

#endif
