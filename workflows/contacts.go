package workflows

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
)

// ContactsBucket is the range of customers whose contacts are admitted by one workflow: fixed, so that campaigns that
// cut their shards differently still meet at the same one.
type ContactsBucket struct {
	Bucket uint32 `json:"bucket"`
}

// bucketBits: a bucket is 2^20 customers, sixteen workflows for 16 million.
const bucketBits = 20

// ID is the bucket's workflow.
func (b ContactsBucket) ID() string { return fmt.Sprintf("contacts/%d", b.Bucket) }

// BucketOf is the bucket that a customer belongs to.
func BucketOf(customer uint32) ContactsBucket { return ContactsBucket{Bucket: customer >> bucketBits} }

// byBucket cuts shards at the buckets' borders.
func byBucket(shards []campaign.Shard) []campaign.Shard {
	var cut []campaign.Shard
	for _, s := range shards {
		for low := uint64(s.Low); low <= uint64(s.High); {
			high := min((low>>bucketBits+1)<<bucketBits-1, uint64(s.High))
			cut = append(cut, campaign.Shard{Index: len(cut), Low: uint32(low), High: uint32(high)})
			low = high + 1
		}
	}
	for i := range cut {
		cut[i].Of = len(cut)
	}
	return cut
}

// Contacts admits the contacts of all campaigns to a bucket of customers one after the other, so that frequency caps
// hold across campaigns that plan at the same moment. It ends when it is idle; the next request starts it again.
func Contacts(ctx workflow.Context, bucket ContactsBucket) error {
	admitting := workflow.NewMutex(ctx)
	var served int
	workflow.SetCurrentDetails(ctx, fmt.Sprintf("### Contacts of customers %d to %d\n\n**Why:** campaigns that plan at once reserve their contacts here, one after the other, so that frequency caps hold across all of them.\n\n**Next:** nothing to press. It ends when nobody has come for an hour.\n",
		bucket.Bucket<<bucketBits, (bucket.Bucket+1)<<bucketBits-1))
	err := Admit.answer(ctx, "Reserve contacts under the frequency caps",
		func(_ workflow.Context, in activities.AdmitContactsInput) error {
			if BucketOf(in.Shard.Low) != bucket || BucketOf(in.Shard.High) != bucket {
				return fmt.Errorf("customers %d to %d are not of bucket %d", in.Shard.Low, in.Shard.High, bucket.Bucket)
			}
			return nil
		},
		func(ctx workflow.Context, in activities.AdmitContactsInput) (activities.AdmitContactsOutput, error) {
			if err := admitting.Lock(ctx); err != nil {
				return activities.AdmitContactsOutput{}, err
			}
			defer admitting.Unlock()
			served++
			return run(compute(ctx), dispatch.AdmitContacts, in, fmt.Sprintf("%s, %s", in.Run.WorkflowID(), in.Touch))
		})
	if err != nil {
		return err
	}
	for {
		before := served
		idle, err := workflow.AwaitWithTimeout(ctx, time.Hour, func() bool { return served > before })
		switch {
		case err != nil:
			return err
		case !idle && workflow.AllHandlersFinished(ctx): // the hour passed and nobody came
			return nil
		}
		if err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) }); err != nil {
			return errors.Join(err)
		}
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			return workflow.NewContinueAsNewError(ctx, Contacts, bucket)
		}
	}
}
