package main

import (
	"cmp"

	"github.com/spf13/cobra"

	"github.com/danbi-project/danbi/internal/stack"
	"github.com/danbi-project/danbi/internal/stack/install"
)

func newInstallCommand(a *App) *cobra.Command {
	return &cobra.Command{
		Use:     "install",
		Short:   "Install what the local stack needs, and stop",
		GroupID: groupStack,
		Long: `Installs the ClickHouse engine (from npm, its checksum verified) and XGBoost (from the system, else by pip, its checksum
verified, else by apt), and builds the Temporal server, once, into the user's cache (DANBI_CACHE). ` + "`starter up`" + ` does the same
when it has to; this is for machines that are prepared beforehand. What the environment names as a server of yours is not
installed. Without XGBoost all works but the training of models.`,
		Example: `  starter install
  DANBI_CACHE=/opt/danbi starter install`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			line := newStatusLine(a.Err)
			defer line.clear()
			var engine, temporal, xgboost string
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
			// Whoever has no models needs no trainer: its absence is said, and stops nothing.
			if xgboost, err = install.XGBoost(cmd.Context(), "", line.show); err != nil {
				if cmd.Context().Err() != nil {
					return err
				}
				line.note(err.Error())
			}
			line.clear()
			if a.JSON {
				return a.PrintJSON(map[string]string{"engine": engine, "temporal": temporal, "xgboost": xgboost})
			}
			a.PrintTable([]Column{{Title: a.text("Installed", "설치됨")}, {Title: a.text("Where", "위치")}}, [][]string{{"ClickHouse", engine}, {"Temporal", temporal}, {"XGBoost", cmp.Or(xgboost, a.text("none: no models are trained", "없음: 모델을 학습하지 않습니다"))}})
			return nil
		},
	}
}
