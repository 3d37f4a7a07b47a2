/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#ifndef CONSOLE_ACPI_H
#define CONSOLE_ACPI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <purgatory/abi.h>

/* The UART of ACPI's table SPCR, if it is one that the purgatory knows. */
bool console_acpi_find(const uint8_t *spcr, size_t size, struct purg_console *console);

#endif
