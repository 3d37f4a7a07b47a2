/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* How a machine is reset: ACPI 6.5, 5.2.9 (FADT), 4.8.3.6; the device tree's binding arm/psci.yaml. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <libfdt.h>

#include "error.h"
#include "on_failure.h"

#define FADT "/sys/firmware/acpi/tables/FACP"
#define RESET_REG_SUP (1u << 10)
#define PSCI_COMPLIANT (1u << 0)
#define PSCI_USE_HVC (1u << 1)
#define SPACE_IO 1

/* What is used of it. */
struct fadt {
	uint8_t signature[4];
	uint8_t before_flags[108];
	uint32_t flags;
	uint8_t reset_space;
	uint8_t reset_bits[3]; /* width, offset and access: always one byte, whatever they say */
	uint64_t reset_address;
	uint8_t reset_value;
	uint16_t arm_boot;
} __attribute__((packed));
_Static_assert(offsetof(struct fadt, flags) == 112 && offsetof(struct fadt, arm_boot) == 129, "ACPI 6.5, table 5.9");

static uint32_t read_delay(const char *text)
{
	char *end;
	unsigned long seconds = *text >= '0' && *text <= '9' ? strtoul(text, &end, 10) : ULONG_MAX;

	if (seconds > PURG_MAX_DELAY || *end)
		fail(NULL, "--on-failure", "'%s' is no number of seconds from 0 to %d", text, PURG_MAX_DELAY);
	return (uint32_t)seconds;
}

void on_failure_read(struct purg_failure *failure, const char *text)
{
	static const char delayed[] = "reset:";

	*failure = (struct purg_failure){.policy = PURG_FAIL_HALT};
	if (!text || !strcmp(text, "halt"))
		return;
	failure->policy = PURG_FAIL_RESET;
	if (!strncmp(text, delayed, sizeof(delayed) - 1))
		failure->delay = read_delay(text + sizeof(delayed) - 1);
	else if (strcmp(text, "reset"))
		fail(NULL, "--on-failure", "'%s' is not known; give halt, reset or reset:SECONDS", text);
}

/* Zeros where the table ends, and if there is none: they say nothing. */
static void read_fadt(const struct machine *machine, struct fadt *fadt)
{
	size_t size;
	char *table = machine_file(machine, &size, FADT);

	*fadt = (struct fadt){0};
	if (table && size >= sizeof(fadt->signature) && !memcmp(table, "FACP", sizeof(fadt->signature)))
		memcpy(fadt, table, size < sizeof(*fadt) ? size : sizeof(*fadt));
	free(table);
}

/* PSCI 0.1, which is just "arm,psci", has no reset. */
static uint32_t conduit_of_dtb(const void *dtb)
{
	static const char *const compatibles[] = {"arm,psci-1.0", "arm,psci-0.2"};

	for (size_t i = 0; i < sizeof(compatibles) / sizeof(compatibles[0]); i++) {
		int node = dtb ? fdt_node_offset_by_compatible(dtb, -1, compatibles[i]) : -1, length;
		const char *method = node < 0 ? NULL : fdt_getprop(dtb, node, "method", &length);

		if (method && length == sizeof("hvc") && !memcmp(method, "hvc", sizeof("hvc")))
			return PURG_CONDUIT_HVC;
		if (method && length == sizeof("smc") && !memcmp(method, "smc", sizeof("smc")))
			return PURG_CONDUIT_SMC;
	}
	return PURG_CONDUIT_NONE;
}

static uint32_t conduit_of_fadt(const struct machine *machine)
{
	struct fadt fadt;

	read_fadt(machine, &fadt);
	if (!(fadt.arm_boot & PSCI_COMPLIANT))
		return PURG_CONDUIT_NONE;
	return fadt.arm_boot & PSCI_USE_HVC ? PURG_CONDUIT_HVC : PURG_CONDUIT_SMC;
}

static void fill_arm64(struct purg_failure *failure, const struct machine *machine, const void *dtb)
{
	failure->conduit = conduit_of_dtb(dtb);
	if (!failure->conduit)
		failure->conduit = conduit_of_fadt(machine);
	if (!failure->conduit)
		fail(NULL, "--on-failure",
		     "neither the device tree nor ACPI's FADT has PSCI, so nothing says how this machine is reset; "
		     "give halt");
}

static void check_delay(const struct purg_failure *failure)
{
	if (failure->delay && !failure->timer_hz)
		fail(NULL, "--on-failure",
		     "how fast the TSC counts is not known, and reset:SECONDS needs that; give reset");
}

/*
 * Without a register the purgatory has the ways of a PC. A register in memory is left out: the map that it is entered
 * with has RAM alone.
 */
static void fill_x86_64(struct purg_failure *failure, const struct machine *machine)
{
	struct fadt fadt;

	check_delay(failure);
	read_fadt(machine, &fadt);
	if (!(fadt.flags & RESET_REG_SUP) || fadt.reset_space != SPACE_IO || !fadt.reset_address ||
	    fadt.reset_address > UINT16_MAX)
		return;
	failure->reset_space = fadt.reset_space;
	failure->reset_width = 8;
	failure->reset_value = fadt.reset_value;
	failure->reset_address = fadt.reset_address;
}

void on_failure_fill(struct purg_failure *failure, const struct machine *machine, const void *dtb)
{
	failure->timer_hz = machine_timer_hz(machine);
	if (failure->policy != PURG_FAIL_RESET)
		return;
	if (machine->arch == PURG_ARCH_ARM64)
		fill_arm64(failure, machine, dtb);
	else
		fill_x86_64(failure, machine);
}

void on_failure_fill_unseen(struct purg_failure *failure, uint16_t arch, const void *dtb)
{
	if (failure->policy != PURG_FAIL_RESET)
		return;
	if (arch == PURG_ARCH_X86_64) {
		check_delay(failure);
		return;
	}
	failure->conduit = conduit_of_dtb(dtb);
	if (!failure->conduit)
		fail(NULL, "--on-failure",
		     "nothing says how the machine is reset; give a device tree with PSCI by --dtb, or halt");
}
