package warehouse

import (
	"context"
	"errors"
	"fmt"
)

// ErrNoSuchCustomer says that no customer carries an id.
var ErrNoSuchCustomer = errors.New("no such customer")

// CustomerKey finds the key of a customer by the user's own id. The id is
// personal, so the error does not repeat it.
func (w *Warehouse) CustomerKey(ctx context.Context, externalID string) (uint32, error) {
	var key uint32
	if err := w.conn.QueryRow(ctx, query("import_key_of"), args{"id": externalID}.list()...).Scan(&key); err != nil {
		return 0, fmt.Errorf("look up a customer: %w", err)
	}
	if key == 0 {
		return 0, ErrNoSuchCustomer
	}
	return key, nil
}
