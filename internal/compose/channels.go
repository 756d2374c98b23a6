package compose

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/dispatch"
	"github.com/danbi-project/danbi/internal/dispatch/gateway"
	"github.com/danbi-project/danbi/internal/dispatch/smpp"
)

// EnvChannels names a folder of files, or one file, that say by which providers messages other than mail leave.
const EnvChannels = "DANBI_CHANNELS"

// ChannelFile says by which provider the messages of a channel, or some forms of them, leave. Either HTTP or SMPP is set.
type ChannelFile struct {
	Channel string          `yaml:"channel"` // sms, kakao, push or webhook
	Forms   []dispatch.Form `yaml:"forms"`   // that this provider takes; empty: all
	HTTP    *gateway.Config `yaml:"http"`
	SMPP    *smpp.Config    `yaml:"smpp"`
}

// sendable are the channels that a file may describe; mail has variables of its own.
var sendable = []string{campaign.ChannelSMS, campaign.ChannelKakao, campaign.ChannelPush, campaign.ChannelWebhook}

// ChannelsFromEnv reads DANBI_CHANNELS. Without it all channels are the local sink's, or there are none where there is no sink.
func ChannelsFromEnv(local Sink) ([]ChannelFile, error) {
	path := os.Getenv(EnvChannels)
	if path == "" {
		return local.channels(), nil
	}
	files, err := LoadChannels(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", EnvChannels, err)
	}
	return files, nil
}

// LoadChannels reads a file, or every .yaml file of a folder, and reports the faults of all at once, with their lines.
// Files that they name are looked for beside them.
func LoadChannels(path string) ([]ChannelFile, error) {
	names := []string{path}
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if info.IsDir() {
		if names, err = filepath.Glob(filepath.Join(path, "*.yaml")); err != nil {
			return nil, err
		}
		if len(names) == 0 {
			return nil, fmt.Errorf("the folder %s holds no .yaml file: start from deploy/channels", path)
		}
	}
	var all []ChannelFile
	var faults []error
	for _, name := range names {
		file, err := loadChannel(name)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		all = append(all, file)
	}
	return all, errors.Join(append(faults, conflicts(all))...)
}

func loadChannel(name string) (file ChannelFile, err error) {
	raw, err := os.ReadFile(name)
	if err != nil {
		return file, err
	}
	if err := yaml.NewDecoder(bytes.NewReader(raw), yaml.Strict()).Decode(&file); err != nil {
		return file, fmt.Errorf("%s: %s", name, yaml.FormatError(err, false, false))
	}
	at := func(field, message string) error {
		return fmt.Errorf("%s:%d: %s: %s", name, lineOf(raw, field), field, message)
	}
	var faults []error
	if !slices.Contains(sendable, file.Channel) {
		faults = append(faults, at("channel", fmt.Sprintf("is %q; write one of %s", file.Channel, strings.Join(sendable, ", "))))
	}
	for i, form := range file.Forms {
		if !slices.Contains(formsOf[file.Channel], form) {
			faults = append(faults, at(fmt.Sprintf("forms[%d]", i), fmt.Sprintf("%q is no form of %s; it has %v", form, file.Channel, formsOf[file.Channel])))
		}
	}
	file.resolve(filepath.Dir(name))
	switch {
	case (file.HTTP == nil) == (file.SMPP == nil):
		faults = append(faults, at("channel", "write http or smpp, one of them"))
	case file.SMPP != nil && file.Channel != campaign.ChannelSMS:
		faults = append(faults, at("smpp", "carries text messages only"))
	case file.HTTP != nil:
		if _, err := file.HTTP.Complete(); err != nil {
			for _, fault := range split(err) {
				var known gateway.Fault
				if errors.As(fault, &known) {
					fault = at("http."+known.Field, known.Message)
				}
				faults = append(faults, fault)
			}
		}
	default:
		if _, err := file.SMPP.Complete(); err != nil {
			for _, fault := range split(err) {
				faults = append(faults, at("smpp", fault.Error()))
			}
		}
	}
	return file, errors.Join(faults...)
}

// formsOf are the forms that each channel's messages have.
var formsOf = map[string][]dispatch.Form{
	campaign.ChannelSMS:     {dispatch.FormSMS, dispatch.FormLMS},
	campaign.ChannelKakao:   {dispatch.FormTemplate, dispatch.FormBrand},
	campaign.ChannelPush:    {dispatch.FormPush},
	campaign.ChannelWebhook: {dispatch.FormEvent},
}

// takes are the forms that a file's provider is for.
func (f ChannelFile) takes() []dispatch.Form {
	if len(f.Forms) > 0 {
		return f.Forms
	}
	return formsOf[f.Channel]
}

// conflicts are forms for which two files name a provider.
func conflicts(files []ChannelFile) error {
	seen := map[string]bool{}
	var faults []error
	for _, file := range files {
		for _, form := range file.takes() {
			if key := file.Channel + " " + string(form); seen[key] {
				faults = append(faults, fmt.Errorf("two files say how %s of the channel %s leaves: narrow their forms", form, file.Channel))
			} else {
				seen[key] = true
			}
		}
	}
	return errors.Join(faults...)
}

// resolve finds the files that a description names beside it.
func (f *ChannelFile) resolve(folder string) {
	beside := func(path *string) {
		if *path != "" && !filepath.IsAbs(*path) {
			*path = filepath.Join(folder, *path)
		}
	}
	if f.SMPP != nil {
		beside(&f.SMPP.Secret)
		beside(&f.SMPP.CAFile)
	}
	if f.HTTP == nil {
		return
	}
	beside(&f.HTTP.CAFile)
	if f.HTTP.Sign != nil {
		beside(&f.HTTP.Sign.SecretFile)
	}
	if f.HTTP.Auth != nil {
		beside(&f.HTTP.Auth.ServiceAccountFile)
	}
	for name, secret := range f.HTTP.Secrets {
		beside(&secret.File)
		f.HTTP.Secrets[name] = secret
	}
}

func split(err error) []error {
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		return joined.Unwrap()
	}
	return []error{err}
}

// lineOf is where a field stands, or the nearest one above it.
func lineOf(raw []byte, field string) int {
	for field != "" {
		if path, err := yaml.PathString("$." + field); err == nil {
			if node, err := path.ReadNode(bytes.NewReader(raw)); err == nil && node.GetToken() != nil {
				return node.GetToken().Position.Line
			}
		}
		field = field[:max(0, strings.LastIndexAny(field, ".["))]
	}
	return 1
}

// channels are those that the local sink plays all providers of.
func (s Sink) channels() (all []ChannelFile) {
	if s.SMPP != "" {
		all = append(all, ChannelFile{Channel: campaign.ChannelSMS, SMPP: &smpp.Config{
			Addr: s.SMPP, SystemID: "danbi", ReferenceTag: 0x1400, LookupURL: s.HTTP + "/sms/lookup",
			Encodings: []smpp.Encoding{{Charset: "cp949", Coding: 0x84, Single: 90}, {Charset: "ucs2", Coding: 8}},
		}})
	}
	if s.HTTP == "" {
		return all
	}
	for _, channel := range []string{campaign.ChannelKakao, campaign.ChannelPush, campaign.ChannelWebhook} {
		all = append(all, ChannelFile{Channel: channel, HTTP: &gateway.Config{
			URL:     s.HTTP + "/gateway",
			Headers: map[string]string{"Idempotency-Key": "{{ id }}"},
			Body: map[string]any{
				"id": "{{ id }}", "channel": channel, "to": "{{ to }}", "from": "{{ from }}", "form": "{{ form }}", "title": "{{ title }}", "text": "{{ text }}",
				"template": "{{ template }}", "link": "{{ link }}", "advertising": "{{ advertising }}", "expires": "{{ expires }}",
			},
			Outcomes: []gateway.Rule{
				{Status: "2xx", Path: "code", Is: []string{"0000"}, Outcome: dispatch.OutcomeSent},
				{Status: "422", Path: "code", Is: []string{"3018"}, Outcome: dispatch.OutcomeBounced},
				{Status: "503", Outcome: dispatch.OutcomeTemporary},
			},
			IDPath: "id", Lookup: &gateway.Lookup{URL: s.HTTP + "/gateway/lookup"},
		}})
	}
	return all
}

// openChannels makes the channels that files describe. Receipts that come over their connections go to inbox.
func openChannels(files []ChannelFile, inbox dispatch.Inbox) (activities.Channels, error) {
	forms := map[string]byForm{}
	for _, file := range files {
		var channel dispatch.Channel
		var err error
		if file.SMPP != nil {
			channel, err = smpp.New(*file.SMPP, file.Channel, inbox)
		} else {
			channel, err = gateway.New(*file.HTTP)
		}
		if err != nil {
			return nil, fmt.Errorf("the channel %s: %w", file.Channel, err)
		}
		if forms[file.Channel] == nil {
			forms[file.Channel] = byForm{}
		}
		for _, form := range file.takes() {
			forms[file.Channel][form] = channel
		}
	}
	all := activities.Channels{}
	for name, channel := range forms {
		all[name] = channel
	}
	return all, nil
}

// byForm sends each form of a channel's messages by a provider of its own.
type byForm map[dispatch.Form]dispatch.Channel

func (b byForm) providers() []dispatch.Channel {
	var all []dispatch.Channel
	for _, form := range slices.Sorted(maps.Keys(b)) {
		if !slices.Contains(all, b[form]) {
			all = append(all, b[form])
		}
	}
	return all
}

// Ready says whether all of them are: a page holds messages of each form.
func (b byForm) Ready(ctx context.Context) error {
	var faults []error
	for _, channel := range b.providers() {
		faults = append(faults, channel.Ready(ctx))
	}
	return errors.Join(faults...)
}

// Send hands a message to the provider of its form.
func (b byForm) Send(ctx context.Context, m dispatch.Message) dispatch.Receipt {
	channel, ok := b[m.Form]
	if !ok {
		return dispatch.Receipt{Outcome: dispatch.OutcomeRefused, Response: fmt.Sprintf("no provider takes the form %q", m.Form)}
	}
	return channel.Send(ctx, m)
}

// Lookup asks all: which of them a message went to is not known any more. Only when each can tell is one absent.
func (b byForm) Lookup(ctx context.Context, ids []string) (map[string]bool, error) {
	found := map[string]bool{}
	for _, channel := range b.providers() {
		some, err := channel.Lookup(ctx, ids)
		if err != nil {
			return nil, err
		}
		maps.Copy(found, some)
	}
	return found, nil
}

// serve keeps the connections of channels open that have some, so that receipts come in, until ctx ends.
func serve(ctx context.Context, channels activities.Channels) {
	for _, name := range slices.Sorted(maps.Keys(channels)) {
		forms, ok := channels[name].(byForm)
		if !ok {
			continue
		}
		for _, channel := range forms.providers() {
			if keeper, ok := channel.(interface{ Serve(context.Context) }); ok {
				go keeper.Serve(ctx)
			}
		}
	}
}
