/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The record that a boot leaves, byte for byte, however it ends; and when it leaves none. */
#include "corridor.h"

/* Where the record goes: to all but the first and the last word, which must stay as they are. */
#define RECORD sizeof(struct purg_report)
static uint64_t place[RECORD / 8 + 2];

/* The counter goes on by ten each time that it is looked at. */
static void ask_for_record(void)
{
	memset(place, 0xee, sizeof(place));
	purg_params.report.address = (uintptr_t)&place[1];
	purg_params.report.size = RECORD + 8;
	fake.ticks_per_look = 10;
	fake.ticks_hz = 1000;
}

/* What does not depend on the boot's end. */
static struct purg_report begun(uint32_t verdict, uint32_t code, uint32_t stage)
{
	return (struct purg_report){
		.magic = PURG_REPORT_MAGIC,
		.abi_major = PURG_ABI_MAJOR,
		.abi_minor = PURG_ABI_MINOR,
		.size = RECORD,
		.verdict = verdict,
		.code = code,
		.stage = stage,
		.segment = 0xffffffff,
		.sha256 = "portable",
		.level = 0x1234,
		.ticks_check = 10,
		.ticks_hz = 1000,
		.cpu_id = {0x1111, 0x2222},
	};
}

/* The same of a boot that came to hashing: cached, and with five laps more. */
static struct purg_report worked(uint32_t verdict, uint32_t code, uint32_t stage)
{
	struct purg_report record = begun(verdict, code, stage);

	record.cached = 1;
	record.ticks_hash = 30;
	record.ticks_walk = 10;
	record.ticks_copy = 10;
	return record;
}

static void assert_no_record(void)
{
	for (size_t i = 0; i < sizeof(place) / sizeof(place[0]); i++)
		assert_int_equal(place[i], 0xeeeeeeeeeeeeeeee);
	assert_int_equal(fake.sync_count, 0);
}

/* Exactly this, with its digest; memory and caches made to agree before it is written and after. */
static void assert_record(struct purg_report record)
{
	struct purg_report found;

	memcpy(&found, &place[1], RECORD);
	sha256(sha256_blocks_portable, &record, RECORD, record.digest);
	assert_memory_equal(&found, &record, RECORD);
	assert_int_equal(place[0], 0xeeeeeeeeeeeeeeee);
	assert_int_equal(place[1 + RECORD / 8], 0xeeeeeeeeeeeeeeee);
	assert_int_equal(fake.sync_count, 2);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(fake.syncs[i].start, (uintptr_t)&place[1]);
		assert_int_equal(fake.syncs[i].size, RECORD);
	}
	assert_int_not_equal(fake.syncs[0].first, PURG_REPORT_MAGIC);
	assert_int_equal(fake.syncs[1].first, PURG_REPORT_MAGIC);
}

static void record_of_success(void **state)
{
	struct purg_report record = worked(PURG_VERDICT_VERIFIED, PURG_OK, PURG_STAGE_HANDOFF);

	(void)state;
	add_initrd();
	ask_for_record();
	record.segment_count = 2;
	record.bytes = 1777;
	assert_jumped("verified 2 segments, 1777 bytes");
	assert_record(record);
}

/* No record: no byte is written, and no cache is touched. */
static void no_record(void **state)
{
	(void)state;
	ask_for_record();
	memset(&purg_params.report, 0, sizeof(purg_params.report));
	assert_jumped("verified 1");
	assert_no_record();
	purg_params.block_digest[0] = 1;
	assert_refused(PURG_E_BLOCK, "the parameter block was changed");
	assert_no_record();
}

static void record_without_caches(void **state)
{
	struct purg_report record = worked(PURG_VERDICT_VERIFIED, PURG_OK, PURG_STAGE_HANDOFF);

	(void)state;
	fake.uncached = "there are none";
	ask_for_record();
	record.cached = 0;
	record.segment_count = 1;
	record.bytes = 1000;
	assert_jumped("uncached: there are none");
	assert_record(record);
}

/* By the loader's word nothing counts as verified; and how fast the counter is, is what the loader says, too. */
static void record_of_never(void **state)
{
	struct purg_report record = worked(PURG_VERDICT_NONE, PURG_OK, PURG_STAGE_HANDOFF);

	(void)state;
	ask_for_record();
	purg_params.verify = PURG_VERIFY_NEVER;
	purg_params.failure.timer_hz = 77;
	record.ticks_hz = 77;
	assert_jumped("NOT verified");
	assert_record(record);
}

/* A place in a verified segment is verified as it was, and then written to. */
static void record_in_segment(void **state)
{
	struct purg_report record = worked(PURG_VERDICT_VERIFIED, PURG_OK, PURG_STAGE_HANDOFF);

	(void)state;
	ask_for_record();
	add_segment("place", place, sizeof(place));
	record.segment_count = 2;
	record.bytes = 1000 + sizeof(place);
	assert_jumped("verified 2 segments");
	assert_record(record);
	assert_refused(PURG_E_DIGEST, "segment 1 (place)");
}

/* The digests, the segment's number and its name. */
static void record_of_damage(void **state)
{
	struct purg_report record = worked(PURG_VERDICT_REFUSED, PURG_E_DIGEST, PURG_STAGE_VERIFY);

	(void)state;
	add_initrd();
	ask_for_record();
	record.segment = 1;
	memcpy(record.segment_name, "initrd", sizeof("initrd"));
	memcpy(record.expected, purg_params.segment[1].digest, PURG_DIGEST_SIZE);
	initrd[5] ^= 1;
	sha256(sha256_blocks_portable, initrd, sizeof(initrd), record.computed);
	assert_refused(PURG_E_DIGEST, "segment 1 (initrd)");
	assert_record(record);
}

/* The concatenation names no segment. */
static void record_of_damaged_concatenation(void **state)
{
	struct purg_report record = worked(PURG_VERDICT_REFUSED, PURG_E_CONCAT, PURG_STAGE_VERIFY);

	(void)state;
	make_concat();
	ask_for_record();
	memcpy(record.computed, purg_params.digest, PURG_DIGEST_SIZE);
	purg_params.digest[0] ^= 1;
	memcpy(record.expected, purg_params.digest, PURG_DIGEST_SIZE);
	assert_refused(PURG_E_CONCAT, "the concatenation's digest");
	assert_record(record);
}

static void record_of_bad_handoff(void **state)
{
	(void)state;
	ask_for_record();
	fake.bad_kernel = true;
	assert_refused(PURG_E_KERNEL, "handoff pc");
	assert_record(worked(PURG_VERDICT_REFUSED, PURG_E_KERNEL, PURG_STAGE_HANDOFF));
}

/* A fault in a field of a block that has its digest, so that it is what the loader gave; of a segment's, and another.
 */
static void record_of_bad_field(void **state)
{
	struct purg_report record = begun(PURG_VERDICT_REFUSED, PURG_E_OVERLAP, PURG_STAGE_PARAMETERS);

	(void)state;
	add_initrd();
	ask_for_record();
	purg_params.segment[1].start = (uintptr_t)kernel;
	digest_block();
	record.segment = 1;
	memcpy(record.segment_name, "initrd", sizeof("initrd"));
	assert_refused(PURG_E_OVERLAP, "segment 1 (initrd) start");
	assert_record(record);

	ask_for_record();
	purg_params.segment[1].start = (uintptr_t)initrd;
	purg_params.console[1].base = 1;
	digest_block();
	assert_refused(PURG_E_RESERVED, "console 1");
	assert_record(begun(PURG_VERDICT_REFUSED, PURG_E_RESERVED, PURG_STAGE_PARAMETERS));
}

/* The same in a block without a digest: it may be anything, and so may the place. */
static void no_record_for_a_doubtful_block(void **state)
{
	(void)state;
	ask_for_record();
	purg_params.reserved2[0] = 1;
	assert_refused(PURG_E_RESERVED, "reserved2");
	assert_no_record();
	purg_params.reserved2[0] = 0;
	digest_block();
	purg_params.reserved2[0] = 1;
	assert_refused(PURG_E_BLOCK, "the parameter block was changed");
	assert_no_record();
	purg_params.magic++;
	assert_refused(PURG_E_MAGIC, "magic");
	assert_no_record();
}

/* A place that is refused is not written to, whoever vouches for the block. */
static void no_record_at_a_bad_place(void **state)
{
	(void)state;
	ask_for_record();
	purg_params.report.address += 4;
	digest_block();
	assert_refused(PURG_E_PLACEMENT, "report address");
	assert_no_record();
	purg_params.report.address -= 4;
	purg_params.handoff.arm64.pc = purg_params.report.address;
	digest_block();
	assert_refused(PURG_E_OVERLAP, "report address");
	assert_no_record();
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(record_of_success),
		TEST(no_record),
		TEST(record_without_caches),
		TEST(record_of_never),
		TEST(record_in_segment),
		TEST(record_of_damage),
		TEST(record_of_damaged_concatenation),
		TEST(record_of_bad_handoff),
		TEST(record_of_bad_field),
		TEST(no_record_for_a_doubtful_block),
		TEST(no_record_at_a_bad_place),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
