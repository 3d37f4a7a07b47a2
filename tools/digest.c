/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Jobs are cut into units: a job of one stream is one, a striped job has one for each group of lanes. Every thread
 * takes the next unit until there are none, the largest first, so that all end at about the same time.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "arch.h"
#include "digest.h"
#include "number.h"
#include "params_digest.h"
#include "progress.h"

#define CHUNK MIB /* of a stream, between two looks at the progress */
#define THREADS_MAX 64

struct unit {
	struct digest_job *job;
	uint32_t first; /* lane, and how many of them; none: the job is one stream */
	uint32_t count;
	uint8_t (*lane_digests)[SHA256_DIGEST];
	uint64_t size;
};

struct work {
	struct sha256_engine engine;
	struct unit unit[DIGEST_JOBS_MAX * SHA256_MAX_LANES];
	unsigned int count;
	atomic_uint next;
	uint8_t lane_digests[DIGEST_JOBS_MAX][SHA256_MAX_LANES][SHA256_DIGEST];
};

/*
 * How many lanes are a unit: as many as the CPU takes side by side. Fewer would keep more threads busy, but each for
 * longer: on Zen 5, two threads with pairs by SHA-NI take as long as one with sixteen by AVX-512, and twice the CPU
 * time.
 */
static uint32_t lanes_at_once(const struct sha256_engine *engine, uint32_t lanes)
{
	const struct sha256_way *way = sha256_way_for(engine, lanes);

	return way ? (uint32_t)number_min(way->width, lanes) : 1;
}

static void add_units(struct work *work, struct digest_job *job, uint8_t (*lane_digests)[SHA256_DIGEST])
{
	uint32_t group = job->lanes ? lanes_at_once(&work->engine, job->lanes) : 0;

	if (!job->lanes)
		work->unit[work->count++] = (struct unit){.job = job, .size = job->size};
	for (uint32_t first = 0, n; first < job->lanes; first += n) {
		n = (uint32_t)number_min(job->lanes - first, group);
		work->unit[work->count++] = (struct unit){
			.job = job,
			.first = first,
			.count = n,
			.lane_digests = lane_digests + first,
			.size = job->size / job->lanes * n,
		};
	}
}

static int largest_first(const void *a, const void *b)
{
	uint64_t left = ((const struct unit *)a)->size, right = ((const struct unit *)b)->size;

	return left > right ? -1 : left < right;
}

static void stream(const struct sha256_engine *engine, struct digest_job *job)
{
	struct sha256 ctx;

	sha256_init(&ctx, engine->blocks);
	for (uint64_t done = 0, n; done < job->size; done += n) {
		n = number_min(job->size - done, CHUNK);
		sha256_update(&ctx, job->data + done, n);
		progress_add(n);
	}
	sha256_out(&ctx, job->digest);
}

static void *run(void *argument)
{
	struct work *work = argument;
	unsigned int next;

	while ((next = atomic_fetch_add(&work->next, 1)) < work->count) {
		const struct unit *unit = &work->unit[next];
		struct digest_job *job = unit->job;

		if (!unit->count) {
			stream(&work->engine, job);
			continue;
		}
		sha256_lane_digests(&work->engine, job->data, job->size, job->lanes, unit->first, unit->count,
				    unit->lane_digests);
		progress_add(unit->size);
	}
	return NULL;
}

static unsigned int cpus(void)
{
	cpu_set_t set;

	/* A machine may have more of them than the set holds. */
	return (unsigned int)(sched_getaffinity(0, sizeof(set), &set) ? sysconf(_SC_NPROCESSORS_ONLN)
								      : CPU_COUNT(&set));
}

/* This thread works, too; if others cannot be had, alone. */
static void run_on_all(struct work *work)
{
	uint64_t wanted = number_min(number_min(cpus(), work->count), THREADS_MAX);
	pthread_t thread[THREADS_MAX];
	unsigned int started = 0;

	while (started + 1 < wanted && !pthread_create(&thread[started], NULL, run, work))
		started++;
	run(work);
	while (started)
		pthread_join(thread[--started], NULL);
}

void digest_all(struct digest_job *jobs, unsigned int count)
{
	static struct work work;
	uint64_t total = 0;

	arch_sha256(&work.engine, false);
	work.count = 0;
	atomic_store(&work.next, 0);
	for (unsigned int i = 0; i < count; i++) {
		add_units(&work, &jobs[i], work.lane_digests[i]);
		total += jobs[i].size;
	}
	qsort(work.unit, work.count, sizeof(work.unit[0]), largest_first);
	progress_begin("digests", total);
	run_on_all(&work);
	progress_end();
	for (unsigned int i = 0; i < count; i++)
		if (jobs[i].lanes)
			sha256(work.engine.blocks, work.lane_digests[i], jobs[i].lanes * SHA256_DIGEST, jobs[i].digest);
}

void digest_params(const struct purg_params *params, uint8_t digest[PURG_DIGEST_SIZE])
{
	struct sha256_engine engine;

	arch_sha256(&engine, false);
	params_digest(params, engine.blocks, digest);
}

void digest_hex(const uint8_t digest[PURG_DIGEST_SIZE], char hex[DIGEST_HEX_SIZE])
{
	for (unsigned int i = 0; i < PURG_DIGEST_SIZE; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}
