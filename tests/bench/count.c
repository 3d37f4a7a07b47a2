/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * A TCG plugin for QEMU that counts what an image does between two points: for each of its instructions how often it
 * was executed, and how many memory accesses it made.
 *
 *	-plugin file=count.so,start=ADDRESS,end=ADDRESS,size=BYTES,out=FILE[,leaf=FIRST-LAST]...
 *
 * It counts from the instruction at `start`, which is the image's first, and writes FILE when the one at `end` is about
 * to be executed. A line of FILE is `offset executions accesses`, in decimal; the offset is the instruction's in the
 * image, or `size` for all that is executed outside. What is done in a `leaf`, addresses of a function like memcpy that
 * calls none but its like, is charged to the instruction that called it.
 *
 * QEMU does not install a header for plugins. What is used of the API is declared here, from "QEMU TCG Plugins" in
 * QEMU's manual; version 1 of it is that of QEMU 6.0 to 8.2.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id_t;
struct qemu_info; /* nothing of it is read */
struct qemu_plugin_tb;
struct qemu_plugin_insn;

enum qemu_plugin_cb_flags {
	QEMU_PLUGIN_CB_NO_REGS
};
enum qemu_plugin_mem_rw {
	QEMU_PLUGIN_MEM_R = 1,
	QEMU_PLUGIN_MEM_W,
	QEMU_PLUGIN_MEM_RW
};
enum qemu_plugin_op {
	QEMU_PLUGIN_INLINE_ADD_U64
};

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
					   void (*translated)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb));
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, void (*executed)(unsigned int cpu, void *data),
					  enum qemu_plugin_cb_flags flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    void (*executed)(unsigned int cpu, void *data),
					    enum qemu_plugin_cb_flags flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, enum qemu_plugin_op op, void *counter,
						uint64_t step);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn,
				      void (*accessed)(unsigned int cpu, uint32_t info, uint64_t address, void *data),
				      enum qemu_plugin_cb_flags flags, enum qemu_plugin_mem_rw rw, void *data);
void qemu_plugin_register_vcpu_mem_inline(struct qemu_plugin_insn *insn, enum qemu_plugin_mem_rw rw,
					  enum qemu_plugin_op op, void *counter, uint64_t step);

EXPORT int qemu_plugin_version = 1;
EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv);

#define MAX_LEAVES 16

struct count {
	uint64_t executions;
	uint64_t accesses;
};

struct range {
	uint64_t first, last;
};

static uint64_t start, end, size;
static const char *out;
static struct range leaves[MAX_LEAVES];
static int leaf_count;
static struct count *counts; /* one for each byte of the image, and one for all else */
static struct count *caller; /* whom a leaf is charged to: the last instruction that was executed in none */

static void begin(unsigned int cpu, void *data)
{
	(void)cpu;
	(void)data;
	memset(counts, 0, (size + 1) * sizeof(*counts));
}

static void finish(unsigned int cpu, void *data)
{
	FILE *file = fopen(out, "w");

	(void)cpu;
	(void)data;
	if (!file) {
		perror(out);
		exit(1);
	}
	for (uint64_t i = 0; i <= size; i++)
		if (counts[i].executions)
			fprintf(file, "%ju %ju %ju\n", (uintmax_t)i, (uintmax_t)counts[i].executions,
				(uintmax_t)counts[i].accesses);
	fclose(file);
}

static void set_caller(unsigned int cpu, void *data)
{
	(void)cpu;
	caller = data;
}

static void charge_execution(unsigned int cpu, void *data)
{
	(void)cpu;
	(void)data;
	caller->executions++;
}

static void charge_access(unsigned int cpu, uint32_t info, uint64_t address, void *data)
{
	(void)cpu;
	(void)info;
	(void)address;
	(void)data;
	caller->accesses++;
}

static bool in_leaf(uint64_t address)
{
	for (int i = 0; i < leaf_count; i++)
		if (address >= leaves[i].first && address <= leaves[i].last)
			return true;
	return false;
}

static struct count *count_of(uint64_t address)
{
	return &counts[address - start < size ? address - start : size];
}

/* No block of code runs from a leaf into another function or back: there is a call or a return in between. */
static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t insns = qemu_plugin_tb_n_insns(tb);
	uint64_t last = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, insns - 1));

	(void)id;
	if (!in_leaf(last))
		qemu_plugin_register_vcpu_tb_exec_cb(tb, set_caller, QEMU_PLUGIN_CB_NO_REGS, count_of(last));
	for (size_t i = 0; i < insns; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t address = qemu_plugin_insn_vaddr(insn);
		struct count *count = count_of(address);

		if (address == start)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, begin, QEMU_PLUGIN_CB_NO_REGS, NULL);
		if (address == end)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, finish, QEMU_PLUGIN_CB_NO_REGS, NULL);
		if (in_leaf(address)) {
			qemu_plugin_register_vcpu_insn_exec_cb(insn, charge_execution, QEMU_PLUGIN_CB_NO_REGS, NULL);
			qemu_plugin_register_vcpu_mem_cb(insn, charge_access, QEMU_PLUGIN_CB_NO_REGS,
							 QEMU_PLUGIN_MEM_RW, NULL);
		} else {
			qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, &count->executions,
								   1);
			qemu_plugin_register_vcpu_mem_inline(insn, QEMU_PLUGIN_MEM_RW, QEMU_PLUGIN_INLINE_ADD_U64,
							     &count->accesses, 1);
		}
	}
}

/* The value of the argument `name=value` at or behind *index, which is left behind it; NULL if there is no more. */
static const char *argument(const char *name, int argc, char **argv, int *index)
{
	size_t length = strlen(name);

	while (*index < argc) {
		const char *text = argv[(*index)++];

		if (strncmp(text, name, length) == 0 && text[length] == '=')
			return text + length + 1;
	}
	return NULL;
}

static const char *needed(const char *name, int argc, char **argv)
{
	int index = 0;
	const char *value = argument(name, argc, argv, &index);

	if (!value) {
		fprintf(stderr, "count: no %s=\n", name);
		exit(1);
	}
	return value;
}

static void read_leaves(int argc, char **argv)
{
	const char *value;
	int index = 0;

	while ((value = argument("leaf", argc, argv, &index)) && leaf_count < MAX_LEAVES) {
		char *dash;

		leaves[leaf_count].first = strtoull(value, &dash, 0);
		leaves[leaf_count++].last = strtoull(dash + 1, NULL, 0);
	}
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv)
{
	(void)info;
	start = strtoull(needed("start", argc, argv), NULL, 0);
	end = strtoull(needed("end", argc, argv), NULL, 0);
	size = strtoull(needed("size", argc, argv), NULL, 0);
	out = strdup(needed("out", argc, argv)); /* argv does not outlive this call */
	read_leaves(argc, argv);
	counts = calloc(size + 1, sizeof(*counts));
	if (!out || !counts)
		return 1;
	caller = &counts[size];
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
