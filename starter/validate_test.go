package main

import (
	"crypto/ed25519"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/campaign"
)

// changed is a copy of the card campaign with some parts replaced, beside nothing else.
func changed(t *testing.T, replacements ...string) string {
	t.Helper()
	data, err := os.ReadFile("../examples/card-spend.yaml")
	require.NoError(t, err)
	text := string(data)
	for i := 0; i < len(replacements); i += 2 {
		require.Contains(t, text, replacements[i])
		text = strings.Replace(text, replacements[i], replacements[i+1], 1)
	}
	path := filepath.Join(t.TempDir(), "spec.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestExamplesValidate(t *testing.T) {
	for _, spec := range []string{"card-spend.yaml", "brand-sale.yaml", "win-back.yaml", "monthly.yaml", "completejourney/campaign.yaml"} {
		for _, lang := range []string{"en", "ko"} {
			code, out, errs := execute(t, "validate", "../examples/"+spec, "--lang", lang)
			require.Equal(t, ExitOK, code, "%s %s", out, errs)
			require.Contains(t, out, "✓")
			require.Contains(t, out, "policy.yaml", "the policy above the spec is found")
		}
	}
}

func TestValidateShowsAllFaultsInTheManagersLanguage(t *testing.T) {
	spec := changed(t,
		"goal: spend", "gaol: spend",
		"  ends: 2026-09-28", "  ends: 2026-08-01",
		"purchases_90d >= 1", "purchases_9d >= 1",
		"expected: 30,000,000", "expected: 0",
		"    reward: 24000", "    reward: 60000",
		"{{ deadline }}까지 {{ threshold }}", "{{ deadlin }}까지 {{ threshold }}",
	)
	for lang, wanted := range map[string][]string{
		"en": {"spec.yaml:8:1  gaol\n", "did you mean goal?", "window.ends", "ends before it starts", "audience.rule", "purchases_90d", "budget.expected", "more than zero",
			"offers[4].reward", "policy's limit", "touches[0].message.email.ko", "deadline", "6 faults"},
		"ko": {"goal 아닌가요?", "기간의 끝이 시작보다 앞섭니다", "없는 특성", "0보다 커야 합니다", "정책 한도 50,000원", "모르는 항목", "오류 6개"},
	} {
		code, out, errs := execute(t, "validate", spec, "--policy", "../examples/policy.yaml", "--lang", lang)
		require.Equal(t, ExitInvalid, code)
		for _, text := range wanted {
			require.Contains(t, out+errs, text)
		}
	}
	code, out, _ := execute(t, "validate", spec, "--policy", "../examples/policy.yaml", "--json")
	require.Equal(t, ExitInvalid, code)
	var told verdict
	require.NoError(t, json.Unmarshal([]byte(out), &told))
	require.False(t, told.Valid)
	require.Len(t, told.Faults, 6)
	last := 0
	for _, fault := range told.Faults {
		require.GreaterOrEqual(t, fault.Line, last, "in the order of the file")
		last = fault.Line
		require.NotEmpty(t, fault.Message["ko"])
	}
}

func TestValidateOfWhatIsNoSpec(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "broken.yaml")
	require.NoError(t, os.WriteFile(broken, []byte("campaign: [a\n"), 0o600))
	for path, text := range map[string]string{broken: "broken.yaml:", filepath.Join(t.TempDir(), "gone.yaml"): "there is no such file"} {
		code, out, _ := execute(t, "validate", path, "--lang", "en")
		require.Equal(t, ExitInvalid, code)
		require.Contains(t, out, text)
	}
	policy := filepath.Join(t.TempDir(), "policy.yaml")
	require.NoError(t, os.WriteFile(policy, []byte("limits: {}\n"), 0o600))
	code, out, _ := execute(t, "validate", "../examples/card-spend.yaml", "--policy", policy, "--lang", "en")
	require.Equal(t, ExitInvalid, code)
	require.Contains(t, out, "salt")
}

func TestAnApproversKeySigns(t *testing.T) {
	file := filepath.Join(t.TempDir(), "lee.key")
	code, out, errs := execute(t, "keys", "new", "lee.seojun", "--out", file, "--json")
	require.Equal(t, ExitOK, code, errs)
	var made map[string]string
	require.NoError(t, json.Unmarshal([]byte(out), &made))
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	private, err := readPrivateKey(file)
	require.NoError(t, err)
	require.Equal(t, made["key"], campaign.PublicKey(private.Public().(ed25519.PublicKey)))
	require.NotContains(t, out, strings.Split(string(must(t, file)), "\n")[1], "the private key is not printed")

	policy := campaign.Policy{Approvers: []campaign.Approver{{Name: made["name"], Key: made["key"]}}, ApprovalAge: campaign.Duration(48 * time.Hour)}
	now := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	approval, err := campaign.Sign(private, campaign.Approval{PlanHash: "abc", Approver: "lee.seojun", At: now, Expires: now.Add(time.Hour)})
	require.NoError(t, err)
	require.NoError(t, policy.Verify(approval, "abc", "kim.minji", now))

	before := must(t, file)
	code, _, errs = execute(t, "keys", "new", "lee.seojun", "--out", file)
	require.NotEqual(t, ExitOK, code)
	require.Contains(t, errs, "not overwritten")
	require.Equal(t, before, must(t, file))

	require.NoError(t, os.Chmod(file, 0o644))
	_, err = readPrivateKey(file)
	require.ErrorContains(t, err, "chmod 600")
	_, err = readPrivateKey(file + ".gone")
	require.ErrorContains(t, err, "starter keys new")
	require.NoError(t, os.WriteFile(file+".bad", []byte("x"), 0o600))
	_, err = readPrivateKey(file + ".bad")
	require.ErrorContains(t, err, "holds no private key")

	code, out, _ = execute(t, "keys", "new", "choi", "--out", file+".2", "--lang", "ko")
	require.Equal(t, ExitOK, code)
	require.Contains(t, out, `- {name: "choi", key: "`)
	code, _, errs = execute(t, "keys", "new", "../x")
	require.NotEqual(t, ExitOK, code)
	require.Contains(t, errs, "cannot be an approver's name")
}

func must(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return data
}
