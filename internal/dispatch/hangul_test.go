package dispatch_test

import "unicode"

// hangul are the syllables, for drawing texts that are mostly Korean.
var hangul = unicode.RangeTable{R16: []unicode.Range16{{Lo: 0xAC00, Hi: 0xD7A3, Stride: 1}}}
