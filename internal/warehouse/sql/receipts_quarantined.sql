-- Feedback about messages that were not known, since an instant: some of them are by now.
SELECT channel, message_id, provider_id, kind, at, reason
FROM
(
    SELECT
        id, toString(any(channel)) AS channel, any(message_id) AS message_id, any(provider_id) AS provider_id, toString(any(kind)) AS kind,
        any(at) AS at, any(reason) AS reason, min(received_at) AS first_at
    FROM feedback_quarantine
    WHERE received_at >= {since:DateTime64(3, 'UTC')} AND why = 'unknown_message'
    GROUP BY id
    HAVING max(matched) = 0
)
ORDER BY first_at
LIMIT {most:UInt32}
