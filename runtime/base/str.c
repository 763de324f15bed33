/* str.c: slices of bytes, and the nearest name to a misspelt one. */
#include "runtime/base/str.h"

#include <string.h>

enum { LONGEST = 64 };

struct peri_str peri_str_of(const char *string)
{
    return (struct peri_str){string, strlen(string)};
}

bool peri_str_equal(struct peri_str a, struct peri_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

static bool same(struct peri_str a, size_t i, struct peri_str b, size_t j)
{
    return lower(a.data[i]) == lower(b.data[j]);
}

/* One row of the distance matrix, from the two before it. Returns its least entry. */
static size_t next_row(struct peri_str a, size_t i, struct peri_str b, size_t rows[3][LONGEST + 1])
{
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    size_t least = row[0] = i;
    for (size_t j = 1; j <= b.len; j++) {
        size_t cost = same(a, i - 1, b, j - 1) ? 0 : 1;
        row[j] = smallest(last[j] + 1, row[j - 1] + 1, last[j - 1] + cost);
        bool swapped = i > 1 && j > 1 && same(a, i - 1, b, j - 2) && same(a, i - 2, b, j - 1);
        if (swapped && before[j - 2] + 1 < row[j])
            row[j] = before[j - 2] + 1;
        if (row[j] < least)
            least = row[j];
    }
    memcpy(before, last, sizeof(rows[0]));
    memcpy(last, row, sizeof(rows[0]));
    return least;
}

size_t peri_str_distance(struct peri_str a, struct peri_str b, size_t limit)
{
    if (a.len > LONGEST || b.len > LONGEST)
        return limit + 1;
    size_t rows[3][LONGEST + 1] = {0};
    for (size_t j = 0; j <= b.len; j++)
        rows[1][j] = j;
    for (size_t i = 1; i <= a.len; i++)
        if (next_row(a, i, b, rows) > limit)
            return limit + 1;
    return rows[1][b.len] > limit ? limit + 1 : rows[1][b.len];
}

size_t peri_str_tolerance(size_t len)
{
    size_t third = (len + 2) / 3;
    return third > 3 ? 3 : third;
}
