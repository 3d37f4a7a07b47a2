/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * SHA-256 of sixteen messages side by side with AVX-512: a register holds the same word of all of them, a dword each.
 *
 * Names as in FIPS 180-4: a to h, W, T1, T2, Ch, Maj, the four sigmas. The registers:
 *
 *	zmm0 to zmm7	a to h; each round renames them, and after four each has its own name again
 *	zmm8 to zmm15	temporary
 *	zmm16 to zmm31	W[t] to W[t+15], of which a turn uses the first four, and moves all by four
 *
 * What counts is the number of instructions that go through a vector unit: Intel's cores take two of them in a clock, and
 * rotations in one place only. Copies are free, being done by renaming.
 */

#define BLOCK		64
#define TURNS		16	/* four rounds each, with four words for the turn four turns later */
#define LAST_TURNS	4	/* need no more words */
#define K_PER_TURN	16
#define WORD		64	/* of sixteen messages */
#define STATE_WORDS	8
#define LOOP_ALIGN	64
#define AHEAD		256	/* bytes of each message that are prefetched before they are needed */

/* vpternlogd's tables: bit 4x + 2y + z is the result for the bits x, y, z of the three operands, the destination first. */
#define XOR3		0x96
#define CH		0xca	/* x ? y : z */
#define MAJ		0xe8

/* vshufi32x4: which two quarters of the one, then which two of the other. */
#define QUARTERS_0_1	0x44
#define QUARTERS_2_3	0xee
#define QUARTERS_0_2	0x88
#define QUARTERS_1_3	0xdd

	.hidden	sha256_k

/* Round t with word \w. The new a takes the place of d, the new e that of h. 17 instructions and two copies. */
	.macro	round t, w, a, b, c, d, e, f, g, h
	vpaddd	4 * \t(%rax){1to16}, %zmm\h, %zmm\h
	vprord	$6, %zmm\e, %zmm8
	vprord	$11, %zmm\e, %zmm9
	vprord	$25, %zmm\e, %zmm10
	vmovdqa64 %zmm\e, %zmm11
	vpaddd	%zmm\w, %zmm\h, %zmm15
	vpternlogd $CH, %zmm\g, %zmm\f, %zmm11
	vpternlogd $XOR3, %zmm10, %zmm9, %zmm8		/* Sigma1(e) */
	vpaddd	%zmm11, %zmm15, %zmm15
	vprord	$2, %zmm\a, %zmm12
	vprord	$13, %zmm\a, %zmm13
	vprord	$22, %zmm\a, %zmm14
	vpaddd	%zmm8, %zmm15, %zmm15			/* T1 */
	vmovdqa64 %zmm\a, %zmm11
	vpternlogd $XOR3, %zmm14, %zmm13, %zmm12	/* Sigma0(a) */
	vpternlogd $MAJ, %zmm\c, %zmm\b, %zmm11
	vpaddd	%zmm15, %zmm\d, %zmm\h
	vpaddd	%zmm11, %zmm12, %zmm12			/* T2 */
	vpaddd	%zmm12, %zmm15, %zmm\d
	.endm

/* W[t+16] into \to, from W[t], W[t+1], W[t+9], W[t+14]. 11 instructions. */
	.macro	next_word to, w, w1, w9, w14
	vprord	$7, %zmm\w1, %zmm8
	vprord	$18, %zmm\w1, %zmm9
	vpsrld	$3, %zmm\w1, %zmm10
	vpaddd	%zmm\w9, %zmm\w, %zmm\to
	vpternlogd $XOR3, %zmm10, %zmm9, %zmm8		/* sigma0(W[t+1]) */
	vprord	$17, %zmm\w14, %zmm9
	vprord	$19, %zmm\w14, %zmm10
	vpsrld	$10, %zmm\w14, %zmm11
	vpaddd	%zmm8, %zmm\to, %zmm\to
	vpternlogd $XOR3, %zmm11, %zmm10, %zmm9		/* sigma1(W[t+14]) */
	vpaddd	%zmm9, %zmm\to, %zmm\to
	.endm

	.macro	move_four from0, from1, from2, from3, to0, to1, to2, to3
	vmovdqa64 %zmm\from0, %zmm\to0
	vmovdqa64 %zmm\from1, %zmm\to1
	vmovdqa64 %zmm\from2, %zmm\to2
	vmovdqa64 %zmm\from3, %zmm\to3
	.endm

/* The line of message \i that rcx is AHEAD of, into \w, its words in the machine's order. Clobbers rax; zmm8 is byte_swap. */
	.macro	load_message i, w
	movq	8 * \i(%rsi), %rax
	vmovdqu32 -AHEAD(%rax,%rcx), %zmm\w
	prefetcht0 (%rax,%rcx)
	vpshufb	%zmm8, %zmm\w, %zmm\w
	.endm

/*
 * Four messages in r0 to r3, in the quarters of each register words 0 to 3, 4 to 7, 8 to 11, 12 to 15. Afterwards r0 has
 * in its quarters the words 0, 4, 8, 12 of the four messages; r1 1, 5, 9, 13; and so on. Clobbers zmm9 to zmm11.
 */
	.macro	transpose_words r0, r1, r2, r3
	vpunpckldq %zmm\r1, %zmm\r0, %zmm9		/* words 0, 0, 1, 1 of messages 0, 1, 0, 1 */
	vpunpckhdq %zmm\r1, %zmm\r0, %zmm10		/* 2, 2, 3, 3 */
	vpunpckldq %zmm\r3, %zmm\r2, %zmm11		/* the same of messages 2, 3, 2, 3 */
	vpunpckhdq %zmm\r3, %zmm\r2, %zmm\r3
	vpunpcklqdq %zmm11, %zmm9, %zmm\r0
	vpunpckhqdq %zmm11, %zmm9, %zmm\r1
	vpunpcklqdq %zmm\r3, %zmm10, %zmm\r2
	vpunpckhqdq %zmm\r3, %zmm10, %zmm\r3
	.endm

/*
 * r0 to r3 have the words n, n+4, n+8, n+12 of four messages each; afterwards r0 has word n of all sixteen, r1 word n+4,
 * and so on. Clobbers zmm9 to zmm11.
 */
	.macro	transpose_quarters r0, r1, r2, r3
	vshufi32x4 $QUARTERS_0_1, %zmm\r1, %zmm\r0, %zmm9
	vshufi32x4 $QUARTERS_0_1, %zmm\r3, %zmm\r2, %zmm10
	vshufi32x4 $QUARTERS_2_3, %zmm\r1, %zmm\r0, %zmm11
	vshufi32x4 $QUARTERS_2_3, %zmm\r3, %zmm\r2, %zmm\r3
	vshufi32x4 $QUARTERS_0_2, %zmm10, %zmm9, %zmm\r0
	vshufi32x4 $QUARTERS_1_3, %zmm10, %zmm9, %zmm\r1
	vshufi32x4 $QUARTERS_0_2, %zmm\r3, %zmm11, %zmm\r2
	vshufi32x4 $QUARTERS_1_3, %zmm\r3, %zmm11, %zmm\r3
	.endm

	.section .rodata.sha256_lanes16_avx512, "a", @progbits
	.balign	64
state_index:			/* where a word of each state lies, in words */
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	.long	\n * STATE_WORDS
	.endr
	.section .rodata.cst16, "aM", @progbits, 16	/* the linker keeps one for all files */
	.balign	16
byte_swap:
	.byte	3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12

/*
 * sha256_lanes16_avx512 - take whole blocks of sixteen messages into their states: a sha256_lanes_fn.
 *
 * In:       rdi: sixteen states of eight words; rsi: sixteen pointers to data, of any alignment; rdx: blocks, may be 0
 * Out:      the states
 * Clobbers: rax, rcx, rdx, r8, flags; k1 and all vector registers, which are left zero
 * State:    AVX-512 F and BW may be used. No stack: what a block is added to waits in the states' memory, transposed.
 */
	.section .text.sha256_lanes16_avx512, "ax", @progbits
	.globl	sha256_lanes16_avx512
	.hidden	sha256_lanes16_avx512
	.type	sha256_lanes16_avx512, @function
	.balign	LOOP_ALIGN
sha256_lanes16_avx512:
	testq	%rdx, %rdx
	jz	4f
	vmovdqa64 state_index(%rip), %zmm8
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7
	kxnorw	%k1, %k1, %k1
	vpgatherdd 4 * \n(%rdi,%zmm8,4), %zmm\n{%k1}
	.endr
	movl	$AHEAD, %ecx

1:	vbroadcasti32x4 byte_swap(%rip), %zmm8
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7
	vmovdqu32 %zmm\n, WORD * \n(%rdi)
	.endr
	load_message 0, 16
	load_message 1, 17
	load_message 2, 18
	load_message 3, 19
	transpose_words 16, 17, 18, 19
	load_message 4, 20
	load_message 5, 21
	load_message 6, 22
	load_message 7, 23
	transpose_words 20, 21, 22, 23
	load_message 8, 24
	load_message 9, 25
	load_message 10, 26
	load_message 11, 27
	transpose_words 24, 25, 26, 27
	load_message 12, 28
	load_message 13, 29
	load_message 14, 30
	load_message 15, 31
	transpose_words 28, 29, 30, 31
	transpose_quarters 16, 20, 24, 28
	transpose_quarters 17, 21, 25, 29
	transpose_quarters 18, 22, 26, 30
	transpose_quarters 19, 23, 27, 31
	addq	$BLOCK, %rcx

	leaq	sha256_k(%rip), %rax
	movl	$TURNS, %r8d
	/*	t   W  a  b  c  d  e  f  g  h */
2:	round	0, 16, 0, 1, 2, 3, 4, 5, 6, 7
	round	1, 17, 3, 0, 1, 2, 7, 4, 5, 6
	round	2, 18, 2, 3, 0, 1, 6, 7, 4, 5
	round	3, 19, 1, 2, 3, 0, 5, 6, 7, 4
	addq	$K_PER_TURN, %rax
	cmpl	$LAST_TURNS, %r8d
	jbe	3f
	/*	      W  W1  W9 W14 */
	next_word 12, 16, 17, 25, 30
	next_word 13, 17, 18, 26, 31
	next_word 14, 18, 19, 27, 12
	next_word 15, 19, 20, 28, 13
3:	move_four 20, 21, 22, 23, 16, 17, 18, 19
	move_four 24, 25, 26, 27, 20, 21, 22, 23
	move_four 28, 29, 30, 31, 24, 25, 26, 27
	move_four 12, 13, 14, 15, 28, 29, 30, 31
	decl	%r8d
	jnz	2b
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7
	vpaddd	WORD * \n(%rdi), %zmm\n, %zmm\n
	.endr
	decq	%rdx
	jnz	1b

	vmovdqa64 state_index(%rip), %zmm8
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7
	kxnorw	%k1, %k1, %k1				/* used up, and left zero, by each of them */
	vpscatterdd %zmm\n, 4 * \n(%rdi,%zmm8,4){%k1}
	.endr
	vzeroall
	.irp	n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	vpxord	%zmm\n, %zmm\n, %zmm\n
	.endr
4:	ret
	.size	sha256_lanes16_avx512, . - sha256_lanes16_avx512

	.section .note.GNU-stack, "", @progbits
