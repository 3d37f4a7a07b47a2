#!/bin/busybox sh
# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
# The first program of the kernels in the demo and in the tests: greets, repeats what the command line says was verified,
# and switches the machine off.
/bin/busybox mount -t proc proc /proc
echo "purgatory-demo: userspace of Linux $(/bin/busybox uname -r) on $(/bin/busybox uname -m)"
for word in $(/bin/busybox cat /proc/cmdline); do
	case $word in
	verified.*) echo "purgatory-demo: $word" ;;
	esac
done
/bin/busybox poweroff -f
