package activities

import "context"

// Contacts asks the workflows that admit contacts under the caps, in order, across campaigns.
type Contacts struct{ Keeper ContactsKeeper }

// ContactsKeeper is the way to those workflows. Asking twice for the same run, touch and range is asking once.
type ContactsKeeper interface {
	Admit(ctx context.Context, in AdmitContactsInput) (AdmitContactsOutput, error)
}

// ReserveContacts asks for the reservations of a range of customers that lies within one bucket.
func (c *Contacts) ReserveContacts(ctx context.Context, in AdmitContactsInput) (AdmitContactsOutput, error) {
	stop := heartbeat(ctx)
	defer stop()
	out, err := c.Keeper.Admit(ctx, in)
	return out, Classify(err)
}
