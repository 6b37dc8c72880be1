"""What every state store must do with documents, part of its conformance suite."""

import pytest

from service.stores.documents.document import Document
from service.stores.interface import Delete, Moved, Put, Store


def of(store: Store, prefix: str = "", after: str = "", limit: int = 10) -> list[tuple[str, int, bytes | None]]:
    """Documents of a store, without their ends."""
    return [(one.key, one.revision, one.content) for one in store.documents(prefix, after, limit)]


def check_documents_come_back_in_the_order_of_their_keys(store: Store) -> None:
    """A page that begins elsewhere than the one before ended leaves jobs out, or lists them twice."""
    for key in ("b/2", "a/1", "b/10", "c", "b/\u00e9", "b/\U0001f600"):
        store.commit([Document(key, 1, key.encode() + b"\0", 900.0)])
    assert of(store, "b/") == [(key, 1, key.encode() + b"\0") for key in ("b/10", "b/2", "b/\u00e9", "b/\U0001f600")]
    assert [one[0] for one in of(store, limit=3)] == ["a/1", "b/10", "b/2"]
    assert [one[0] for one in of(store, "b/", "b/2", 1)] == ["b/\u00e9"] and of(store, "x") == []
    assert [one[0] for one in of(store, "b/", "a/1", 1)] == ["b/10"]
    assert store.documents("c", "", 1)[0].until == 900.0


def check_a_document_changes_on_top_of_the_revision_before_alone(store: Store) -> None:
    """Two who take the same job both would do it; of a commit that is refused nothing may be left."""
    store.commit([Document("k", 1, b"first", 900.0)])
    for late in (Document("k", 1, b"again", 900.0), Document("k", 3, b"skipped", 900.0), Document("n", 2, b"", 900.0)):
        with pytest.raises(Moved) as refused:
            store.commit([Document("other", 1, b"x", 900.0), late])
        assert refused.value.keys == {late.key}
    assert of(store) == [("k", 1, b"first")]
    store.commit([Document("k", 2, b"second", 950.0)])
    assert of(store) == [("k", 2, b"second")] and store.documents("k", "", 1)[0].until == 950.0
    store.check()


def check_a_document_that_is_deleted_can_be_made_anew(store: Store) -> None:
    """What is gone must neither be listed nor stand in the way."""
    store.commit([Document("k", 1, b"x", 900.0)])
    with pytest.raises(Moved):
        store.commit([Document("k", 1, None, 900.0)])
    store.commit([Document("k", 2, None, 900.0)])
    assert of(store) == []
    store.commit([Document("k", 1, b"new", 900.0)])
    assert of(store) == [("k", 1, b"new")]


def check_documents_are_forgotten_when_their_time_is_over(store: Store) -> None:
    """Kept for ever, they would be all that is left in the store."""
    store.commit([Document(f"old{number}", 1, b"x", 100.0 + number) for number in range(5)])
    store.commit([Document("young", 1, b"x", 900.0)])
    for _ in range(5):
        store.expire(200.0, 0.0, 2)
    assert of(store) == [("young", 1, b"x")]


def check_documents_and_sessions_do_not_meet(store: Store) -> None:
    """A job with the key of a session would overwrite it."""
    from tests.service.stores.conformance import record_of

    store.commit([Put(record_of("k"), b"state"), Document("k", 1, b"x", 900.0)])
    store.commit([Delete("k")])
    assert of(store) == [("k", 1, b"x")] and store.get("k") is None
