package workflows

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
)

// Each wave falls back to the next channel when its time is over, before a later wave if it is due first; contacts are
// moved before anything is sent, and after the last channel nothing follows.
func TestWavesFallBackInTheirTime(t *testing.T) {
	s := newScript(t, true)
	var order []string
	s.deliver(func(in activities.DeliverWaveInput) error {
		if in.Shard.Index == 0 {
			order = append(order, fmt.Sprintf("%s step %d at %s", hourOf(in.Wave).In(seoul).Format("15"), in.Step, in.Clock.At(s.Now()).In(seoul).Format("15:04")))
		}
		return nil
	})
	b := brief()
	b.Spec.Touches[0].Channels = []string{campaign.ChannelPush, campaign.ChannelKakao, campaign.ChannelSMS}
	b.Spec.Touches[0].Fallback = map[string]campaign.Wait{
		campaign.ChannelPush: {For: campaign.Duration(30 * time.Minute)}, campaign.ChannelKakao: {For: campaign.Duration(3 * time.Hour), Until: campaign.UntilSent},
	}
	_, err := s.run(t, CampaignInput{Brief: b, Occurrence: 1})
	require.NoError(t, err)
	require.Equal(t, []string{
		"09 step 0 at 09:00", "09 step 1 at 09:30", "11 step 0 at 11:00", "11 step 1 at 11:30", "09 step 2 at 12:30", "11 step 2 at 14:30",
	}, order)
	require.Equal(t, 12, s.asked["DeliverWave"], "two shards")
}
