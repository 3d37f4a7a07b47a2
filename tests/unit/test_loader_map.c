/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Memory maps from recorded texts of real machines (tests/maps), and every error of the readers. What the answers must
 * be is worked out here a second time, slowly: for each boundary in the text, from all of its lines.
 */
#include "maps.h"

#define MAX_LINES 256

struct line {
	uint64_t start, last;
	int parent; /* index, or -1 */
	char name[64];
};

struct recording {
	char *text; /* without the comments */
	size_t size;
	struct line line[MAX_LINES];
	int lines;
	char memmap[MAX_LINES][3][64]; /* start, end, type */
	int memmaps;
};

static void parse_line(struct recording *recording, const char *text)
{
	struct line *line = &recording->line[recording->lines];
	int indent = (int)strspn(text, " "), at;

	assert_true(recording->lines < MAX_LINES);
	assert_int_equal(sscanf(text, "%lx-%lx : %n", &line->start, &line->last, &at), 2);
	snprintf(line->name, sizeof(line->name), "%.*s", (int)strcspn(text + at, "\n"), text + at);
	/* The parent is the last line above that is indented less: its indentation is found by walking up from the
	 * last. */
	line->parent = recording->lines - 1;
	while (line->parent >= 0) {
		int depth = 0;

		for (int up = recording->line[line->parent].parent; up >= 0; up = recording->line[up].parent)
			depth++;
		if (2 * depth < indent)
			break;
		line->parent = recording->line[line->parent].parent;
	}
	recording->lines++;
}

static struct recording *read_recording(const char *name)
{
	struct recording *recording = calloc(1, sizeof(*recording));
	char path[128], text[256];
	FILE *file;

	snprintf(path, sizeof(path), "tests/maps/%s.txt", name);
	file = fopen(path, "r");
	assert_non_null(file);
	recording->text = malloc(1 << 20);
	while (fgets(text, sizeof(text), file)) {
		char(*memmap)[64] = recording->memmap[recording->memmaps];

		if (sscanf(text, "#memmap %63s %63s %63[^\n]", memmap[0], memmap[1], memmap[2]) == 3)
			recording->memmaps++;
		if (text[0] == '#')
			continue;
		parse_line(recording, text);
		memcpy(recording->text + recording->size, text, strlen(text));
		recording->size += strlen(text);
	}
	fclose(file);
	recording->text = realloc(recording->text, recording->size);
	return recording;
}

static void free_recording(struct recording *recording)
{
	free(recording->text);
	free(recording);
}

/* ---- The same once more: what is at this address? ---- */

static uint32_t type_by_name(const char *name)
{
	static const struct {
		const char *name;
		uint32_t type;
	} names[] = {
		{"System RAM", 1},        {"Reserved", 2},    {"reserved", 2},
		{"Unknown E820 type", 2}, {"ACPI Tables", 3}, {"ACPI Non-volatile Storage", 4},
		{"Persistent Memory", 7},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(name, names[i].name))
			return names[i].type;
	return 0;
}

struct truth {
	uint32_t firmware;
	bool kept, crash, driver;
};

static bool has_ram_above(const struct recording *recording, int i)
{
	while ((i = recording->line[i].parent) >= 0)
		if (!strcmp(recording->line[i].name, "System RAM"))
			return true;
	return false;
}

static struct truth truth_at(const struct recording *recording, uint64_t address)
{
	struct truth truth = {0};

	for (int i = 0; i < recording->lines; i++) {
		const struct line *line = &recording->line[i];

		if (address < line->start || address > line->last)
			continue;
		if (!has_ram_above(recording, i)) {
			uint32_t type = type_by_name(line->name);

			truth.firmware = type > truth.firmware ? type : truth.firmware;
			truth.driver |= !strncmp(line->name, "System RAM (", 12);
		} else if (!strncmp(line->name, "Crash kernel", 12)) {
			truth.crash = true;
		} else if (strncmp(line->name, "Kernel ", 7)) {
			truth.kept = true;
		}
	}
	return truth;
}

static uint32_t wanted(enum question question, struct truth t)
{
	bool ram = t.firmware == 1;

	switch (question) {
	case USABLE:
		return ram && !t.kept && !t.crash && !t.driver;
	case USABLE_FOR_CRASH:
		return ram && t.crash && !t.kept;
	case DUMP:
		return !t.crash && (ram || t.driver);
	default:
		if (!ram)
			return t.firmware;
		if (t.kept)
			return 2;
		return question == TELL || t.crash;
	}
}

/* An answer in one form. */
static int64_t ask(enum question question, struct purg_map *map, struct purg_mem *out, uint32_t room)
{
	struct purg_range *ranges = malloc((room ? room : 1) * sizeof(*ranges));
	int whom = question == USABLE_FOR_CRASH || question == TELL_CRASH ? PURG_FOR_CRASH : PURG_FOR_NEXT;
	int64_t count;

	if (question == TELL || question == TELL_CRASH)
		count = purg_map_tell(map, whom, out, room);
	else
		count = question == DUMP ? purg_map_dump(map, ranges, room) : purg_map_usable(map, whom, ranges, room);
	for (int64_t i = 0; i < count && question <= DUMP; i++)
		out[i] = (struct purg_mem){.start = ranges[i].start, .size = ranges[i].size, .type = 1};
	free(ranges);
	return count;
}

static uint32_t type_in(const struct purg_mem *mem, int64_t count, uint64_t address)
{
	for (int64_t i = 0; i < count; i++)
		if (address - mem[i].start < mem[i].size)
			return mem[i].type;
	return 0;
}

/* At each boundary, and right before it: in between nothing changes. */
static void compare(const struct recording *recording, enum question question, const struct purg_mem *mem,
		    int64_t count)
{
	for (int i = 0; i < recording->lines; i++) {
		uint64_t at[] = {recording->line[i].start, recording->line[i].start - 1, recording->line[i].last,
				 recording->line[i].last + 1};

		for (int j = 0; j < 4; j++)
			assert_int_equal(type_in(mem, count, at[j]), wanted(question, truth_at(recording, at[j])));
	}
	for (int64_t i = 1; i < count; i++) {
		assert_true(mem[i - 1].start + mem[i - 1].size <= mem[i].start);
		assert_false(mem[i - 1].start + mem[i - 1].size == mem[i].start && mem[i - 1].type == mem[i].type);
	}
}

static const char *const recordings[] = {
	"arm64-emag",  "arm64-lpi",   "arm64-third-level", "arm64-thunderx2", "arm64-virt",         "arm64-virt-uefi",
	"x86_64-epyc", "x86_64-gart", "x86_64-pmem",       "x86_64-q35-ovmf", "x86_64-q35-seabios",
};

static void test_recordings(void **state)
{
	struct purg_mem entry[ROOM], out[ROOM];

	(void)state;
	for (size_t i = 0; i < sizeof(recordings) / sizeof(recordings[0]); i++) {
		struct recording *recording = read_recording(recordings[i]);
		struct purg_map map = {.entry = entry, .room = ROOM};

		assert_int_equal(purg_map_from_iomem(&map, recording->text, recording->size), 0);
		for (enum question question = USABLE; question <= TELL_CRASH; question++) {
			bool crash = memmem(recording->text, recording->size, "Crash kernel", 12);
			int64_t count = ask(question, &map, out, ROOM);

			if (!crash && (question == USABLE_FOR_CRASH || question == TELL_CRASH)) {
				assert_int_equal(count, PURG_ERR_MAP_EMPTY);
				continue;
			}
			assert_true(count > 0);
			compare(recording, question, out, count);
			/* Exactly as much room as it takes, and one less. */
			assert_int_equal(ask(question, &map, out, (uint32_t)count), count);
			memset(out, 0x5a, sizeof(out));
			assert_int_equal(ask(question, &map, out, (uint32_t)count - 1), PURG_ERR_MAP_FULL);
			assert_int_equal(out[0].start, 0x5a5a5a5a5a5a5a5a);
		}
		free_recording(recording);
	}
}

/* ---- And read off by hand. ---- */

static void expect(const char *name, enum question question, const char *expected)
{
	struct recording *recording = read_recording(name);
	struct purg_mem entry[ROOM], out[ROOM];
	struct purg_map map = {.entry = entry, .room = ROOM};
	char text[4096] = "";
	int64_t count;

	assert_int_equal(purg_map_from_iomem(&map, recording->text, recording->size), 0);
	count = ask(question, &map, out, ROOM);
	for (int64_t i = 0; i < count; i++) {
		sprintf(text + strlen(text), "%s%lx-%lx", i ? " " : "", out[i].start, out[i].start + out[i].size - 1);
		if (question == TELL || question == TELL_CRASH)
			sprintf(text + strlen(text), ":%u", out[i].type);
	}
	assert_string_equal(text, expected);
	free_recording(recording);
}

static void test_by_hand(void **state)
{
	(void)state;
	expect("arm64-third-level", USABLE,
	       "80200000-818fffff 81e00000-821fffff 82211000-8fffffff a8000000-bffdffff 8000001000-80ffffffff "
	       "8140000000-87efffffff");
	expect("arm64-third-level", USABLE_FOR_CRASH, "90000000-9fffffff 8100010000-813fffffff");
	expect("arm64-third-level", DUMP,
	       "80200000-8fffffff a0000000-bfffefff 8000000000-80ffffffff 8140000000-87ffffffff");
	expect("arm64-virt", USABLE_FOR_CRASH, "f8000000-fbffffff 1a9200000-1b91fffff");
	expect("arm64-thunderx2", USABLE,
	       "b81200000-b8270ffff b82e00000-b83168fff baccd8000-c789fffff c80000000-c80128fff c809ea000-c809ebfff");
	expect("x86_64-gart", USABLE, "10000-91fff 100000-c3ffffff c8000000-cfd9ffff 100000000-22effffff");
	expect("x86_64-gart", TELL,
	       "0-ffff:2 10000-91fff:1 9f800-9ffff:2 f0000-fffff:2 100000-c3ffffff:1 c4000000-c7ffffff:2 "
	       "c8000000-cfd9ffff:1 cfda0000-cfdd0fff:4 cfdd1000-cfdfffff:3 cfe00000-cfefffff:2 e0000000-efffffff:2 "
	       "fec00000-ffffffff:2 100000000-22effffff:1");
	expect("x86_64-pmem", DUMP,
	       "1000-9afff 100000-6984ffff 6c1f9000-6c322fff 6f2fd000-6f7fffff 100000000-407fffffff "
	       "4480000000-887fffffff");
	expect("x86_64-pmem", TELL,
	       "0-fff:2 1000-9afff:1 9b000-9ffff:2 e0000-fffff:2 100000-6984ffff:1 69850000-6c1f8fff:2 "
	       "6c1f9000-6c322fff:1 6c323000-6ce83fff:4 6ce84000-6f2fcfff:2 6f2fd000-6f7fffff:1 6f800000-8fffffff:2 "
	       "fed20000-fed44fff:2 ff000000-ffffffff:2 100000000-407fffffff:1 4080000000-487fffffff:7 "
	       "4880000000-887fffffff:1");
	expect("x86_64-q35-seabios", TELL_CRASH,
	       "0-fff:2 9fc00-9ffff:2 f0000-fffff:2 77000000-7effffff:1 7ffe0000-7fffffff:2 b0000000-bfffffff:2 "
	       "fed1c000-fed1ffff:2 fffc0000-ffffffff:2 1ef000000-1feffffff:1 fd00000000-ffffffffff:2");
}

/* A loader for x86 gives a crash kernel low memory too, as Linux does (crash_setup_memmap_entries): as far as it is
 * RAM. */
static void test_low_memory_for_crash(void **state)
{
	struct recording *recording = read_recording("x86_64-q35-seabios");
	struct purg_mem entry[ROOM], out[ROOM];
	struct purg_map map = {.entry = entry, .room = ROOM};

	(void)state;
	assert_int_equal(purg_map_from_iomem(&map, recording->text, recording->size), 0);
	assert_int_equal(purg_map_add(&map, 0, 0x100000, PURG_MEM_CRASH), 0);
	assert_int_equal(ask(TELL_CRASH, &map, out, ROOM), 11);
	assert_int_equal(out[1].start, 0x1000);
	assert_int_equal(out[1].size, 0x9ec00);
	assert_int_equal(out[1].type, PURG_MEM_RAM);
	assert_int_equal(ask(DUMP, &map, out, ROOM), 4);
	assert_int_equal(out[0].start, 0x100000);
	free_recording(recording);
}

/* Linux keeps the first page for itself; but for it the two agree. */
static void test_memmap_of_the_same_boot(void **state)
{
	static const char *const names[] = {"x86_64-q35-seabios", "x86_64-q35-ovmf"};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct recording *recording = read_recording(names[i]);
		struct purg_mem entry[ROOM], entry2[ROOM], out[ROOM], out2[ROOM];
		struct purg_map map = {.entry = entry, .room = ROOM}, map2 = {.entry = entry2, .room = ROOM};
		int64_t count, count2;

		assert_int_equal(purg_map_from_iomem(&map, recording->text, recording->size), 0);
		assert_true(recording->memmaps > 8);
		for (int j = 0; j < recording->memmaps; j++)
			assert_int_equal(purg_map_from_memmap(&map2, recording->memmap[j][0], recording->memmap[j][1],
							      recording->memmap[j][2]),
					 0);
		assert_int_equal(purg_map_add(&map2, 0, 0x1000, PURG_MEM_RESERVED), 0);
		count = ask(TELL, &map, out, ROOM);
		count2 = ask(TELL, &map2, out2, ROOM);
		assert_int_equal(count, count2);
		assert_memory_equal(out, out2, (size_t)count * sizeof(out[0]));
		free_recording(recording);
	}
}

/* ---- What is refused ---- */

static void test_hidden(void **state)
{
	struct recording *recording = read_recording("hidden");
	struct purg_mem entry[ROOM];
	struct purg_map map = {.entry = entry, .room = 2};

	(void)state;
	assert_int_equal(purg_map_from_iomem(&map, recording->text, recording->size), PURG_ERR_MAP_HIDDEN);
	assert_int_equal(map.count, 0);
	free_recording(recording);
}

/* A text that was cut anywhere but between two lines is refused. */
static void test_cut_texts(void **state)
{
	struct recording *recording = read_recording("arm64-third-level");
	struct purg_mem entry[ROOM];

	(void)state;
	for (size_t size = 0; size <= recording->size; size++) {
		struct purg_map map = {.entry = entry, .room = ROOM};
		char *copy = exact(recording->text, size);
		bool whole = size == 0 || copy[size - 1] == '\n';

		assert_int_equal(purg_map_from_iomem(&map, copy, size), whole ? 0 : PURG_ERR_MAP_SYNTAX);
		assert_true(whole || map.count == 0);
		free_exact(copy, size);
	}
	free_recording(recording);
}

static void test_rooms(void **state)
{
	struct recording *recording = read_recording("x86_64-epyc");
	struct purg_mem entry[ROOM];
	struct purg_map whole = {.entry = entry, .room = ROOM};

	(void)state;
	assert_int_equal(purg_map_from_iomem(&whole, recording->text, recording->size), 0);
	for (uint32_t room = 0; room <= whole.count; room++) {
		struct purg_map map = {.entry = calloc(room + 1, sizeof(entry[0])), .room = room};
		int result = purg_map_from_iomem(&map, recording->text, recording->size);

		assert_int_equal(result, room < whole.count ? PURG_ERR_MAP_FULL : 0);
		assert_int_equal(map.count, room < whole.count ? 0 : room);
		assert_int_equal(map.entry[room].size, 0);
		free(map.entry);
	}
	free_recording(recording);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recordings),
		cmocka_unit_test(test_by_hand),
		cmocka_unit_test(test_low_memory_for_crash),
		cmocka_unit_test(test_memmap_of_the_same_boot),
		cmocka_unit_test(test_hidden),
		cmocka_unit_test(test_cut_texts),
		cmocka_unit_test(test_rooms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
