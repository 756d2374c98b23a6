package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/spf13/cobra"

	"github.com/danbi-project/danbi/internal/targeting"
	"github.com/danbi-project/danbi/internal/targeting/registry"
	"github.com/danbi-project/danbi/internal/warehouse"
)

func newModelsCommand(a *App) *cobra.Command {
	cmd := &cobra.Command{
		Use: "models", Short: "The registry of models: list, card, comparison, promotion", GroupID: groupCampaign,
		Long: `The registry of models that campaigns fitted. A model's name is the hash of all that it is, so that none is ever
overwritten. A campaign fits a new one each time it is planned, unless somebody promoted one of its kind, or its spec names
one: audience: {model: m0123456789ab}.`,
		Example: "  starter models list\n  starter models show m0123456789ab\n  starter models promote m0123456789ab --reason \"won in September\"",
	}
	cmd.AddCommand(newModelsListCommand(a), newModelsShowCommand(a), newModelsCompareCommand(a), newModelsPromoteCommand(a))
	return cmd
}

// mostModels are the latest ones that a person is shown.
const mostModels = 100

func newModelsListCommand(a *App) *cobra.Command {
	var kind string
	cmd := &cobra.Command{
		Use: "list", Short: "The models there are, how good they proved, and which are promoted", Args: cobra.NoArgs, Example: "  starter models list --kind uplift",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withWarehouse(cmd.Context(), func(store *warehouse.Warehouse) error {
				rows, err := store.Entries(cmd.Context(), kind, mostModels)
				if err != nil {
					return err
				}
				promotions, err := store.Promotions(cmd.Context(), kind)
				if err != nil {
					return err
				}
				return a.listModels(rows, promotions)
			})
		},
	}
	cmd.Flags().StringVar(&kind, "kind", "", "of this kind only")
	return cmd
}

func newModelsShowCommand(a *App) *cobra.Command {
	return &cobra.Command{
		Use: "show MODEL", Short: "A model's card: what it learned from, how good it proved, its challengers, who promoted it", Args: cobra.ExactArgs(1),
		Example: "  starter models show m0123456789ab",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withWarehouse(cmd.Context(), func(store *warehouse.Warehouse) error {
				entry, err := a.entry(cmd.Context(), store, args[0])
				if err != nil {
					return err
				}
				promotions, err := store.Promotions(cmd.Context(), entry.Kind)
				if err != nil {
					return err
				}
				return a.showModel(entry, promotions)
			})
		},
	}
}

func newModelsCompareCommand(a *App) *cobra.Command {
	return &cobra.Command{
		Use: "compare MODEL MODEL", Short: "Two models beside each other", Args: cobra.ExactArgs(2), Example: "  starter models compare m0123456789ab mba9876543210",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withWarehouse(cmd.Context(), func(store *warehouse.Warehouse) error {
				var both []registry.Entry
				for _, id := range args {
					entry, err := a.entry(cmd.Context(), store, id)
					if err != nil {
						return err
					}
					both = append(both, entry)
				}
				return a.compareModels(both)
			})
		},
	}
}

func newModelsPromoteCommand(a *App) *cobra.Command {
	var actor, reason string
	cmd := &cobra.Command{
		Use: "promote MODEL", Short: "Make a model the champion of its kind, with a reason that is kept", Args: cobra.ExactArgs(1),
		Long: `From now on campaigns that ask for the model's kind use this one, as long as the catalogue of features stays the same.
Promotions are only added: what was promoted before stays in the record.`,
		Example: "  starter models promote m0123456789ab --reason \"gained most in September\" --as kim",
		RunE: func(cmd *cobra.Command, args []string) error {
			if reason == "" {
				return errors.New(a.text("say why: --reason \"…\"; it is kept with the promotion", "까닭을 쓰세요: --reason \"…\". 승격 기록에 남습니다"))
			}
			return a.withWarehouse(cmd.Context(), func(store *warehouse.Warehouse) error {
				entry, err := a.entry(cmd.Context(), store, args[0]) // one that is not whole is not promoted
				if err != nil {
					return err
				}
				p := registry.Promotion{Kind: entry.Kind, Model: entry.ID, Actor: actor, Reason: reason, At: time.Now().UTC().Truncate(time.Millisecond)}
				if err := store.Promote(cmd.Context(), p); err != nil {
					return err
				}
				if a.JSON {
					return a.PrintJSON(p)
				}
				a.sayOurs(entry)
				a.Sayf("%s", fmt.Sprintf(a.text("%s is the champion of %s now.", "이제 %s이(가) %s의 챔피언입니다."), entry.ID, entry.Kind))
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&actor, "as", defaultActor(), "who asks, for the audit trail")
	cmd.Flags().StringVar(&reason, "reason", "", "why it is promoted; kept")
	return cmd
}

// entry is a model of the registry, or says in a manager's words why it is none.
func (a *App) entry(ctx context.Context, store *warehouse.Warehouse, id string) (registry.Entry, error) {
	e, err := store.Entry(ctx, id)
	switch {
	case errors.Is(err, targeting.ErrNoModel):
		return e, withExit(ExitInvalid, fmt.Errorf(a.text("there is no model %q: `starter models list` shows which there are", "%q: 없는 모델입니다. `starter models list`로 확인하세요"), id))
	case err != nil && e.Kind != "" && !registry.Is(e.Kind):
		return e, withExit(ExitInvalid, fmt.Errorf(a.text("%s is a plain rule that stood in for a model: it has no card and can't be promoted", "%s은(는) 모델을 대신한 단순 규칙입니다. 성적표가 없고 승격할 수 없습니다"), id))
	case errors.Is(err, registry.ErrBroken):
		if a.Lang == "ko" {
			return e, fmt.Errorf("%s의 등록 정보가 온전하지 않거나 바뀌었습니다. 다시 학습하거나 다른 모델을 승격하세요: %w", id, err)
		}
	}
	return e, err
}

func (a *App) withWarehouse(ctx context.Context, do func(*warehouse.Warehouse) error) error {
	store, err := a.Warehouse(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	return do(store)
}

func init() {
	maps.Copy(koreanShort, map[string]string{
		"starter models": "모델 등록부: 목록, 성적표, 비교, 승격", "starter models list": "등록된 모델을 종류와 성적, 승격 여부와 함께 보여 줍니다",
		"starter models show":    "모델 하나의 성적표: 학습 데이터, 성적과 구간, 도전자, 승격 기록",
		"starter models compare": "두 모델의 성적을 나란히 보여 줍니다", "starter models promote": "모델을 그 종류의 챔피언으로 승격합니다. 사유를 남깁니다",
	})
	maps.Copy(koreanFlags, map[string]string{"list --kind": "이 종류만", "promote --reason": "승격하는 까닭 (기록으로 남습니다)"})
}
