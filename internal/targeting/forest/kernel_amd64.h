// What the kernels share: ANSWER(node, d) and CHOOSE(b, left, right) are each one's own.

// TWO to SIXTEEN choose among the answers of that many nodes by the levels above, the nearest level first.
#define TWO(n, b1, d, t1) \
	ANSWER(n, d)    \
	ANSWER(n+1, t1) \
	CHOOSE(b1, d, t1)

#define FOUR(n, b1, b2, d, t1, t2) \
	TWO(n, b1, d, t1)    \
	TWO(n+2, b1, t1, t2) \
	CHOOSE(b2, d, t1)

#define EIGHT(n, b1, b2, b3, d, t1, t2, t3) \
	FOUR(n, b1, b2, d, t1, t2)    \
	FOUR(n+4, b1, b2, t1, t2, t3) \
	CHOOSE(b3, d, t1)

#define SIXTEEN(n, b1, b2, b3, b4, d, t1, t2, t3, t4) \
	EIGHT(n, b1, b2, b3, d, t1, t2, t3)    \
	EIGHT(n+8, b1, b2, b3, t1, t2, t3, t4) \
	CHOOSE(b4, d, t1)

#define EIGHTOF(what, g) \
	what(g+0) \
	what(g+1) \
	what(g+2) \
	what(g+3) \
	what(g+4) \
	what(g+5) \
	what(g+6) \
	what(g+7)
