-- Who takes a contact from whom, and which message carries which: priority of the campaign, why a contact was taken back, the
-- message (campaign/occurrence/touch) that carries this one's part, and the launch of the run, by which its message is made.
ALTER TABLE reservations
    ADD COLUMN IF NOT EXISTS priority UInt8 DEFAULT 5,
    ADD COLUMN IF NOT EXISTS why LowCardinality(String),
    ADD COLUMN IF NOT EXISTS host String,
    ADD COLUMN IF NOT EXISTS launch DateTime('UTC')
