package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// commands are all commands, in the order in which a newcomer meets them. Each is made by a file of its own.
var commands = []func(*App) *cobra.Command{
	newUpCommand,
	newInstallCommand,
	newDemoCommand,
	newWorldCommand,
	newImportCommand,
	newKeysCommand,
	newRulesCommand,
	newMessageCommand,
	newValidateCommand,
	newFeaturesCommand,
	newPreviewCommand,
	newRehearseCommand,
	newStartCommand,
	newApproveCommand,
	newPauseCommand,
	newResumeCommand,
	newCancelCommand,
	newStatusCommand,
	newReportCommand,
	newWhyCommand,
	newModelsCommand,
	newDecisionsCommand,
	newEraseCommand,
	newPowerCommand,
	newLearnCommand,
	newLedgerCommand,
	newSettleCommand,
	newPayoutsCommand,
	newCouponsCommand,
	newProviderCommand,
	newWebhooksCommand,
	newPartCommand,
}

func newRoot(a *App) *cobra.Command {
	cobra.EnableCommandSorting = false // the order above teaches
	root := &cobra.Command{
		Use:   "starter",
		Short: "Run marketing campaigns, from spec to paid reward",
		Long: `Danbi runs marketing campaigns as Temporal workflows over ClickHouse.

Start the local stack with ` + "`starter up`" + ` in one terminal and work in another, or set
DANBI_CLICKHOUSE_ADDR and TEMPORAL_ADDRESS to work with servers of yours.

` + exitHelp,
		SilenceUsage:  true, // a fault in a campaign is no fault in the command line
		SilenceErrors: true, // printed by Execute, as JSON too
		PersistentPreRunE: func(*cobra.Command, []string) error {
			return a.begin()
		},
	}
	flags := root.PersistentFlags()
	flags.StringVar(&a.Dir, "dir", defaultDir(), "folder of the local stack's data (DANBI_DIR)")
	flags.StringVar(&a.Lang, "lang", defaultLang(), "language of reports and messages: ko or en (DANBI_LANG)")
	flags.BoolVar(&a.JSON, "json", false, "print results as JSON")
	flags.BoolVarP(&a.Verbose, "verbose", "v", false, "print logs of all levels")
	_ = root.RegisterFlagCompletionFunc("lang", cobra.FixedCompletions([]string{"ko", "en"}, cobra.ShellCompDirectiveNoFileComp))
	_ = root.MarkPersistentFlagDirname("dir")

	root.AddGroup(
		&cobra.Group{ID: groupStack, Title: "The local stack:"},
		&cobra.Group{ID: groupData, Title: "Data:"},
		&cobra.Group{ID: groupCampaign, Title: "A campaign:"},
	)
	for _, newCommand := range commands {
		cmd := newCommand(a)
		cmd.Args = a.arguments(cmd.Args)
		switch {
		case cmd.ValidArgsFunction != nil:
		case strings.HasPrefix(cmd.Use, "import "):
			cmd.ValidArgsFunction = yamlFiles
		default: // a campaign's name is no file's
			cmd.ValidArgsFunction = cobra.NoFileCompletions
		}
		root.AddCommand(cmd)
	}
	root.InitDefaultHelpFlag() // else `starter --help --lang ko` takes ko for a command
	a.translate(root)
	return root
}

// The groups of commands in the help; a command names its own as GroupID.
const (
	groupStack    = "stack"    // up, demo
	groupData     = "data"     // world, import
	groupCampaign = "campaign" // validate … ledger
)

// arguments says how a command is written, where it was given too few or too many words.
func (a *App) arguments(check cobra.PositionalArgs) cobra.PositionalArgs {
	if check == nil {
		return nil
	}
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			words := strings.TrimSpace(cmd.Parent().CommandPath() + " " + cmd.Use)
			return fmt.Errorf(a.text("write it as `%s`; it was given %d arguments", "`%s`처럼 쓰세요. 인수를 %d개 쓰셨습니다"), words, len(args))
		}
		return nil
	}
}
