/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * SHA-256 with the SHA extensions (SDM volume 2: SHA256RNDS2, SHA256MSG1, SHA256MSG2): one message, and two at once.
 *
 * The instructions want the state in two registers, its words A, B, E, F in the one and C, D, G, H in the other, the
 * first of them highest; and W + K of two rounds in the low half of xmm0. Each needs the result of the one before it,
 * and takes its time. So one message runs at their latency, if nothing else comes in between, and two side by side run
 * at up to twice that.
 *
 * No VEX encodings: there are CPUs with the SHA extensions and without AVX.
 */

#define BLOCK		64
#define TURNS		4	/* sixteen rounds each, with the words for the next sixteen; the last ones need none */
#define K_PER_TURN	64
#define AHEAD		512	/* bytes of a message that are prefetched before they are needed */

#define SWAP_PAIRS	0xb1	/* pshufd: dwords 1, 0, 3, 2, from low to high */
#define HIGH_HALF	0x0e	/* pshufd: dwords 2, 3 in the low half */

#define LOOP_ALIGN	32

	.hidden	sha256_k

/* A state into its two registers. Dwords from low to high on the right. */
	.macro	load_state memory, abef, cdgh, tmp
	movdqu	\memory, \tmp
	movdqu	16 + \memory, \abef
	pshufd	$SWAP_PAIRS, \tmp, \tmp			/* B A D C */
	pshufd	$SWAP_PAIRS, \abef, \abef		/* F E H G */
	movdqa	\abef, \cdgh
	punpcklqdq \tmp, \abef				/* F E B A */
	punpckhqdq \tmp, \cdgh				/* H G D C */
	.endm

/* And back; the registers are lost. */
	.macro	store_state memory, abef, cdgh, tmp
	movdqa	\abef, \tmp
	punpcklqdq \cdgh, \abef				/* F E H G */
	punpckhqdq \cdgh, \tmp				/* B A D C */
	pshufd	$SWAP_PAIRS, \abef, \abef
	pshufd	$SWAP_PAIRS, \tmp, \tmp
	movdqu	\tmp, \memory
	movdqu	\abef, 16 + \memory
	.endm

/* A block, which is big-endian, into four registers of four words. */
	.macro	load_block memory, swap, w0, w1, w2, w3
	movdqu	\memory, \w0
	movdqu	16 + \memory, \w1
	movdqu	32 + \memory, \w2
	movdqu	48 + \memory, \w3
	pshufb	\swap, \w0
	pshufb	\swap, \w1
	pshufb	\swap, \w2
	pshufb	\swap, \w3
	.endm

/*
 * Four rounds with the words in w. Two rounds turn A, B, E, F into the next C, D, G, H, so that only one register is
 * written and the two change their roles; after four rounds each has its own again. Clobbers xmm0.
 */
	.macro	four_rounds k, w, abef, cdgh
	movdqa	\k, %xmm0
	paddd	\w, %xmm0
	sha256rnds2 %xmm0, \abef, \cdgh
	pshufd	$HIGH_HALF, %xmm0, %xmm0
	sha256rnds2 %xmm0, \cdgh, \abef
	.endm

/* W[t+16] to W[t+19] in the place of W[t] to W[t+3] in w0; w1, w2, w3 hold W[t+4] to W[t+15]. */
	.macro	four_words w0, w1, w2, w3, tmp
	sha256msg1 \w1, \w0				/* W[t] + sigma0(W[t+1]) */
	movdqa	\w3, \tmp
	palignr	$4, \w2, \tmp				/* W[t+9] to W[t+12] */
	paddd	\tmp, \w0
	sha256msg2 \w3, \w0				/* + sigma1(W[t+14]) */
	.endm

	.section .rodata.cst16, "aM", @progbits, 16	/* the linker keeps one for all files */
	.balign	16
byte_swap:
	.byte	3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12

/*
 * sha256_blocks_shani - take whole blocks of one message into its state: a sha256_blocks_fn.
 *
 * In:       rdi: state, eight words; rsi: data, of any alignment; rdx: blocks, may be 0
 * Out:      the state
 * Clobbers: rax, ecx, rdx, rsi, flags; xmm0 to xmm10, which are left zero
 * State:    SSE may be used; the CPU has SSSE3 and the SHA extensions. No stack.
 */
#define ABEF		%xmm1
#define CDGH		%xmm2
#define W0		%xmm3
#define W1		%xmm4
#define W2		%xmm5
#define W3		%xmm6
#define ABEF_BEFORE	%xmm7
#define CDGH_BEFORE	%xmm8
#define SWAP		%xmm9
#define TMP		%xmm10

/* Four rounds, and the words of sixteen rounds later, but in the last turn, when ZF is set. */
	.macro	four_of_one k, w0, w1, w2, w3
	four_rounds \k(%rax), \w0, ABEF, CDGH
	jz	.Lone\@
	four_words \w0, \w1, \w2, \w3, TMP
.Lone\@:
	.endm

	.section .text.sha256_blocks_shani, "ax", @progbits
	.globl	sha256_blocks_shani
	.hidden	sha256_blocks_shani
	.type	sha256_blocks_shani, @function
	.balign	LOOP_ALIGN
sha256_blocks_shani:
	load_state 0(%rdi), ABEF, CDGH, TMP
	movdqa	byte_swap(%rip), SWAP
	testq	%rdx, %rdx
	jz	3f

1:	prefetcht0 AHEAD(%rsi)
	load_block 0(%rsi), SWAP, W0, W1, W2, W3
	movdqa	ABEF, ABEF_BEFORE
	movdqa	CDGH, CDGH_BEFORE
	leaq	sha256_k(%rip), %rax
	movl	$TURNS, %ecx
2:	decl	%ecx					/* nothing changes the flags up to the end of the turn */
	four_of_one 0, W0, W1, W2, W3
	four_of_one 16, W1, W2, W3, W0
	four_of_one 32, W2, W3, W0, W1
	four_of_one 48, W3, W0, W1, W2
	leaq	K_PER_TURN(%rax), %rax
	jnz	2b
	paddd	ABEF_BEFORE, ABEF
	paddd	CDGH_BEFORE, CDGH
	addq	$BLOCK, %rsi
	decq	%rdx
	jnz	1b

3:	store_state 0(%rdi), ABEF, CDGH, TMP
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
	pxor	%xmm\n, %xmm\n
	.endr
	ret
	.size	sha256_blocks_shani, . - sha256_blocks_shani

/*
 * sha256_lanes2_shani - take whole blocks of two messages, P and Q, into their states: a sha256_lanes_fn.
 *
 * In:       rdi: two states of eight words; rsi: two pointers to data, of any alignment; rdx: blocks, may be 0
 * Out:      the states
 * Clobbers: rax, ecx, rdx, rsi, r8, flags; xmm0 to xmm14, which are left zero
 * State:    SSE may be used; the CPU has SSSE3 and the SHA extensions. No stack: what a block is added to waits in the
 *           states themselves, as the registers have it.
 */
#define P_STATE		0(%rdi)
#define Q_STATE		32(%rdi)
#define P_ABEF		%xmm1
#define P_CDGH		%xmm2
#define P_W0		%xmm3
#define P_W1		%xmm4
#define P_W2		%xmm5
#define P_W3		%xmm6
#define Q_ABEF		%xmm7
#define Q_CDGH		%xmm8
#define Q_W0		%xmm9
#define Q_W1		%xmm10
#define Q_W2		%xmm11
#define Q_W3		%xmm12
#undef SWAP
#define SWAP		%xmm13
#undef TMP
#define TMP		%xmm14

/* The same for both. */
	.macro	four_of_both k, p0, p1, p2, p3, q0, q1, q2, q3
	four_rounds \k(%rax), \p0, P_ABEF, P_CDGH
	four_rounds \k(%rax), \q0, Q_ABEF, Q_CDGH
	jz	.Lboth\@
	four_words \p0, \p1, \p2, \p3, TMP
	four_words \q0, \q1, \q2, \q3, TMP
.Lboth\@:
	.endm

/* The two registers of a state, to or from its memory as they are. */
	.macro	keep memory, abef, cdgh
	movdqu	\abef, \memory
	movdqu	\cdgh, 16 + \memory
	.endm

	.macro	add_kept memory, abef, cdgh
	movdqu	\memory, TMP
	paddd	TMP, \abef
	movdqu	16 + \memory, TMP
	paddd	TMP, \cdgh
	.endm

	.section .text.sha256_lanes2_shani, "ax", @progbits
	.globl	sha256_lanes2_shani
	.hidden	sha256_lanes2_shani
	.type	sha256_lanes2_shani, @function
	.balign	LOOP_ALIGN
sha256_lanes2_shani:
	load_state P_STATE, P_ABEF, P_CDGH, TMP
	load_state Q_STATE, Q_ABEF, Q_CDGH, TMP
	movdqa	byte_swap(%rip), SWAP
	movq	8(%rsi), %r8
	movq	(%rsi), %rsi
	testq	%rdx, %rdx
	jz	3f

1:	prefetcht0 AHEAD(%rsi)
	prefetcht0 AHEAD(%r8)
	keep	P_STATE, P_ABEF, P_CDGH
	keep	Q_STATE, Q_ABEF, Q_CDGH
	load_block 0(%rsi), SWAP, P_W0, P_W1, P_W2, P_W3
	load_block 0(%r8), SWAP, Q_W0, Q_W1, Q_W2, Q_W3
	leaq	sha256_k(%rip), %rax
	movl	$TURNS, %ecx
2:	decl	%ecx					/* nothing changes the flags up to the end of the turn */
	four_of_both 0, P_W0, P_W1, P_W2, P_W3, Q_W0, Q_W1, Q_W2, Q_W3
	four_of_both 16, P_W1, P_W2, P_W3, P_W0, Q_W1, Q_W2, Q_W3, Q_W0
	four_of_both 32, P_W2, P_W3, P_W0, P_W1, Q_W2, Q_W3, Q_W0, Q_W1
	four_of_both 48, P_W3, P_W0, P_W1, P_W2, Q_W3, Q_W0, Q_W1, Q_W2
	leaq	K_PER_TURN(%rax), %rax
	jnz	2b
	add_kept P_STATE, P_ABEF, P_CDGH
	add_kept Q_STATE, Q_ABEF, Q_CDGH
	addq	$BLOCK, %rsi
	addq	$BLOCK, %r8
	decq	%rdx
	jnz	1b

3:	store_state P_STATE, P_ABEF, P_CDGH, TMP
	store_state Q_STATE, Q_ABEF, Q_CDGH, TMP
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14
	pxor	%xmm\n, %xmm\n
	.endr
	ret
	.size	sha256_lanes2_shani, . - sha256_lanes2_shani

	.section .note.GNU-stack, "", @progbits
