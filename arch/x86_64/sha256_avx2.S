/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * SHA-256 of eight messages side by side with AVX2: a register holds the same word of all of them, a dword each.
 *
 * Names as in FIPS 180-4: a to h, W, T1, T2, Ch, Maj, the four sigmas. The registers:
 *
 *	ymm0 to ymm7	a to h; each round renames them, and after four each has its own name again
 *	ymm8 to ymm13	temporary
 *	ymm14, ymm15	a ^ b, which is b ^ c in the next round, and so in turn
 *
 * The ring of sixteen words is on the stack, W[t] at t % 16. What the schedule makes is put there once more sixteen places
 * on, so that a turn finds the sixteen words from its first one on in a row, wherever that is.
 */

#define BLOCK		64
#define TURNS		16	/* four rounds each, with four words for the turn four turns later */
#define LAST_TURNS	4	/* need no more words */
#define TURN_WORDS	4
#define K_PER_TURN	16
#define LOOP_ALIGN	32
#define STATE		32	/* eight words */
#define WORD		32	/* of eight messages */
#define RING		(16 * WORD)
#define QUARTER		16	/* of a block: four words */
#define AHEAD		512	/* bytes of each message that are prefetched before they are needed */

#define STATES		%rdi
#define MESSAGES	%rsi
#define BLOCKS		%rdx
#define TURN_OFFSET	%eax	/* of the turn's first word in the ring */
#define TURN_OFFSET_64	%rax
#define NEXT		%rcx	/* four words behind the next one, W(0), as displacements from there are short */
#define W(n)		WORD*(n-4)(NEXT)	/* no blanks: they would end an argument of a macro */
#define POINTER		%r8
#define WORDS_LEFT	%r8d
#define COUNT		%r9d
#define OFFSET		%r10	/* of what is read next, in each message */
#define K		%r11

	.hidden	sha256_k

/* \to = \x rotated right by \n. */
	.macro	rotate n, x, to, tmp
	vpsrld	$\n, %ymm\x, %ymm\to
	vpslld	$32 - \n, %ymm\x, %ymm\tmp
	vpxor	%ymm\tmp, %ymm\to, %ymm\to
	.endm

/* Sigma0 or Sigma1 of \x into ymm9: three rotations. Clobbers ymm10 to ymm13. */
	.macro	big_sigma n1, n2, n3, x
	rotate	\n1, \x, 9, 10
	rotate	\n2, \x, 11, 12
	rotate	\n3, \x, 13, 10
	vpxor	%ymm11, %ymm9, %ymm9
	vpxor	%ymm13, %ymm9, %ymm9
	.endm

/* sigma0 or sigma1 of the word at \memory into ymm9: two rotations and a shift. Clobbers ymm10 to ymm13. */
	.macro	small_sigma n1, n2, shift, memory
	vmovdqa	\memory, %ymm13
	rotate	\n1, 13, 9, 10
	rotate	\n2, 13, 11, 12
	vpsrld	$\shift, %ymm13, %ymm13
	vpxor	%ymm11, %ymm9, %ymm9
	vpxor	%ymm13, %ymm9, %ymm9
	.endm

/*
 * Round t of a turn. The new a takes the place of d, the new e that of h. \bc is b ^ c, and \ab gets a ^ b:
 * Ch(e, f, g) = g ^ (e & (f ^ g)), Maj(a, b, c) = b ^ ((a ^ b) & (b ^ c)).
 */
	.macro	round t, ab, bc, a, b, c, d, e, f, g, h
	vpbroadcastd 4 * \t(K), %ymm8
	vpaddd	W(\t), %ymm8, %ymm8
	vpaddd	%ymm8, %ymm\h, %ymm\h
	vpxor	%ymm\g, %ymm\f, %ymm8
	vpand	%ymm\e, %ymm8, %ymm8
	vpxor	%ymm\g, %ymm8, %ymm8			/* Ch */
	vpaddd	%ymm8, %ymm\h, %ymm8
	big_sigma 6, 11, 25, \e
	vpaddd	%ymm9, %ymm8, %ymm8			/* T1 */
	vpaddd	%ymm8, %ymm\d, %ymm\h
	vpxor	%ymm\b, %ymm\a, %ymm\ab
	vpand	%ymm\ab, %ymm\bc, %ymm\bc
	vpxor	%ymm\b, %ymm\bc, %ymm\bc		/* Maj */
	vpaddd	%ymm\bc, %ymm8, %ymm8
	big_sigma 2, 13, 22, \a
	vpaddd	%ymm9, %ymm8, %ymm\d			/* T1 + T2 */
	.endm

/* 16 bytes of the messages \i and \i+4, in the halves of \to. Clobbers POINTER. */
	.macro	load_two i, to
	movq	8 * (\i)(MESSAGES), POINTER
	vmovdqu	(POINTER,OFFSET), %xmm\to
	movq	8 * (\i + 4)(MESSAGES), POINTER
	vinserti128 $1, (POINTER,OFFSET), %ymm\to, %ymm\to
	.endm

/*
 * Four words of eight messages: r0 to r3 have those of the messages 0 and 4, 1 and 5, 2 and 6, 3 and 7. Afterwards r0 has
 * the first word of each message, in order, r1 the second one, and so on. The same once more undoes it. Clobbers \tmp
 * and \tmp2.
 */
	.macro	transpose r0, r1, r2, r3, tmp, tmp2
	vpunpckldq %ymm\r1, %ymm\r0, %ymm\tmp		/* words 0, 0, 1, 1 of two messages */
	vpunpckhdq %ymm\r1, %ymm\r0, %ymm\r0		/* 2, 2, 3, 3 */
	vpunpckldq %ymm\r3, %ymm\r2, %ymm\tmp2
	vpunpckhdq %ymm\r3, %ymm\r2, %ymm\r3
	vpunpcklqdq %ymm\r3, %ymm\r0, %ymm\r2
	vpunpckhqdq %ymm\r3, %ymm\r0, %ymm\r3
	vpunpcklqdq %ymm\tmp2, %ymm\tmp, %ymm\r0
	vpunpckhqdq %ymm\tmp2, %ymm\tmp, %ymm\r1
	.endm

/* The same four words of all states, from word \n on, to or from r0 to r3. Clobbers ymm8, ymm9. */
	.macro	load_states n, r0, r1, r2, r3
	load_two_states 0, \n, \r0
	load_two_states 1, \n, \r1
	load_two_states 2, \n, \r2
	load_two_states 3, \n, \r3
	transpose \r0, \r1, \r2, \r3, 8, 9
	.endm

	.macro	load_two_states i, n, to
	vmovdqu	STATE * (\i) + 4 * \n(STATES), %xmm\to
	vinserti128 $1, STATE * (\i + 4) + 4 * \n(STATES), %ymm\to, %ymm\to
	.endm

	.macro	store_states n, r0, r1, r2, r3
	transpose \r0, \r1, \r2, \r3, 8, 9
	store_two_states 0, \n, \r0
	store_two_states 1, \n, \r1
	store_two_states 2, \n, \r2
	store_two_states 3, \n, \r3
	.endm

	.macro	store_two_states i, n, from
	vmovdqu	%xmm\from, STATE * (\i) + 4 * \n(STATES)
	vextracti128 $1, %ymm\from, STATE * (\i + 4) + 4 * \n(STATES)
	.endm

	.section .rodata.cst16, "aM", @progbits, 16	/* the linker keeps one for all files */
	.balign	16
byte_swap:
	.byte	3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12

/*
 * sha256_lanes8_avx2 - take whole blocks of eight messages into their states: a sha256_lanes_fn.
 *
 * In:       rdi: eight states of eight words; rsi: eight pointers to data, of any alignment; rdx: blocks, may be 0
 * Out:      the states
 * Clobbers: rax, rcx, rdx, r8 to r11, flags; ymm0 to ymm15, which are left zero
 * State:    AVX2 may be used. About 1100 bytes of stack; what a block is added to waits in the states' memory,
 *           transposed.
 */
	.section .text.sha256_lanes8_avx2, "ax", @progbits
	.globl	sha256_lanes8_avx2
	.hidden	sha256_lanes8_avx2
	.type	sha256_lanes8_avx2, @function
	.balign	LOOP_ALIGN
sha256_lanes8_avx2:
	testq	BLOCKS, BLOCKS
	jz	6f
	pushq	%rbp
	movq	%rsp, %rbp
	subq	$2 * RING, %rsp
	andq	$-WORD, %rsp
	load_states 0, 0, 1, 2, 3
	load_states 4, 4, 5, 6, 7
	xorl	%r10d, %r10d				/* OFFSET */

1:	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7
	vmovdqu	%ymm\n, WORD * \n(STATES)
	.endr

	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7
	movq	8 * \i(MESSAGES), POINTER
	prefetcht0 AHEAD(POINTER,OFFSET)
	.endr
	vbroadcasti128 byte_swap(%rip), %ymm15
	leaq	4 * WORD(%rsp), NEXT
	movl	$BLOCK / QUARTER, COUNT
2:	load_two 0, 8
	load_two 1, 9
	load_two 2, 10
	load_two 3, 11
	.irp	n, 8, 9, 10, 11
	vpshufb	%ymm15, %ymm\n, %ymm\n
	.endr
	transpose 8, 9, 10, 11, 12, 13
	vmovdqa	%ymm8, W(0)
	vmovdqa	%ymm9, W(1)
	vmovdqa	%ymm10, W(2)
	vmovdqa	%ymm11, W(3)
	addq	$QUARTER, OFFSET
	addq	$TURN_WORDS * WORD, NEXT
	decl	COUNT
	jnz	2b

	xorl	TURN_OFFSET, TURN_OFFSET
	leaq	sha256_k(%rip), K
	movl	$TURNS, COUNT
	vpxor	%ymm2, %ymm1, %ymm15
3:	leaq	4 * WORD(%rsp,TURN_OFFSET_64), NEXT
	/*	t a^b b^c  a  b  c  d  e  f  g  h */
	round	0, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7
	round	1, 15, 14, 3, 0, 1, 2, 7, 4, 5, 6
	round	2, 14, 15, 2, 3, 0, 1, 6, 7, 4, 5
	round	3, 15, 14, 1, 2, 3, 0, 5, 6, 7, 4
	addq	$K_PER_TURN, K
	addl	$TURN_WORDS * WORD, TURN_OFFSET
	andl	$RING - 1, TURN_OFFSET
	cmpl	$LAST_TURNS, COUNT
	jbe	5f
	movl	$TURN_WORDS, WORDS_LEFT
4:	vmovdqa	W(0), %ymm8
	vpaddd	W(9), %ymm8, %ymm8
	small_sigma 7, 18, 3, W(1)
	vpaddd	%ymm9, %ymm8, %ymm8
	small_sigma 17, 19, 10, W(14)
	vpaddd	%ymm9, %ymm8, %ymm8
	vmovdqa	%ymm8, W(0)				/* W[t+16] */
	vmovdqa	%ymm8, W(16)
	addq	$WORD, NEXT
	decl	WORDS_LEFT
	jnz	4b
5:	decl	COUNT
	jnz	3b
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7
	vpaddd	WORD * \n(STATES), %ymm\n, %ymm\n
	.endr
	decq	BLOCKS
	jnz	1b

	store_states 0, 0, 1, 2, 3
	store_states 4, 4, 5, 6, 7
	vzeroall
	leave
6:	ret
	.size	sha256_lanes8_avx2, . - sha256_lanes8_avx2

	.section .note.GNU-stack, "", @progbits
