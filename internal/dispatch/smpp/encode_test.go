package smpp

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/korean"
	"pgregory.net/rapid"
)

func completed(t require.TestingT, all ...Encoding) []Encoding {
	for i := range all {
		require.NoError(t, all[i].complete())
	}
	return all
}

func TestTheFirstEncodingThatKnowsAllIsUsed(t *testing.T) {
	t.Parallel()
	all := completed(t, Encoding{Charset: charsetCP949, Coding: 0x84, Single: 90}, Encoding{Charset: charsetUCS2, Coding: 8})
	for text, want := range map[string]string{"hello": charsetCP949, "(광고) 단비": charsetCP949, "뷁 똠": charsetCP949, "단비 😀": charsetUCS2, "نص": charsetUCS2} {
		used, parts, err := write(all, text, false)
		require.NoError(t, err, text)
		require.Equal(t, want, used.Charset, text)
		require.Len(t, parts, 1)
	}
	_, parts, err := write(all[:1], strings.Repeat("가", 45), false)
	require.NoError(t, err)
	require.Len(t, parts, 1, "45 Hangul are 90 bytes")
	_, parts, err = write(all[:1], strings.Repeat("가", 45)+"!", false)
	require.NoError(t, err)
	require.Len(t, parts, 2)

	for _, text := range []string{"단비 😀", "", "\xff"} {
		_, _, err := write(all[:1], text, false)
		require.ErrorIs(t, err, errUnwritable, text)
	}
	_, _, err = write(all, strings.Repeat("가", 45*mostParts+1), false)
	require.ErrorIs(t, err, errUnwritable)

	gsm := completed(t, Encoding{Charset: charsetGSM7})
	_, parts, err = write(gsm, strings.Repeat("€", 80), false)
	require.NoError(t, err)
	require.Len(t, parts, 1, "each takes two of 160")
	_, _, err = write(gsm, "가", false)
	require.ErrorIs(t, err, errUnwritable)
}

// Joined again, the parts are the text; each fits; no character, however many code points it has, is cut in two.
func TestPartsJoinToTheText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := completed(t, Encoding{Charset: charsetCP949}, Encoding{Charset: charsetUCS2, Coding: 8})
		text := rapid.StringOfN(rapid.RuneFrom([]rune("가나다라 abc1.뷁😀👩🏽\u200d🚀\u0301é")), 1, 400, -1).Draw(t, "text")
		used, parts, err := write(all, text, rapid.Bool().Draw(t, "whole"))
		if err != nil {
			require.ErrorIs(t, err, errUnwritable)
			return
		}
		joined := bytes.Join(parts, nil)
		if len(parts) > 1 {
			for _, p := range parts {
				require.LessOrEqual(t, len(p), used.Part)
				require.NotEmpty(t, p)
			}
		}
		if used.Charset == charsetCP949 {
			back, err := korean.EUCKR.NewDecoder().Bytes(joined)
			require.NoError(t, err)
			require.Equal(t, text, string(back))
			return
		}
		units := make([]uint16, len(joined)/2)
		for i := range units {
			units[i] = uint16(joined[2*i])<<8 | uint16(joined[2*i+1])
		}
		require.Equal(t, text, string(utf16.Decode(units)))
		for _, p := range parts {
			require.Zero(t, len(p)%2, "no code unit is cut")
		}
	})
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"010-1234-5678": "01012345678", "+82 10 1234 5678": "821012345678", " 15880000 ": "15880000"} {
		got, ok := number(text)
		require.True(t, ok, text)
		require.Equal(t, want, got)
	}
	for _, text := range []string{"", "12", "010\x001234", "0101234\r\n5678", "a@b.c", "010-1234-5678;010", strings.Repeat("1", 21), "０１０１２３４５"} {
		_, ok := number(text)
		require.False(t, ok, "%q", text)
	}
}
