/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The one program of both kernels in tests/kernel, by the word client.do= of the command line:
 *   exec   load /bzImage and /initrd with kexec_file_load(2), and reboot into it
 *   crash  load them for a crash, and crash by sysrq
 *   greet  say that this kernel runs, and how the old kernel's memory begins if it crashed
 */
#include <fcntl.h>
#include <linux/kexec.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NEXT_CMDLINE "earlyprintk=serial,ttyS0,115200 console=ttyS0,115200 panic=-1 no_timer_check client.do=greet"

/* Each line is on the console before the next thing happens. */
#define say(...) dprintf(STDOUT_FILENO, "client: " __VA_ARGS__)

static void halt(void)
{
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

static void fail(const char *what)
{
	say("%s: %m\n", what);
	halt();
}

static int open_or_fail(const char *path, int flags)
{
	int file = open(path, flags);

	if (file < 0)
		fail(path);
	return file;
}

static void mount_or_fail(const char *type, const char *place)
{
	if (mount(type, place, type, 0, NULL) != 0)
		fail(place);
}

static void load(unsigned long flags)
{
	int kernel = open_or_fail("/bzImage", O_RDONLY);
	int initrd = open_or_fail("/initrd", O_RDONLY);

	if (syscall(SYS_kexec_file_load, kernel, initrd, sizeof(NEXT_CMDLINE), NEXT_CMDLINE, flags) != 0)
		fail("kexec_file_load");
	say("loaded\n");
}

static void do_exec(void)
{
	load(0);
	reboot(RB_KEXEC);
	fail("reboot");
}

/* On the first CPU, which is the one that the test looks at. */
static void do_crash(void)
{
	cpu_set_t first;

	CPU_ZERO(&first);
	CPU_SET(0, &first);
	if (sched_setaffinity(0, sizeof(first), &first) != 0)
		fail("sched_setaffinity");
	load(KEXEC_FILE_ON_CRASH);
	if (write(open_or_fail("/proc/sysrq-trigger", O_WRONLY), "c", 1) != 1)
		fail("/proc/sysrq-trigger");
}

static void do_greet(void)
{
	unsigned char head[5] = {0};
	int vmcore = open("/proc/vmcore", O_RDONLY);

	if (vmcore >= 0 && read(vmcore, head, sizeof(head)) == sizeof(head))
		say("vmcore begins with %02x%02x%02x%02x %02x\n", head[0], head[1], head[2], head[3], head[4]);
	say("the next kernel's userspace\n");
	halt();
}

int main(void)
{
	char cmdline[2048] = "";
	ssize_t size;

	mount_or_fail("proc", "/proc");
	mount_or_fail("sysfs", "/sys");
	size = read(open_or_fail("/proc/cmdline", O_RDONLY), cmdline, sizeof(cmdline) - 1);
	cmdline[size < 0 ? 0 : size] = '\0';
	if (strstr(cmdline, "client.do=exec"))
		do_exec();
	else if (strstr(cmdline, "client.do=crash"))
		do_crash();
	else
		do_greet();
	halt();
}
