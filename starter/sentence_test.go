package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/targeting"
	"github.com/danbi-project/danbi/workflows"
)

func korean(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Hangul, r) })
}

// under is a run at a stage with all that a sentence may be made of.
func underWay(stage campaign.Stage) workflows.Status {
	at := time.Date(2026, 9, 1, 15, 0, 0, 0, time.UTC)
	return workflows.Status{
		Run: campaign.Run{Campaign: "autumn", Occurrence: 2}, Stage: stage, Zone: "Asia/Seoul", Now: at, Rehearsal: true,
		Times: campaign.Times{Opens: at, Closes: at.AddDate(0, 0, 28), Settles: at.AddDate(0, 0, 30), Ends: at.AddDate(0, 0, 60)}, Treated: 1234,
		Plan:     activities.PreflightOutput{Reasons: []string{"customers: 30 is more than what approves itself, 10"}},
		Dispatch: workflows.DispatchProgress{Touch: "first", Wave: 2, Waves: 4, Planned: 4000, Sent: 1000},
	}
}

func TestEveryStageSpeaksBothLanguages(t *testing.T) {
	for _, stage := range campaign.Stages {
		for _, lang := range []string{"en", "ko"} {
			a := &App{Lang: lang}
			for _, paused := range []bool{false, true} {
				s := underWay(stage)
				s.Paused = paused
				require.NotEmpty(t, a.next(s), stage)
				for _, sentence := range []string{a.next(s), a.waits(s), (&watcher{App: a}).headlineOf(s)} {
					if sentence != "" && sentence != "`starter resume autumn --occurrence 2`" {
						require.Equal(t, lang == "ko", korean(sentence), "%s in %s: %s", stage, lang, sentence)
					}
					require.NotContains(t, sentence, "15:00", "an instant in UTC")
				}
			}
		}
	}
	require.Equal(t, "담당자의 승인: 대상 고객 수 30, 자동 승인 한도 10 초과", (&App{Lang: "ko"}).waits(underWay(campaign.StageAwaiting)))
	s := underWay(campaign.StageFailed)
	s.Failure = "score: " + targeting.ErrEmptyAudience.Error()
	require.True(t, korean((&App{Lang: "ko"}).failure(s)))
	require.Equal(t, s.Failure, (&App{Lang: "en"}).failure(s))
}

func TestEveryCommandHasAKoreanLine(t *testing.T) {
	var check func(cmd *cobra.Command)
	check = func(cmd *cobra.Command) {
		if cmd.Hidden {
			return
		}
		require.True(t, korean(koreanShort[cmd.CommandPath()]), cmd.CommandPath())
		for _, sub := range cmd.Commands() {
			check(sub)
		}
	}
	check(newRoot(&App{}))
	code, out, _ := execute(t, "--help", "--lang", "ko")
	require.Equal(t, ExitOK, code)
	require.Contains(t, out, "캠페인:")
}

// A log stays short while thousands of messages go: the stage's line, and the progress now and then.
func TestAWatchIsCalm(t *testing.T) {
	var out bytes.Buffer
	w := &watcher{App: &App{Lang: "ko", Err: &out}, line: newStatusLine(&out)}
	defer w.line.clear()
	s := underWay(campaign.StageDispatching)
	for sent := range uint64(1000) {
		s.Dispatch.Sent, s.Dispatch.Wave = sent, 1+int(sent/250)
		w.show(s)
	}
	require.LessOrEqual(t, strings.Count(out.String(), "\n"), 2, out.String())
	s.Paused = true
	w.show(s)
	require.Contains(t, out.String(), "일시 중지")
}

func TestALineFitsTheTerminal(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		line, cells := rapid.StringMatching(`[a-z가-힣█ ]{0,60}`).Draw(r, "line"), rapid.IntRange(0, 80).Draw(r, "cells")
		cut := trim(line, cells)
		if !strings.HasPrefix(line, cut) || text.StringWidth(cut) > cells || (cut != line && text.StringWidth(cut) < cells-1) {
			r.Fatalf("%q cut at %d is %q", line, cells, cut)
		}
	})
}

func TestAHashMayBeNamedByItsBeginning(t *testing.T) {
	s := workflows.Status{Plan: activities.PreflightOutput{Hash: "3f9c21d07a54aa"}}
	require.Equal(t, s.Plan.Hash, planHash("", s))
	require.Equal(t, s.Plan.Hash, planHash("3f9c21d07a54…", s))
	require.Equal(t, "3f9", planHash("3f9", s), "too short to mean one plan")
	require.Equal(t, "4f9c21d07a54", planHash("4f9c21d07a54", s))
}
