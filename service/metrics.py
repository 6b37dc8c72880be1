"""What Prometheus reads. One registry per app, so that two apps in one process count apart."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096)
JOB_SECONDS = (0.1, 1, 10, 60, 300, 1800, 7200, 43200)
SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)


class Metrics:
    """Every metric of the service, named as in ``/metrics`` without the prefix ``statecast_``."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = self._counter("requests", "Requests answered.", "path", "status")
        self.request_seconds = self._histogram("request_seconds", "Seconds from request to answer.", SECONDS, "path")
        self.batch_rows = self._histogram("batch_rows", "Rows per batch; sum / count is the mean batch size.", ROWS)
        self.batch_seconds = self._histogram("batch_seconds", "Seconds that a batch took to compute.", SECONDS)
        self.queue_rows = self._gauge("queue_rows", "Rows that wait.")
        self.queue_seconds = self._histogram("queue_seconds", "Seconds that a job waited.", SECONDS)
        self.sessions_resident = self._gauge("sessions_resident", "Session rows in memory.")
        self.sessions_evicted = self._counter("sessions_evicted", "Sessions moved out of memory.")
        self.rejected = self._counter("rejected", "Series refused or failed, by problem code.", "reason")
        self.observations = self._counter("observations", "New observations applied.")
        self.duplicates = self._counter("duplicates", "Observations that were there already.")
        self.generation_rows = self._gauge("generation_rows", "Texts being written.")
        self.path_values = self._gauge("path_values", "Values of paths at work.")
        self.tokens = self._counter("tokens", "Tokens written.")
        self.commit_seconds = self._histogram("commit_seconds", "Seconds that a store commit took.", SECONDS)
        self.jobs_waiting = self._gauge(
            "jobs_waiting", "Jobs that nobody works on yet, as this server saw last.", "kind"
        )
        self.jobs_running = self._gauge("jobs_running", "Jobs that this server works on.", "kind")
        self.jobs = self._counter("jobs", "Jobs that ended on this server, by how.", "kind", "status")
        self.job_rows = self._counter("job_rows", "Series of jobs that this server is done with.", "kind")
        self.job_seconds = self._histogram("job_seconds", "Seconds from a job's start to its end.", JOB_SECONDS, "kind")
        # To look a label up costs more than to count.
        self._answers: dict[tuple[str, int], tuple[Counter, Histogram]] = {}

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"statecast_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"statecast_{name}", text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"statecast_{name}", text, labels, buckets=buckets, registry=self.registry)

    def answered(self, path: str, status: int, *seconds: float) -> None:
        """Count an answer, or several that are alike.

        Parameters
        ----------
        path : str
            Its label, not a client's own text.
        status : int
            Of HTTP.
        *seconds : float
            From request to answer, of each.
        """
        found = self._answers.get((path, status))
        if found is None:
            found = self.requests.labels(path, str(status)), self.request_seconds.labels(path)
            self._answers[path, status] = found
        found[0].inc(len(seconds))
        for one in seconds:
            found[1].observe(one)

    def exposition(self) -> bytes:
        """Everything in the text format of Prometheus."""
        return generate_latest(self.registry)
