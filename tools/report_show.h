/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#ifndef REPORT_SHOW_H
#define REPORT_SHOW_H

#include <stdbool.h>

#include <purgatory/abi.h>

/* Is its verdict one that is known here? */
bool report_show_knows(const struct purg_report *report);

/* A record in plain words, and as a JSON object without a newline behind it, as "offset" if that is not NULL. */
void report_show_text(const struct purg_report *report);
void report_show_json(const struct purg_report *report, const uint64_t *offset);

#endif
