/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
#include <errno.h>
#include <inttypes.h>
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "error.h"
#include "live.h"
#include "number.h"

#define DISABLED "/proc/sys/kernel/kexec_load_disabled"
#define LOCKDOWN "/sys/kernel/security/lockdown"

static const struct machine here = {.root = ""};

static uint64_t number_in(const char *path)
{
	uint64_t number;

	return machine_number(&here, &number, 10, "%s", path) ? number : 0;
}

void live_status(struct live_status *status)
{
	uint64_t loaded;

	if (!machine_number(&here, &loaded, 10, "/sys/kernel/kexec_loaded"))
		fail("/sys/kernel/kexec_loaded", NULL,
		     "is missing: sysfs is not mounted, or this kernel has no kexec (CONFIG_KEXEC)");
	*status = (struct live_status){
		.loaded = loaded,
		.panic_loaded = number_in("/sys/kernel/kexec_crash_loaded"),
		.disabled = number_in(DISABLED),
		.crash_size = number_in("/sys/kernel/kexec_crash_size"),
	};
}

/* "none [integrity] confidentiality": the words in brackets hold. */
static bool is_locked_down(void)
{
	size_t size;
	char *text = machine_file(&here, &size, LOCKDOWN);
	bool is = text && !strstr(text, "[none]");

	free(text);
	return is;
}

void live_check(bool panic)
{
	struct live_status status;

	if (geteuid())
		fail(NULL, NULL,
		     "only root may load or unload a kernel (CAP_SYS_BOOT); run this as root, e.g. with sudo");
	live_status(&status);
	if (status.disabled)
		fail(DISABLED, NULL, "is 1, so nothing can be loaded or unloaded any more; reboot");
	if (is_locked_down())
		fail(LOCKDOWN, NULL,
		     "the kernel is locked down, and takes no kernel by kexec_load; boot with lockdown=none");
	if (panic && !status.crash_size)
		fail(NULL, "--panic", "no memory is reserved for a crash kernel; boot with crashkernel=512M");
}

static uint32_t arch_flag(const struct plan *plan)
{
	return plan->request->kernel.arch == PURG_ARCH_ARM64 ? KEXEC_ARCH_AARCH64 : KEXEC_ARCH_X86_64;
}

static uint32_t panic_flag(bool panic)
{
	return panic ? KEXEC_ON_CRASH : 0;
}

/* What the kernel's error number means here: the plan itself is one that it takes. */
static const char *reason(int error)
{
	switch (error) {
	case EPERM:
		return "the kernel does not allow it: CAP_SYS_BOOT is missing, or it is locked down";
	case ENOSYS:
		return "this kernel has no kexec_load (CONFIG_KEXEC)";
	case EBUSY:
		return "somebody else is loading a kernel, or one is being left; try again";
	case EINVAL:
		return "more than half of this machine's memory is needed, and the kernel gives no more than that";
	case ENOMEM:
		return "the kernel has not enough free memory to keep what is loaded";
	case EADDRNOTAVAIL:
		return "a segment lies where the kernel allows none";
	default:
		return strerror(error);
	}
}

static struct kexec_segment segment(const void *data, uint64_t size, uint64_t start, uint64_t mem_size)
{
	return (struct kexec_segment){
		.buf = data,
		.bufsz = size,
		.mem = (const void *)(uintptr_t)start,
		.memsz = mem_size,
	};
}

void live_load(const struct plan *plan)
{
	struct kexec_segment segments[PLAN_PIECES_MAX + 1];
	unsigned int count = 0;

	for (; count < plan->count; count++)
		segments[count] = segment(plan->piece[count].data, plan->piece[count].size, plan->piece[count].start,
					  plan->mem_size[count]);
	segments[count++] =
		segment(plan->purgatory, plan->header.mem_size, plan->purgatory_start, plan->purgatory_size);
	if (syscall(SYS_kexec_load, plan->purgatory_start + plan->header.entry, count, segments,
		    arch_flag(plan) | panic_flag(plan->request->panic)))
		fail(NULL, "kexec_load", "%s", reason(errno));
}

void live_unload(bool panic)
{
	if (syscall(SYS_kexec_load, 0, 0, NULL, panic_flag(panic)))
		fail(NULL, "kexec_load", "%s", reason(errno));
}

void live_exec(void)
{
	struct live_status status;

	if (geteuid())
		fail(NULL, NULL, "only root may leave this kernel (CAP_SYS_BOOT); run this as root, e.g. with sudo");
	live_status(&status);
	if (!status.loaded)
		fail(NULL, "exec", "no kernel is loaded; 'purgatory load KERNEL' first");
	sync();
	syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_KEXEC, NULL);
	fail_errno(NULL, "reboot");
}
