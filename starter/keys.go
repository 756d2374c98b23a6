package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/danbi-project/danbi/internal/campaign"
)

func newKeysCommand(app *App) *cobra.Command {
	command := &cobra.Command{
		Use:     "keys",
		GroupID: groupCampaign,
		Short:   "Make the keys that approvers sign plans with",
		Long: `A plan is approved with a signature. Each approver has a key of their own: the private part
stays with them in a file, the public part stands in the policy.`,
		Example: `  starter keys new lee.seojun`,
	}
	command.AddCommand(newKeysNewCommand(app))
	return command
}

func newKeysNewCommand(app *App) *cobra.Command {
	var out string
	command := &cobra.Command{
		Use:   "new NAME",
		Short: "Make an approver's key and print the line for the policy",
		Long: `Make an Ed25519 key for an approver. The private key is written to a file that only you can
read; keep it to yourself. The line that is printed goes into the policy's approvers, by the
policy's owner. An existing file is never overwritten.`,
		Example: `  starter keys new lee.seojun
  starter keys new lee.seojun --out ~/.danbi/lee.key`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return app.newKey(args[0], out)
		},
	}
	command.Flags().StringVar(&out, "out", "", "file of the private key (default NAME.key)")
	_ = command.MarkFlagFilename("out")
	return command
}

func (a *App) newKey(name, out string) error {
	name = strings.TrimSpace(name)
	if name == "" || strings.ContainsAny(name, "/\\\n\r\t") {
		return fmt.Errorf("%q cannot be an approver's name: write it as in lee.seojun", name)
	}
	if out == "" {
		out = name + ".key"
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	if err := writeSecret(out, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})); err != nil {
		return err
	}
	key := campaign.PublicKey(public)
	if a.JSON {
		return a.PrintJSON(map[string]string{"name": name, "key": key, "file": out})
	}
	if a.Lang == "ko" {
		a.Sayf("%s 파일에 개인키를 저장했습니다. 다른 사람에게 주지 마세요.", out)
		a.Sayf("정책 파일의 approvers에 다음 줄을 추가하도록 담당자에게 전하세요:")
	} else {
		a.Sayf("The private key is in %s: keep it to yourself.", out)
		a.Sayf("Have the policy's owner add this line to its approvers:")
	}
	a.Sayf("  - {name: %q, key: %q}", name, key)
	return nil
}

// writeSecret writes a new file that only its owner can read. What could not be written whole is removed.
func writeSecret(path string, data []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists and is not overwritten: name another file with --out", path)
	}
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// readPrivateKey reads a key that keys new wrote. A file that others can read is refused: who signed would not be known.
func readPrivateKey(path string) (ed25519.PrivateKey, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no key %s: make one with starter keys new NAME", path)
	}
	if err != nil {
		return nil, err
	}
	if open := info.Mode().Perm() & 0o077; open != 0 {
		return nil, fmt.Errorf("%s can be read by others: chmod 600 it, or make a new key if somebody may have", path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("%s holds no private key: make one with starter keys new NAME", path)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	private, is := parsed.(ed25519.PrivateKey)
	if err != nil || !is {
		return nil, fmt.Errorf("%s holds no Ed25519 private key: make one with starter keys new NAME", path)
	}
	return private, nil
}
