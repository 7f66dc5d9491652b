"""What the checks of messages' tables refuse, each on top of a row that is accepted."""

from typing import Final

from tests.models.row_ids import MOMENT, Row

REFUSED_IN_MESSAGES: Final[dict[str, list[Row]]] = {
    "message_template_event_check": [{"event": ""}, {"template_id": ""}],
    "message_template_keywords_check": [{"keywords": "{}"}, {"keywords": "[]"}],
    "message_template_version_check": [{"version": 0}],
    "message_push_channel_check": [{"channel": "short"}],
    "pushed_message_digest_check": [{"digest": b"short"}],
    "message_quota_template_check": [{"template_id": ""}],
    "message_quota_remaining_check": [{"remaining": -1}, {"remaining": 101}],
    "message_event_check": [{"event": ""}, {"occasion": ""}],
    "message_state_check": [{"state": "READ", "next_attempt_at": None}],
    "message_due_check": [{"next_attempt_at": None}, {"state": "FAILED"}],
    "message_sent_check": [{"sent_at": MOMENT}, {"state": "SENT", "next_attempt_at": None}],
    "message_attempts_check": [{"attempts": -1}],
}
