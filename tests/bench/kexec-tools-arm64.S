/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * A program that hashes as kexec-tools' arm64 purgatory does, with the objects of that purgatory linked to it, and goes
 * on to a payload with the digest in x0 to x3. It is entered in place of the purgatory, and linked to run there.
 */

#define CTX_SIZE 112
#define DIGEST_SIZE 32
#define STACK_SIZE 4096

	.text

/* guest.py fills in the three numbers. */
	b	start
	.balign	8
data:	.quad	0
size:	.quad	0
next:	.quad	0

/*
 * Hash `size` bytes at `data`, and go to `next`.
 *
 * In:		nothing
 * Out:		x0 to x3 digest, little-endian
 * Clobbers:	everything
 * MMU, caches:	off
 */
start:
	adr	x0, stack_end
	mov	sp, x0
	adr	x0, ctx
	bl	sha256_starts
	adr	x0, ctx
	ldr	x1, data
	ldr	x2, size
	bl	sha256_update
	adr	x0, ctx
	adr	x1, digest
	bl	sha256_finish
	adr	x4, digest
	ldp	x0, x1, [x4]
	ldp	x2, x3, [x4, #16]
	ldr	x4, next
	br	x4

/* Away from the code: QEMU takes long over a store next to code. */
	.data
	.balign	4096
ctx:
	.skip	CTX_SIZE
digest:
	.skip	DIGEST_SIZE
	.balign	16
	.skip	STACK_SIZE
stack_end:
