/* stamp.c: points in time as XML writes them. */
#include "bindings/soap/stamp.h"

#include <stdio.h>

enum {
    DAYS_OF_ERA = 146097,
    EPOCH_DAY = 719468
}; /* days of 400 years; 1970-01-01 from 0000-03-01 */

#define SECOND_US INT64_C(1000000)
#define DAY_US (INT64_C(86400) * SECOND_US)

/* Days from 1970-01-01 to a date of the proleptic Gregorian calendar, years starting in March. */
static int64_t days_from(int64_t year, int month, int day)
{
    year -= month <= 2 ? 1 : 0;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * DAYS_OF_ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year - EPOCH_DAY;
}

static void date_of(int64_t days, int64_t *year, int *month, int *day)
{
    days += EPOCH_DAY;
    int64_t era = (days >= 0 ? days : days - DAYS_OF_ERA + 1) / DAYS_OF_ERA;
    int64_t of_era = days - era * DAYS_OF_ERA;
    int64_t year_of_era =
        (of_era - of_era / 1460 + of_era / 36524 - of_era / (DAYS_OF_ERA - 1)) / 365;
    int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t from_march = (5 * of_year + 2) / 153;
    *day = (int)(of_year - (153 * from_march + 2) / 5 + 1);
    *month = (int)(from_march < 10 ? from_march + 3 : from_march - 9);
    *year = year_of_era + era * 400 + (*month <= 2 ? 1 : 0);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Takes count digits and, unless it is 0, the character after them. */
static bool take(struct peri_str *text, size_t count, char after, int *out)
{
    size_t need = count + (after != '\0' ? 1 : 0);
    int value = 0;
    if (text->len < need || (after != '\0' && text->data[count] != after))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!is_digit(text->data[i]))
            return false;
        value = value * 10 + (text->data[i] - '0');
    }
    *out = value;
    text->data += need;
    text->len -= need;
    return true;
}

static bool is_valid_date(int year, int month, int day)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (month < 1 || month > 12)
        return false;
    return day >= 1 && day <= lengths[month - 1] + (month == 2 && is_leap ? 1 : 0);
}

static bool take_date(struct peri_str *text, int64_t *time_us)
{
    int year, month, day;
    if (!take(text, 4, '-', &year) || !take(text, 2, '-', &month) || !take(text, 2, 'T', &day) ||
        !is_valid_date(year, month, day))
        return false;
    *time_us = days_from(year, month, day) * DAY_US;
    return true;
}

static bool take_clock(struct peri_str *text, int64_t *time_us)
{
    int hour, minute, second;
    if (!take(text, 2, ':', &hour) || !take(text, 2, ':', &minute) || !take(text, 2, '\0', &second))
        return false;
    bool is_midnight = hour == 24 && minute == 0 && second == 0;
    if ((hour > 23 && !is_midnight) || minute > 59 || second > 60)
        return false;
    *time_us += (hour * 3600 + minute * 60 + second) * SECOND_US;
    return true;
}

static bool take_fraction(struct peri_str *text, int64_t *time_us)
{
    int64_t unit = SECOND_US / 10;
    if (text->len == 0 || text->data[0] != '.')
        return true;
    size_t i = 1;
    for (; i < text->len && is_digit(text->data[i]); i++) {
        *time_us += (text->data[i] - '0') * unit;
        unit /= 10;
    }
    text->data += i;
    text->len -= i;
    return i > 1;
}

static bool take_offset(struct peri_str *text, int64_t *time_us)
{
    int hours, minutes;
    if (text->len == 0)
        return true;
    char sign = text->data[0];
    text->data++;
    text->len--;
    if (sign == 'Z')
        return true;
    if ((sign != '+' && sign != '-') || !take(text, 2, ':', &hours) ||
        !take(text, 2, '\0', &minutes) || hours > 14 || minutes > 59)
        return false;
    int64_t offset = (hours * INT64_C(60) + minutes) * 60 * SECOND_US;
    *time_us -= sign == '+' ? offset : -offset;
    return true;
}

bool peri_stamp_read(struct peri_str text, int64_t *time_us)
{
    int64_t read;
    if (!take_date(&text, &read) || !take_clock(&text, &read) || !take_fraction(&text, &read) ||
        !take_offset(&text, &read) || text.len > 0)
        return false;
    *time_us = read;
    return true;
}

size_t peri_stamp_write(int64_t time_us, char out[PERI_STAMP_SIZE])
{
    int64_t days = time_us / DAY_US, rest = time_us % DAY_US, year;
    int month, day;
    if (rest < 0) {
        rest += DAY_US;
        days--;
    }
    date_of(days, &year, &month, &day);
    if (year < 0 || year > 9999)
        return 0;
    int second = (int)(rest / SECOND_US), fraction = (int)(rest % SECOND_US);
    int len = snprintf(out, PERI_STAMP_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d", (int)year, month, day,
                       second / 3600, second / 60 % 60, second % 60);
    if (fraction != 0)
        len += snprintf(out + len, PERI_STAMP_SIZE - (size_t)len, ".%06d", fraction);
    len += snprintf(out + len, PERI_STAMP_SIZE - (size_t)len, "Z");
    return (size_t)len;
}
