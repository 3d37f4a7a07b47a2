/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * SHA-256 with the SHA2 instructions of Armv8 (Arm ARM, "SHA256H" and its kin): one stream, and two side by side.
 *
 * Four rounds take one vector of W + K. SHA256H and SHA256H2 each want the old value of the half of the state that the
 * other one changes, hence the copy. The message schedule is four vectors, each renewed from all four after its use.
 *
 * The data are loaded as bytes: such a load may have any alignment, even from Device memory.
 */
	.arch	armv8-a+crypto

/* Sixteen words: the message is big-endian. */
	.macro	swap w0, w1, w2, w3
	rev32	v\w0\().16b, v\w0\().16b
	rev32	v\w1\().16b, v\w1\().16b
	rev32	v\w2\().16b, v\w2\().16b
	rev32	v\w3\().16b, v\w3\().16b
	.endm

/* Rounds of one stream; ab: state a to d, eh: state e to h, wk: W + K, copy: scratch. */
	.macro	rounds ab, eh, wk, copy
	mov	v\copy\().16b, v\ab\().16b
	sha256h	q\ab, q\eh, v\wk\().4s
	sha256h2 q\eh, q\copy, v\wk\().4s
	.endm

/* W of sixteen rounds later, in w0. */
	.macro	schedule w0, w1, w2, w3
	sha256su0 v\w0\().4s, v\w1\().4s
	sha256su1 v\w0\().4s, v\w2\().4s, v\w3\().4s
	.endm

/*
 * sha256_blocks_ce - a sha256_blocks_fn.
 *
 * In:       x0: state, x1: data, x2: blocks
 * Out:      nothing
 * Clobbers: x1, x2, x3, v0 to v7, v16 to v31; d8 and d9 are kept, as AAPCS64 wants it
 * State:    FP and SIMD not trapped; MMU and D-cache off or on
 *
 * v0, v1: state; v2, v3: scratch; v4 to v7: W; v8, v9: the state before the block; v16 to v31: K, all of it.
 */
	.section .text.sha256_blocks_ce, "ax", %progbits
	.globl	sha256_blocks_ce
	.hidden	sha256_blocks_ce
	.type	sha256_blocks_ce, %function
	.hidden	sha256_k

	.macro	four k, w0, w1, w2, w3
	add	v2.4s, v\w0\().4s, v\k\().4s
	.ifnb	\w1
	schedule \w0, \w1, \w2, \w3
	.endif
	rounds	0, 1, 2, 3
	.endm

sha256_blocks_ce:
	cbz	x2, 2f
	stp	d8, d9, [sp, #-16]!
	adrp	x3, sha256_k
	add	x3, x3, :lo12:sha256_k
	ld1	{v16.4s-v19.4s}, [x3], #64
	ld1	{v20.4s-v23.4s}, [x3], #64
	ld1	{v24.4s-v27.4s}, [x3], #64
	ld1	{v28.4s-v31.4s}, [x3]
	ld1	{v0.4s, v1.4s}, [x0]
1:	ld1	{v4.16b-v7.16b}, [x1], #64
	sub	x2, x2, #1
	mov	v8.16b, v0.16b
	mov	v9.16b, v1.16b
	swap	4, 5, 6, 7
	four	16, 4, 5, 6, 7
	four	17, 5, 6, 7, 4
	four	18, 6, 7, 4, 5
	four	19, 7, 4, 5, 6
	four	20, 4, 5, 6, 7
	four	21, 5, 6, 7, 4
	four	22, 6, 7, 4, 5
	four	23, 7, 4, 5, 6
	four	24, 4, 5, 6, 7
	four	25, 5, 6, 7, 4
	four	26, 6, 7, 4, 5
	four	27, 7, 4, 5, 6
	four	28, 4
	four	29, 5
	four	30, 6
	four	31, 7
	add	v0.4s, v0.4s, v8.4s
	add	v1.4s, v1.4s, v9.4s
	cbnz	x2, 1b
	st1	{v0.4s, v1.4s}, [x0]
	ldp	d8, d9, [sp], #16
2:	ret
	.size	sha256_blocks_ce, . - sha256_blocks_ce

/*
 * sha256_lanes2_ce - a sha256_lanes_fn of width 2. One stream waits for its own results most of the time; two fill the
 * pipeline of a CPU that can take more. They share the loads of K.
 *
 * In:       x0: state of both, x1: their data, x2: blocks
 * Out:      nothing
 * Clobbers: x2 to x7, v0 to v7, v16 to v31
 * State:    FP and SIMD not trapped; MMU and D-cache off or on
 *
 * v0, v1 and v2, v3: state; v4 to v7: K; v16 to v19 and v20 to v23: W; v24 to v27: scratch; v28 to v31: the state
 * before the block.
 */
	.section .text.sha256_lanes2_ce, "ax", %progbits
	.globl	sha256_lanes2_ce
	.hidden	sha256_lanes2_ce
	.type	sha256_lanes2_ce, %function

	.macro	four_of_both k, a0, b0, a1, b1, a2, b2, a3, b3
	add	v24.4s, v\a0\().4s, v\k\().4s
	add	v26.4s, v\b0\().4s, v\k\().4s
	mov	v25.16b, v0.16b
	mov	v27.16b, v2.16b
	sha256h	q0, q1, v24.4s
	sha256h	q2, q3, v26.4s
	sha256h2 q1, q25, v24.4s
	sha256h2 q3, q27, v26.4s
	.ifnb	\a1
	schedule \a0, \a1, \a2, \a3
	schedule \b0, \b1, \b2, \b3
	.endif
	.endm

sha256_lanes2_ce:
	cbz	x2, 2f
	ldp	x4, x5, [x1]
	adrp	x3, sha256_k
	add	x3, x3, :lo12:sha256_k
	ld1	{v0.4s-v3.4s}, [x0]
1:	ld1	{v16.16b-v19.16b}, [x4], #64
	ld1	{v20.16b-v23.16b}, [x5], #64
	mov	x6, x3
	mov	w7, #3
	sub	x2, x2, #1
	mov	v28.16b, v0.16b
	mov	v29.16b, v1.16b
	mov	v30.16b, v2.16b
	mov	v31.16b, v3.16b
	swap	16, 17, 18, 19
	swap	20, 21, 22, 23
3:	ld1	{v4.4s-v7.4s}, [x6], #64
	sub	w7, w7, #1
	four_of_both 4, 16, 20, 17, 21, 18, 22, 19, 23
	four_of_both 5, 17, 21, 18, 22, 19, 23, 16, 20
	four_of_both 6, 18, 22, 19, 23, 16, 20, 17, 21
	four_of_both 7, 19, 23, 16, 20, 17, 21, 18, 22
	cbnz	w7, 3b
	ld1	{v4.4s-v7.4s}, [x6]
	four_of_both 4, 16, 20
	four_of_both 5, 17, 21
	four_of_both 6, 18, 22
	four_of_both 7, 19, 23
	add	v0.4s, v0.4s, v28.4s
	add	v1.4s, v1.4s, v29.4s
	add	v2.4s, v2.4s, v30.4s
	add	v3.4s, v3.4s, v31.4s
	cbnz	x2, 1b
	st1	{v0.4s-v3.4s}, [x0]
2:	ret
	.size	sha256_lanes2_ce, . - sha256_lanes2_ce

	.section .note.GNU-stack, "", %progbits
