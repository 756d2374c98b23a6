package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/activities"
)

func TestTheDryRunIsTold(t *testing.T) {
	all := []activities.Rendering{
		{Touch: "first", Channel: "sms", Form: "lms", Messages: 1204, Cost: 36_120_400, Longest: 214, LongestCustomer: 7, Costliest: 30_000, CostliestCustomer: 9},
		{Touch: "first", Channel: "kakao", Form: "brand", Messages: 30, Longest: 312, LongestCustomer: 4},
	}
	en := (&App{Lang: "en"}).renderings(all, "KRW")
	require.Equal(t, "first by sms (lms): 1,204, the longest 214 bytes (customer #7), cost ₩36,120 in all, ₩30 the costliest (customer #9)", en[0])
	require.Equal(t, "first by kakao (brand): 30, the longest 312 characters (customer #4)", en[1])
	ko := (&App{Lang: "ko"}).renderings(all, "KRW")
	require.Contains(t, ko[0], "1,204건, 가장 긴 것 214바이트 (고객 #7)")
}
