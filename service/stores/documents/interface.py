"""What a store does with documents."""

from typing import Protocol

from service.stores.documents.document import Document


class DocumentStore(Protocol):
    """Reads documents. A ``commit`` writes them, each on top of the revision before it.

    Where one is not there any more nothing of the commit is applied, and it raises ``Moved``; in a store that no other
    process writes too. The housekeeping deletes those whose time is over.
    """

    def documents(self, prefix: str, after: str, limit: int) -> list[Document]:
        """Read documents by their keys, also such whose time is over.

        Parameters
        ----------
        prefix : str
            How their keys begin.
        after : str
            Only keys after this one.
        limit : int
            How many at most.

        Returns
        -------
        list of Document
            The first of them, in the order of their keys' UTF-8.
        """
