/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * SHA-256 of one message with SSSE3: the message schedule four words at a time in vector registers, the rounds in general
 * ones.
 *
 * Names as in FIPS 180-4: a to h, W, K, T1, T2, Ch, Maj, the four sigmas. The schedule is cut into pieces that stand
 * between the rounds: neither needs what the other computes next, so that a CPU executes both at once. The rounds are a
 * chain, each waits for the e and the a of the one before it; what else there is to do fits beside it.
 *
 * movaps, movups and xorps do what movdqa, movdqu and pxor do, and are a byte shorter.
 */

#define BLOCK		64
#define BLOCK_SHIFT	6
#define TURNS		16	/* four rounds each, with four words for the turn four turns later */
#define LAST_TURNS	4	/* need no more words */
#define K_PER_TURN	16

#define DWORDS_2_2_3_3	0xfa	/* pshufd, from low to high */
#define DWORDS_0_0_1_1	0x50
#define DWORDS_0_2	0x88	/* shufps: these two of the one, and of the other */

#define LOOP_ALIGN	32

/* a to h are in r8d to r15d, and take each other's places; W[t] to W[t+15] in xmm0 to xmm3; xmm4 to xmm6 are temporary. */
#define T		%eax
#define U		%ecx
#define U_64		%rcx
#define COUNT		%ebp
#define DATA		%rsi
#define K		%rdi
#define STATE		%rdi	/* when K is not */

/* The stack: W + K of a turn, and what is needed once in a block. */
#define WK		0
#define STATE_AT	16
#define END_AT		24
#define FRAME		40

	.hidden	sha256_k

/*
 * Round t of a turn. The new a takes the place of d, the new e that of h: after four rounds each has its own name again.
 * \bc is b ^ c, and \ab gets a ^ b, which is b ^ c in the next round: edx and ebx, in turn.
 *
 * Ch(e, f, g) = g ^ (e & (f ^ g)), Maj(a, b, c) = b ^ ((a ^ b) & (b ^ c)); a big sigma is rotations of rotations:
 * x>>>6 ^ x>>>11 ^ x>>>25 = (x ^ (x ^ x>>>14)>>>5)>>>6. All else is in the new e before Sigma1(e) is, as the next round
 * waits for it.
 */
	.macro	round t, ab, bc, a, b, c, d, e, f, g, h
	addl	WK + 4 * \t(%rsp), %r\h\()d
	movl	%r\e\()d, T
	movl	%r\f\()d, U
	rorl	$25 - 11, T
	xorl	%r\g\()d, U
	xorl	%r\e\()d, T
	andl	%r\e\()d, U
	rorl	$11 - 6, T
	xorl	%r\g\()d, U				/* Ch */
	xorl	%r\e\()d, T
	addl	%r\h\()d, U
	rorl	$6, T					/* Sigma1(e) */
	leal	(U_64,%r\d), %r\h\()d
	addl	T, U					/* T1 */
	addl	T, %r\h\()d				/* d + T1 */
	movl	%r\a\()d, T
	movl	%r\a\()d, %e\ab
	rorl	$22 - 13, T
	xorl	%r\b\()d, %e\ab
	xorl	%r\a\()d, T
	andl	%e\ab, %e\bc
	rorl	$13 - 2, T
	xorl	%r\b\()d, %e\bc				/* Maj */
	xorl	%r\a\()d, T
	leal	(U_64,%r\bc), %r\d\()d
	rorl	$2, T					/* Sigma0(a) */
	addl	T, %r\d\()d				/* T1 + T2 */
	.endm

/* Goes to \to in the turns that need no more words. */
	.macro	unless_words to
	cmpl	$LAST_TURNS, COUNT
	jbe	\to
	.endm

/* sigma1 of two words, each of which is in both halves of a quadword of xmm4: into dwords 0 and 2 of it. */
	.macro	sigma1_of_two
	movaps	%xmm4, %xmm5
	psrld	$10, %xmm4
	psrlq	$17, %xmm5
	pxor	%xmm5, %xmm4
	psrlq	$19 - 17, %xmm5
	pxor	%xmm5, %xmm4
	.endm

	.section .rodata.cst16, "aM", @progbits, 16	/* the linker keeps one for all files */
	.balign	16
byte_swap:
	.byte	3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12

/*
 * sha256_blocks_ssse3 - take whole blocks of one message into its state: a sha256_blocks_fn.
 *
 * In:       rdi: state, eight words; rsi: data, of any alignment; rdx: blocks, may be 0
 * Out:      the state
 * Clobbers: rax, rcx, rdx, rsi, rdi, r8 to r11, flags; xmm0 to xmm6, which are left zero
 * State:    SSE may be used; the CPU has SSSE3. About 100 bytes of stack.
 */
	.section .text.sha256_blocks_ssse3, "ax", @progbits
	.globl	sha256_blocks_ssse3
	.hidden	sha256_blocks_ssse3
	.type	sha256_blocks_ssse3, @function
	.balign	LOOP_ALIGN
sha256_blocks_ssse3:
	testq	%rdx, %rdx
	jz	5f
	.irp	r, bx, bp, 12, 13, 14, 15
	pushq	%r\r
	.endr
	subq	$FRAME, %rsp
	shlq	$BLOCK_SHIFT, %rdx
	addq	DATA, %rdx
	movq	%rdx, END_AT(%rsp)
	movq	STATE, STATE_AT(%rsp)
	.irp	n, 8, 9, 10, 11, 12, 13, 14, 15
	movl	4 * (\n - 8)(STATE), %r\n\()d
	.endr

1:	movaps	byte_swap(%rip), %xmm4
	.irp	n, 0, 1, 2, 3
	movups	16 * \n(DATA), %xmm\n
	pshufb	%xmm4, %xmm\n
	.endr
	leaq	sha256_k(%rip), K
	movl	$TURNS, COUNT
	movl	%r9d, %edx
	xorl	%r10d, %edx				/* b ^ c */
2:	movaps	(K), %xmm4
	paddd	%xmm0, %xmm4
	movups	%xmm4, WK(%rsp)
	addq	$K_PER_TURN, K

	/*	t  a^b b^c  a   b   c   d   e   f   g   h */
	round	0, bx, dx,  8,  9, 10, 11, 12, 13, 14, 15
	unless_words 3f
	movaps	%xmm1, %xmm4
	movaps	%xmm3, %xmm5
	palignr	$4, %xmm0, %xmm4			/* W[t+1] to W[t+4] */
	palignr	$4, %xmm2, %xmm5			/* W[t+9] to W[t+12] */
	movaps	%xmm4, %xmm6
	paddd	%xmm5, %xmm0
	movaps	%xmm4, %xmm5
	psrld	$3, %xmm4
	psrld	$7, %xmm5
	pslld	$32 - 18, %xmm6
	pxor	%xmm5, %xmm4
	pxor	%xmm6, %xmm4
	psrld	$18 - 7, %xmm5
	pslld	$18 - 7, %xmm6
	pxor	%xmm5, %xmm4
	pxor	%xmm6, %xmm4				/* sigma0 */
	paddd	%xmm4, %xmm0
3:	round	1, dx, bx, 11,  8,  9, 10, 15, 12, 13, 14
	round	2, bx, dx, 10, 11,  8,  9, 14, 15, 12, 13
	unless_words 4f
	pshufd	$DWORDS_2_2_3_3, %xmm3, %xmm4		/* W[t+14], W[t+15] */
	sigma1_of_two
	xorps	%xmm6, %xmm6
	shufps	$DWORDS_0_2, %xmm6, %xmm4
	paddd	%xmm4, %xmm0				/* W[t+16], W[t+17] are complete */
	pshufd	$DWORDS_0_0_1_1, %xmm0, %xmm4
	sigma1_of_two
	shufps	$DWORDS_0_2, %xmm4, %xmm6
4:	round	3, dx, bx,  9, 10, 11,  8, 13, 14, 15, 12
	paddd	%xmm0, %xmm6				/* W[t+16] to W[t+19] */
	movaps	%xmm1, %xmm0
	movaps	%xmm2, %xmm1
	movaps	%xmm3, %xmm2
	movaps	%xmm6, %xmm3
	decl	COUNT
	jnz	2b

	movq	STATE_AT(%rsp), STATE
	.irp	n, 8, 9, 10, 11, 12, 13, 14, 15
	addl	4 * (\n - 8)(STATE), %r\n\()d
	movl	%r\n\()d, 4 * (\n - 8)(STATE)
	.endr
	addq	$BLOCK, DATA
	cmpq	END_AT(%rsp), DATA
	jne	1b

	.irp	n, 0, 1, 2, 3, 4, 5, 6
	pxor	%xmm\n, %xmm\n
	.endr
	addq	$FRAME, %rsp
	.irp	r, 15, 14, 13, 12, bp, bx
	popq	%r\r
	.endr
5:	ret
	.size	sha256_blocks_ssse3, . - sha256_blocks_ssse3

	.section .note.GNU-stack, "", @progbits
