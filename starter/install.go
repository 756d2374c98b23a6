package main

import (
	"github.com/spf13/cobra"

	"github.com/danbi-project/danbi/internal/stack"
	"github.com/danbi-project/danbi/internal/stack/install"
)

func newInstallCommand(a *App) *cobra.Command {
	return &cobra.Command{
		Use:     "install",
		Short:   "Install what the local stack needs, and stop",
		GroupID: groupStack,
		Long: `Installs the ClickHouse engine (from npm, its checksum verified) and builds the Temporal server, once, into the user's
cache (DANBI_CACHE). ` + "`starter up`" + ` does the same when it has to; this is for machines that are prepared beforehand.
What the environment names as a server of yours is not installed.`,
		Example: `  starter install
  DANBI_CACHE=/opt/danbi starter install`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			line := newStatusLine(a.Err)
			defer line.clear()
			var engine, temporal string
			var err error
			if !stack.ExternalClickHouse() {
				if engine, err = install.Engine(cmd.Context(), "", line.show); err != nil {
					return err
				}
			}
			if !stack.ExternalTemporal() {
				if temporal, err = install.Temporal(cmd.Context(), "", line.show); err != nil {
					return err
				}
			}
			line.clear()
			if a.JSON {
				return a.PrintJSON(map[string]string{"engine": engine, "temporal": temporal})
			}
			a.PrintTable([]Column{{Title: a.text("Installed", "설치됨")}, {Title: a.text("Where", "위치")}}, [][]string{{"ClickHouse", engine}, {"Temporal", temporal}})
			return nil
		},
	}
}
