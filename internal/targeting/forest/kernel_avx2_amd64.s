// The kernel for 256 rows a tile: kernel_avx512_amd64.s without masks, three-way logic and half of the registers.
// Row 32r+i of a tile is bit r of byte i of each mask.

#include "textflag.h"
#include "kernel_amd64.h"

DATA halves<>+0(SB)/8, $0x5555555555555555
DATA halves<>+8(SB)/8, $0x5555555555555555
DATA halves<>+16(SB)/8, $0x5555555555555555
DATA halves<>+24(SB)/8, $0x5555555555555555
DATA halves<>+32(SB)/8, $0x3333333333333333
DATA halves<>+40(SB)/8, $0x3333333333333333
DATA halves<>+48(SB)/8, $0x3333333333333333
DATA halves<>+56(SB)/8, $0x3333333333333333
DATA halves<>+64(SB)/8, $0x0F0F0F0F0F0F0F0F
DATA halves<>+72(SB)/8, $0x0F0F0F0F0F0F0F0F
DATA halves<>+80(SB)/8, $0x0F0F0F0F0F0F0F0F
DATA halves<>+88(SB)/8, $0x0F0F0F0F0F0F0F0F
GLOBL halves<>(SB), RODATA|NOPTR, $96

// EXCHANGE swaps the bits of a that m leaves out with the bits of b that it names, s places apart.
#define EXCHANGE(s, m, a, b, t) \
	VPSRLQ $s, a, t            \
	VPXOR  b, t, t             \
	VPAND  halves<>+m(SB), t, t \
	VPXOR  t, b, b             \
	VPSLLQ $s, t, t            \
	VPXOR  t, a, a

// TURN makes bit b of register r bit r of register b, in every byte.
#define TURN(t) \
	EXCHANGE(1, 0, Y0, Y1, t)  \
	EXCHANGE(1, 0, Y2, Y3, t)  \
	EXCHANGE(1, 0, Y4, Y5, t)  \
	EXCHANGE(1, 0, Y6, Y7, t)  \
	EXCHANGE(2, 32, Y0, Y2, t) \
	EXCHANGE(2, 32, Y1, Y3, t) \
	EXCHANGE(2, 32, Y4, Y6, t) \
	EXCHANGE(2, 32, Y5, Y7, t) \
	EXCHANGE(4, 64, Y0, Y4, t) \
	EXCHANGE(4, 64, Y1, Y5, t) \
	EXCHANGE(4, 64, Y2, Y6, t) \
	EXCHANGE(4, 64, Y3, Y7, t)

// BELOW leaves in a1, a2, a3 the masks "x < 1, 2, 3" of the two bits p1 p0; Y14 is all ones.
#define BELOW(p0, p1, a1, a2, a3) \
	VPOR  p0, p1, a1  \
	VPXOR Y14, a1, a1 \
	VPXOR Y14, p1, a2 \
	VPAND p0, p1, a3  \
	VPXOR Y14, a3, a3

// JOIN stores h or (next and a): "x < 4h+a" of four bits. FIRST is the same where h is nothing, LAST where next is all.
#define JOIN(off, h, next, a) \
	VPAND   a, next, Y15  \
	VPOR    h, Y15, Y15   \
	VMOVDQU Y15, (off)(DI)

#define FIRST(off, next, a) \
	VPAND   a, next, Y15  \
	VMOVDQU Y15, (off)(DI)

#define LAST(off, h, a) \
	VPOR    a, h, Y15     \
	VMOVDQU Y15, (off)(DI)

// HALF stores the masks "x < 1 … 15" of the four bits p3 … p0 from off on.
#define HALF(off, p0, p1, p2, p3) \
	BELOW(p0, p1, Y8, Y9, Y10)     \
	BELOW(p2, p3, Y11, Y12, Y13)   \
	FIRST(off+0*32, Y11, Y8)       \
	FIRST(off+1*32, Y11, Y9)       \
	FIRST(off+2*32, Y11, Y10)      \
	VMOVDQU Y11, (off+3*32)(DI)    \
	JOIN(off+4*32, Y11, Y12, Y8)   \
	JOIN(off+5*32, Y11, Y12, Y9)   \
	JOIN(off+6*32, Y11, Y12, Y10)  \
	VMOVDQU Y12, (off+7*32)(DI)    \
	JOIN(off+8*32, Y12, Y13, Y8)   \
	JOIN(off+9*32, Y12, Y13, Y9)   \
	JOIN(off+10*32, Y12, Y13, Y10) \
	VMOVDQU Y13, (off+11*32)(DI)   \
	LAST(off+12*32, Y13, Y8)       \
	LAST(off+13*32, Y13, Y9)       \
	LAST(off+14*32, Y13, Y10)

// func tabulateAVX2(bins *uint8, table *byte, shift uint8)
TEXT ·tabulateAVX2(SB), NOSPLIT, $0-17
	MOVQ     bins+0(FP), SI
	MOVQ     table+8(FP), DI
	MOVBLZX  shift+16(FP), AX
	VPCMPEQB Y14, Y14, Y14
	VMOVDQU  (0*32)(SI), Y0
	VMOVDQU  (1*32)(SI), Y1
	VMOVDQU  (2*32)(SI), Y2
	VMOVDQU  (3*32)(SI), Y3
	VMOVDQU  (4*32)(SI), Y4
	VMOVDQU  (5*32)(SI), Y5
	VMOVDQU  (6*32)(SI), Y6
	VMOVDQU  (7*32)(SI), Y7
	TESTL    AX, AX
	JZ       unshifted
	VPADDB   Y14, Y0, Y0 // all ones is -1
	VPADDB   Y14, Y1, Y1
	VPADDB   Y14, Y2, Y2
	VPADDB   Y14, Y3, Y3
	VPADDB   Y14, Y4, Y4
	VPADDB   Y14, Y5, Y5
	VPADDB   Y14, Y6, Y6
	VPADDB   Y14, Y7, Y7

unshifted:
	TURN(Y8)
	HALF(1*32, Y4, Y5, Y6, Y7)
	HALF(18*32, Y0, Y1, Y2, Y3)
	VPXOR   Y15, Y15, Y15
	VMOVDQU Y15, (0*32)(DI)
	VMOVDQU Y14, (16*32)(DI)
	VMOVDQU Y15, (17*32)(DI)
	VZEROUPPER
	RET

// ANSWER is the mask of the rows that go left at node n.
#define ANSWER(n, d) \
	MOVL    ((n)*8)(SI), AX   \
	MOVL    ((n)*8+4)(SI), BX \
	VMOVDQU 32(DI)(AX*1), d   \
	VPAND   (DI)(BX*1), d, d  \
	VPOR    (DI)(AX*1), d, d

// CHOOSE takes the left answer where b says left.
#define CHOOSE(b, left, right) \
	VPXOR right, left, left \
	VPAND b, left, left     \
	VPXOR right, left, left

// LOOK16 finds the values of eight rows, whose places are in Y0, among 16 leaves from off on; Y1 has the places' bit 3
// as its sign.
#define LOOK16(off, d, t) \
	VPERMPS   (off)(SI), Y0, d    \
	VPERMPS   (off+32)(SI), Y0, t \
	VBLENDVPS Y1, t, d, d

// LOOK32 is LOOK16 for 32 leaves; Y2 has bit 4.
#define LOOK32(off, d, t, u) \
	LOOK16(off, d, t)        \
	LOOK16(off+64, t, u)     \
	VBLENDVPS Y2, t, d, d

// ADD adds the leaves of eight rows to their scores, ADD32 those of a tree of at most 32 leaves.
#define ADD(g) \
	VPMOVZXBD ((g)*8)(R8), Y0      \
	VPSLLD    $28, Y0, Y1          \
	VPSLLD    $27, Y0, Y2          \
	VPSLLD    $26, Y0, Y3          \
	LOOK32(512, Y4, Y5, Y6)        \
	LOOK32(640, Y7, Y5, Y6)        \
	VBLENDVPS Y3, Y7, Y4, Y4       \
	VADDPS    ((g)*32)(R9), Y4, Y4 \
	VMOVUPS   Y4, ((g)*32)(R9)

#define ADD32(g) \
	VPMOVZXBD ((g)*8)(R8), Y0      \
	VPSLLD    $28, Y0, Y1          \
	VPSLLD    $27, Y0, Y2          \
	LOOK32(512, Y4, Y5, Y6)        \
	VADDPS    ((g)*32)(R9), Y4, Y4 \
	VMOVUPS   Y4, ((g)*32)(R9)

// func scoreAVX2(tables *byte, trees *treeCode, count int, leaves *byte, out *float32)
TEXT ·scoreAVX2(SB), NOSPLIT, $0-40
	MOVQ tables+0(FP), DI
	MOVQ trees+8(FP), SI
	MOVQ count+16(FP), CX
	MOVQ leaves+24(FP), R8
	MOVQ out+32(FP), R9

tree:
	VPXOR Y0, Y0, Y0
	VPXOR Y1, Y1, Y1
	VPXOR Y2, Y2, Y2
	VPXOR Y3, Y3, Y3
	VPXOR Y4, Y4, Y4
	VPXOR Y5, Y5, Y5
	VPXOR Y6, Y6, Y6
	VPXOR Y7, Y7, Y7
	MOVL  504(SI), R10      // depth
	CMPL  R10, $1
	JLT   answered
	ANSWER(0, Y0)
	CMPL  R10, $1
	JEQ   answered
	TWO(1, Y0, Y1, Y8)
	CMPL  R10, $2
	JEQ   answered
	FOUR(3, Y1, Y0, Y2, Y8, Y9)
	CMPL  R10, $3
	JEQ   answered
	EIGHT(7, Y2, Y1, Y0, Y3, Y8, Y9, Y10)
	CMPL  R10, $4
	JEQ   answered
	SIXTEEN(15, Y3, Y2, Y1, Y0, Y4, Y8, Y9, Y10, Y11)
	CMPL  R10, $5
	JEQ   answered
	SIXTEEN(31, Y4, Y3, Y2, Y1, Y5, Y8, Y9, Y10, Y11)
	SIXTEEN(47, Y4, Y3, Y2, Y1, Y8, Y9, Y10, Y11, Y12)
	CHOOSE(Y0, Y5, Y8)

answered:
	TURN(Y8)
	VMOVDQU Y0, (0*32)(R8)
	VMOVDQU Y1, (1*32)(R8)
	VMOVDQU Y2, (2*32)(R8)
	VMOVDQU Y3, (3*32)(R8)
	VMOVDQU Y4, (4*32)(R8)
	VMOVDQU Y5, (5*32)(R8)
	VMOVDQU Y6, (6*32)(R8)
	VMOVDQU Y7, (7*32)(R8)
	CMPL    R10, $6
	JEQ     deep
	EIGHTOF(ADD32, 0)
	EIGHTOF(ADD32, 8)
	EIGHTOF(ADD32, 16)
	EIGHTOF(ADD32, 24)
	JMP     next

deep:
	EIGHTOF(ADD, 0)
	EIGHTOF(ADD, 8)
	EIGHTOF(ADD, 16)
	EIGHTOF(ADD, 24)

next:
	ADDQ $768, SI
	DECQ CX
	JNZ  tree
	VZEROUPPER
	RET
