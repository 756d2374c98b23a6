// The kernel for 512 rows a tile; kernel.go says how it works.
//
// Row 64r+i of a tile is bit r of byte i of each mask. That is the order in which the 8x8 bits of eight registers turn
// into each other by three rounds of exchanges, so that no byte has to move.

#include "textflag.h"
#include "kernel_amd64.h"

DATA turn<>+0(SB)/8, $0x5555555555555555
DATA turn<>+8(SB)/8, $0x3333333333333333
DATA turn<>+16(SB)/8, $0x0F0F0F0F0F0F0F0F
DATA turn<>+24(SB)/8, $0x0101010101010101
GLOBL turn<>(SB), RODATA|NOPTR, $32

// EXCHANGE swaps the bits of a that m leaves out with the bits of b that it names, s places apart:
// a = m ? a : b<<s, and b = m ? a>>s : b.
#define EXCHANGE(s, m, a, b, t, u) \
	VPSLLQ     $s, b, t       \
	VPSRLQ     $s, a, u       \
	VPTERNLOGQ $0xE2, t, m, a \
	VPTERNLOGQ $0xB8, u, m, b

// TURN makes bit b of register r bit r of register b, in every byte; Z28 to Z30 hold the masks.
#define TURN(a, b, c, d, e, f, g, h, t, u) \
	EXCHANGE(1, Z28, a, b, t, u) \
	EXCHANGE(1, Z28, c, d, t, u) \
	EXCHANGE(1, Z28, e, f, t, u) \
	EXCHANGE(1, Z28, g, h, t, u) \
	EXCHANGE(2, Z29, a, c, t, u) \
	EXCHANGE(2, Z29, b, d, t, u) \
	EXCHANGE(2, Z29, e, g, t, u) \
	EXCHANGE(2, Z29, f, h, t, u) \
	EXCHANGE(4, Z30, a, e, t, u) \
	EXCHANGE(4, Z30, b, f, t, u) \
	EXCHANGE(4, Z30, c, g, t, u) \
	EXCHANGE(4, Z30, d, h, t, u)

// BELOW leaves in a1, a2, a3 the masks "x < 1, 2, 3" of the two bits p1 p0: neither, not p1, not both.
#define BELOW(p0, p1, a1, a2, a3) \
	VMOVDQA64  p0, a1             \
	VPTERNLOGQ $0x03, p1, p1, a1  \
	VPTERNLOGQ $0x33, p1, p1, a2 \
	VMOVDQA64  p0, a3             \
	VPTERNLOGQ $0x3F, p1, p1, a3

// JOIN stores h or (next and a): "x < 4h+a" of four bits.
#define JOIN(off, h, next, a) \
	VMOVDQA64  h, Z20             \
	VPTERNLOGQ $0xF8, a, next, Z20 \
	VMOVDQU64  Z20, (off)(DI)

// HALF stores the masks "x < 1 … 15" of the four bits p3 … p0 from off on; Z31 is 0 and Z27 all ones.
#define HALF(off, p0, p1, p2, p3) \
	BELOW(p0, p1, Z8, Z9, Z10)     \
	BELOW(p2, p3, Z11, Z12, Z13)   \
	JOIN(off+0*64, Z31, Z11, Z8)   \
	JOIN(off+1*64, Z31, Z11, Z9)   \
	JOIN(off+2*64, Z31, Z11, Z10)  \
	VMOVDQU64 Z11, (off+3*64)(DI)  \
	JOIN(off+4*64, Z11, Z12, Z8)   \
	JOIN(off+5*64, Z11, Z12, Z9)   \
	JOIN(off+6*64, Z11, Z12, Z10)  \
	VMOVDQU64 Z12, (off+7*64)(DI)  \
	JOIN(off+8*64, Z12, Z13, Z8)   \
	JOIN(off+9*64, Z12, Z13, Z9)   \
	JOIN(off+10*64, Z12, Z13, Z10) \
	VMOVDQU64 Z13, (off+11*64)(DI) \
	JOIN(off+12*64, Z13, Z27, Z8)  \
	JOIN(off+13*64, Z13, Z27, Z9)  \
	JOIN(off+14*64, Z13, Z27, Z10)

// func tabulateAVX512(bins *uint8, table *byte, shift uint8)
TEXT ·tabulateAVX512(SB), NOSPLIT, $0-17
	MOVQ         bins+0(FP), SI
	MOVQ         table+8(FP), DI
	MOVBLZX      shift+16(FP), AX
	VPBROADCASTQ turn<>+0(SB), Z28
	VPBROADCASTQ turn<>+8(SB), Z29
	VPBROADCASTQ turn<>+16(SB), Z30
	VPXORQ       Z31, Z31, Z31
	VPTERNLOGQ   $0xFF, Z27, Z27, Z27
	VMOVDQU64    (0*64)(SI), Z0
	VMOVDQU64    (1*64)(SI), Z1
	VMOVDQU64    (2*64)(SI), Z2
	VMOVDQU64    (3*64)(SI), Z3
	VMOVDQU64    (4*64)(SI), Z4
	VMOVDQU64    (5*64)(SI), Z5
	VMOVDQU64    (6*64)(SI), Z6
	VMOVDQU64    (7*64)(SI), Z7
	TESTL        AX, AX
	JZ           unshifted
	VPADDB       Z27, Z0, Z0 // all ones is -1
	VPADDB       Z27, Z1, Z1
	VPADDB       Z27, Z2, Z2
	VPADDB       Z27, Z3, Z3
	VPADDB       Z27, Z4, Z4
	VPADDB       Z27, Z5, Z5
	VPADDB       Z27, Z6, Z6
	VPADDB       Z27, Z7, Z7

unshifted:
	TURN(Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9)
	VMOVDQU64 Z31, (0*64)(DI)
	HALF(1*64, Z4, Z5, Z6, Z7)
	VMOVDQU64 Z27, (16*64)(DI)
	VMOVDQU64 Z31, (17*64)(DI)
	HALF(18*64, Z0, Z1, Z2, Z3)
	VZEROUPPER
	RET

// ANSWER is the mask of the rows that go left at node n.
#define ANSWER(n, d) \
	MOVL       ((n)*8)(SI), AX          \
	MOVL       ((n)*8+4)(SI), BX        \
	VMOVDQU64  (DI)(AX*1), d            \
	VMOVDQU64  64(DI)(AX*1), Z15        \
	VPTERNLOGQ $0xF8, (DI)(BX*1), Z15, d

// CHOOSE takes the left answer where b says left.
#define CHOOSE(b, left, right) \
	VPTERNLOGQ $0xE2, right, b, left

// ADD adds the leaves of 16 rows to their scores: of 64 leaves in Z16 to Z19, those whose bit 5 is set are in the last
// two.
#define ADD(g) \
	VPMOVZXBD ((g)*16)(R8), Z8  \
	VPTESTMD  Z26, Z8, K1     \
	VMOVDQA64 Z8, Z9          \
	VPERMI2PS Z17, Z16, Z8    \
	VPERMI2PS Z19, Z18, Z9    \
	VMOVAPS   Z9, K1, Z8      \
	VADDPS    ((g)*64)(R9), Z8, Z8 \
	VMOVUPS   Z8, ((g)*64)(R9)

// ADD32 is ADD for trees of at most 32 leaves.
#define ADD32(g) \
	VPMOVZXBD ((g)*16)(R8), Z8  \
	VPERMI2PS Z17, Z16, Z8    \
	VADDPS    ((g)*64)(R9), Z8, Z8 \
	VMOVUPS   Z8, ((g)*64)(R9)

DATA bit5<>+0(SB)/4, $32
GLOBL bit5<>(SB), RODATA|NOPTR, $4

// func scoreAVX512(tables *byte, trees *treeCode, count int, leaves *byte, out *float32)
TEXT ·scoreAVX512(SB), NOSPLIT, $0-40
	MOVQ         tables+0(FP), DI
	MOVQ         trees+8(FP), SI
	MOVQ         count+16(FP), CX
	MOVQ         leaves+24(FP), R8
	MOVQ         out+32(FP), R9
	VPBROADCASTQ turn<>+0(SB), Z28
	VPBROADCASTQ turn<>+8(SB), Z29
	VPBROADCASTQ turn<>+16(SB), Z30
	VPBROADCASTD bit5<>(SB), Z26

tree:
	VPXORQ Z0, Z0, Z0
	VPXORQ Z1, Z1, Z1
	VPXORQ Z2, Z2, Z2
	VPXORQ Z3, Z3, Z3
	VPXORQ Z4, Z4, Z4
	VPXORQ Z5, Z5, Z5
	VPXORQ Z6, Z6, Z6
	VPXORQ Z7, Z7, Z7
	MOVL   504(SI), R10       // depth
	CMPL   R10, $1
	JLT    answered
	ANSWER(0, Z0)
	CMPL   R10, $1
	JEQ    answered
	TWO(1, Z0, Z1, Z8)
	CMPL   R10, $2
	JEQ    answered
	FOUR(3, Z1, Z0, Z2, Z8, Z9)
	CMPL   R10, $3
	JEQ    answered
	EIGHT(7, Z2, Z1, Z0, Z3, Z8, Z9, Z10)
	CMPL   R10, $4
	JEQ    answered
	SIXTEEN(15, Z3, Z2, Z1, Z0, Z4, Z8, Z9, Z10, Z11)
	CMPL   R10, $5
	JEQ    answered
	SIXTEEN(31, Z4, Z3, Z2, Z1, Z5, Z8, Z9, Z10, Z11)
	SIXTEEN(47, Z4, Z3, Z2, Z1, Z8, Z9, Z10, Z11, Z12)
	CHOOSE(Z0, Z5, Z8)

answered:
	TURN(Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9)
	VMOVDQU64 Z0, (0*64)(R8)
	VMOVDQU64 Z1, (1*64)(R8)
	VMOVDQU64 Z2, (2*64)(R8)
	VMOVDQU64 Z3, (3*64)(R8)
	VMOVDQU64 Z4, (4*64)(R8)
	VMOVDQU64 Z5, (5*64)(R8)
	VMOVDQU64 Z6, (6*64)(R8)
	VMOVDQU64 Z7, (7*64)(R8)
	VMOVUPS   512(SI), Z16
	VMOVUPS   576(SI), Z17
	VMOVUPS   640(SI), Z18
	VMOVUPS   704(SI), Z19
	CMPL      R10, $6
	JEQ       deep
	EIGHTOF(ADD32, 0)
	EIGHTOF(ADD32, 8)
	EIGHTOF(ADD32, 16)
	EIGHTOF(ADD32, 24)
	JMP       next

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
