"""MQTT names a message only while it is on its way; without a name of ours, one without a time would count twice."""

from pathlib import Path

from connectors.brokers.journal import Journal, Sent


def test_what_comes_again_has_the_identity_that_it_had(tmp_path: Path) -> None:
    path = tmp_path / "state" / "journal.db"
    first = Journal(path)
    one, other = first.identify([Sent(1, False, "a", b"5"), Sent(2, False, "a", b"5")])
    assert one != other  # the same content twice is two observations
    first.close()  # and dies
    again = Journal(path)
    assert again.identify([Sent(1, True, "a", b"5"), Sent(2, True, "a", b"5")]) == [one, other]
    assert again.identify([Sent(1, True, "a", b"6")]) != [one]  # the number names another message by now
    assert again.identify([Sent(2, False, "a", b"5")]) != [other]
    again.close()
