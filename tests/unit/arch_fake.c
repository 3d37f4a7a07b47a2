/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <fail.h>
#include <walk.h>

#include "fake.h"

_Noreturn void purgatory_main(void);

struct fake fake;
struct purg_params purg_params;

/* The object behind `purg_header`: as large as the header says that the image is. */
extern const union {
	struct purg_header header;
	uint8_t bytes[2 * FAKE_PAGE];
} fake_page __asm__("purg_header");
_Alignas(FAKE_PAGE) const __typeof__(fake_page) fake_page = {
	.header = {.magic = PURG_HEADER_MAGIC, .align = FAKE_PAGE, .mem_size = 2 * FAKE_PAGE, .ro_size = FAKE_PAGE},
};

uint32_t fake_compat_client;
struct client_region fake_regions[CLIENT_REGIONS];
uint8_t fake_digest[PURG_DIGEST_SIZE];
uint32_t fake_skip_checks;

static jmp_buf end;

void fake_run(void)
{
	fake.length = 0;
	fake.write_count = 0;
	fake.sync_count = 0;
	memset(fake.transcript, 0, sizeof(fake.transcript));
	fake.end = FAKE_RUNNING;
	if (setjmp(end) == 0)
		purgatory_main();
}

void fake_valid_block(struct purg_params *params, const void *payload, size_t size)
{
	memset(params, 0, sizeof(*params));
	params->magic = PURG_PARAMS_MAGIC;
	params->abi_major = PURG_ABI_MAJOR;
	params->size = PURG_PARAMS_SIZE;
	params->segment_count = 1;
	params->segment[0].start = (uintptr_t)payload;
	params->segment[0].size = size;
	memcpy(params->segment[0].name, "payload", sizeof("payload"));
	sha256(sha256_blocks_portable, payload, size, params->segment[0].digest);
	params->handoff.arm64.pc = (uintptr_t)payload;
	params->console[0].kind = PURG_CONSOLE_PL011;
	params->console[0].base = FAKE_UART;
}

uint64_t arch_physical_end(void)
{
	return 1ull << FAKE_PHYSICAL_BITS;
}

bool arch_mapped(uint64_t start, uint64_t size)
{
	return !ranges_overlap(start, size, FAKE_UNMAPPED, FAKE_PAGE);
}

bool arch_check_cpu(void)
{
	return !fake.bad_cpu;
}

bool arch_mode_known(uint32_t mode)
{
	return mode == PURG_HANDOFF_NATIVE || mode == PURG_HANDOFF_X86_32;
}

size_t arch_regs_size(uint32_t mode)
{
	return mode == PURG_HANDOFF_NATIVE ? sizeof(struct purg_regs_arm64) : sizeof(struct purg_regs_x86_32);
}

uint64_t arch_low_end(uint32_t mode)
{
	return mode == PURG_HANDOFF_NATIVE ? 0 : fake.low_end;
}

uint64_t arch_entry(const struct purg_handoff *handoff)
{
	return handoff->arm64.pc;
}

uint32_t arch_known_checks(void)
{
	return PURG_CHECK_KERNEL;
}

bool arch_handoff_check(const struct purg_handoff *handoff, struct finding *finding)
{
	return !fake.bad_kernel || refuse(finding, PURG_E_KERNEL, "pc", handoff->arm64.pc);
}

bool arch_compat_fill(struct purg_params *params, struct finding *finding)
{
	params->console[0].kind = PURG_CONSOLE_PL011;
	params->console[0].base = FAKE_UART;
	params->handoff.arm64.pc = fake.client_entry;
	return fake.client_entry || refuse(finding, PURG_E_ENTRY, "entry", 0);
}

bool arch_compat_finish(const struct purg_params *params, struct finding *finding)
{
	return !fake.bad_finish || params_may_write(params, fake.bad_finish, 1) ||
	       refuse(finding, PURG_E_RANGE, "bad_finish", fake.bad_finish);
}

_Noreturn void arch_handoff(const struct purg_handoff *handoff, uint64_t way)
{
	assert_int_equal(way, 0);
	assert_false(fake.cached);
	assert_false(fake.vectors);
	fake.end = FAKE_JUMPED;
	fake.entry = handoff->arm64.pc;
	longjmp(end, 1);
}

void arch_vectors_begin(void)
{
	fake.vectors = true;
}

void arch_vectors_end(void)
{
	fake.vectors = false;
}

void arch_caches_abandon(void)
{
	fake.cached = false;
}

bool arch_reset_check(const struct purg_failure *failure, struct finding *finding)
{
	return failure->conduit == PURG_CONDUIT_SMC || refuse(finding, PURG_E_VALUE, "conduit", failure->conduit);
}

void arch_reset(const struct purg_failure *failure, bool sound)
{
	(void)failure;
	fake.end = FAKE_RESET;
	fake.reset_sound = sound;
	if (!fake.no_reset)
		longjmp(end, 1);
}

_Noreturn void arch_return(uint32_t code)
{
	assert_false(fake.cached);
	assert_false(fake.vectors);
	fake.end = FAKE_RETURNED;
	fake.code = code;
	longjmp(end, 1);
}

_Noreturn void arch_halt(uint32_t code)
{
	assert_false(fake.cached);
	fake.end = FAKE_HALTED;
	fake.code = code;
	longjmp(end, 1);
}

void arch_simd_begin(void)
{
}

void arch_simd_end(void)
{
}

const char *arch_caches_begin(const struct purg_params *params)
{
	(void)params;
	fake.cached = true;
	fake.cachings++;
	if (fake.faults && --fake.faults == 0)
		fault(0x96000010, 0x1234, 0x5678);
	return fake.uncached;
}

void arch_caches_end(const struct purg_params *params)
{
	(void)params;
	fake.cached = false;
}

bool old_memory_begin(void)
{
	assert_true(fake.cached);
	return !fake.uncached;
}

bool old_memory_read(uint64_t address, uint64_t *value)
{
	if (fake.old_memory)
		return fake.old_memory(address, value);
	*value = *(const uint64_t *)(uintptr_t)address;
	return true;
}

/* A PL011's FR and an 8250's LSR at once: TXFF and BUSY, or THRE and TEMT, whichever means ready or stuck. */
static uint32_t status(uint64_t address)
{
	bool pl011 = purg_params.console[0].kind == PURG_CONSOLE_PL011;

	fake.polls++;
	fake.status_address = address;
	return pl011 == fake.stuck ? 0x28 | (pl011 ? 0 : 0x40) : 0;
}

static void send(uint64_t address, uint32_t width, uint8_t byte)
{
	if (fake.write_count < FAKE_WRITES)
		fake.writes[fake.write_count++] = (struct fake_write){address, byte};
	fake.data_address = address;
	fake.width = width;
	if (fake.length < sizeof(fake.transcript) - 1)
		fake.transcript[fake.length++] = (char)byte;
}

/* The cell of the fake screen, or NULL. */
static uint16_t *cell(uint64_t address, uint32_t width)
{
	uint64_t offset = address - FAKE_SCREEN;

	if (offset >= sizeof(fake.screen))
		return NULL;
	assert_int_equal(width, 2);
	assert_int_equal(offset % 2, 0);
	return &fake.screen[offset / 2];
}

uint32_t arch_mmio_read(uint64_t address, uint32_t width)
{
	if (fake.deaf && address - fake.deaf < PURG_CONSOLE_SPAN)
		fault(0x96000010, 0x1234, address);
	return cell(address, width) ? *cell(address, width) : status(address);
}

void arch_mmio_write(uint64_t address, uint32_t width, uint32_t value)
{
	if (cell(address, width))
		*cell(address, width) = (uint16_t)value;
	else
		send(address, width, (uint8_t)value);
}

bool arch_has_console(uint32_t kind)
{
	return kind != fake.no_console;
}

/* Time passes by being looked at, unless it stands still. */
uint64_t arch_ticks(void)
{
	fake.looks++;
	return fake.ticks += fake.ticks_per_look;
}

uint64_t arch_ticks_hz(void)
{
	return fake.ticks_hz;
}

uint32_t arch_cpu_level(void)
{
	return 0x1234;
}

void arch_cpu_id(uint64_t id[2])
{
	id[0] = 0x1111;
	id[1] = 0x2222;
}

void arch_sync_memory(uint64_t start, uint64_t size)
{
	assert_false(fake.cached);
	if (fake.sync_count < FAKE_SYNCS)
		fake.syncs[fake.sync_count] = (struct fake_sync){start, size, *(const uint64_t *)(uintptr_t)start};
	fake.sync_count++;
}

uint32_t arch_device_flags(void)
{
	return PURG_FLAG_RESET_VGA;
}

void arch_reset_devices(uint32_t flags)
{
	assert_int_equal(fake.write_count, 0);
	fake.reset_flags = flags;
}

uint32_t arch_port_read(uint16_t port)
{
	return status(port);
}

void arch_port_write(uint16_t port, uint8_t value)
{
	send(port, 0, value);
}

void arch_sha256(struct sha256_engine *engine, bool portable)
{
	(void)portable;
	*engine = (struct sha256_engine){.name = "portable", .blocks = sha256_blocks_portable};
}
