# Images from one file, for the CPU: `service` (the default, without the training stack), `training` and `connectors`.
# Nothing here needs BuildKit. Sessions and artifacts live in volumes; the code is root's and read-only to the user.

# --- libraries: what the service runs on, in a virtual environment that later stages copy whole
FROM python:3.11-slim-bookworm AS libraries
# A place for CPU builds of torch, where the default index would give GPU ones (docs/howto/operate.md); empty is fine.
ARG PIP_EXTRA_INDEX_URL=
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /src
COPY constraints.txt ./
RUN pip install -c constraints.txt "$(grep -E '^torch==' constraints.txt)"
# Only the list of dependencies is here yet, so that a change of code does not install them again.
COPY pyproject.toml LICENSE ./
RUN touch README.md && pip install -c constraints.txt '.[service,redis,grpc,mcp]' && rm -rf build *.egg-info

# --- training: tables in, artifacts out
FROM libraries AS training
RUN pip install -c constraints.txt '.[training]' && rm -rf build *.egg-info
RUN useradd --uid 10001 --user-group --no-create-home statecast \
 && mkdir -p /srv/statecast/artifacts && chown -R statecast:statecast /srv/statecast
WORKDIR /srv/statecast
COPY statecast statecast
COPY training training
COPY configs configs
ENV PYTHONUNBUFFERED=1 HOME=/tmp
USER statecast
VOLUME /srv/statecast/artifacts
ENTRYPOINT ["python", "-m", "training"]
CMD ["--help"]

# --- connectors: messages in, forecasts out; a client of the service, without torch
FROM python:3.11-slim-bookworm AS connectors
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
RUN useradd --uid 10001 --user-group --no-create-home statecast \
 && mkdir -p /srv/statecast/state && chown -R statecast:statecast /srv/statecast
WORKDIR /srv/statecast
COPY constraints.txt pyproject.toml LICENSE ./
RUN touch README.md && pip install -c constraints.txt '.[connectors]' && rm -rf build *.egg-info
COPY statecast statecast
COPY connectors connectors
ENV PYTHONUNBUFFERED=1 HOME=/tmp
USER statecast
# Identities of MQTT messages without time.
VOLUME /srv/statecast/state
ENTRYPOINT ["python", "-m", "connectors"]
CMD ["--help"]

# --- service: requests in, forecasts out
FROM python:3.11-slim-bookworm AS service
RUN useradd --uid 10001 --user-group --no-create-home statecast \
 && mkdir -p /srv/statecast/state /srv/statecast/artifacts /srv/statecast/compiled && chown -R statecast:statecast /srv/statecast
COPY --from=libraries /opt/venv /opt/venv
WORKDIR /srv/statecast
COPY statecast statecast
COPY service service
# An empty volume mounted over artifacts/ begins as a copy of this folder.
COPY --chown=statecast:statecast artifacts/default artifacts/default
COPY deploy/sagemaker/serve /usr/local/bin/serve
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 HOME=/tmp \
    STATECAST_HOST=0.0.0.0 STATECAST_PORT=8000 \
    STATECAST_ARTIFACTS=/srv/statecast/artifacts STATECAST_STATE_URL=sqlite:////srv/statecast/state/sessions.db
USER statecast
# Here and not in the first request. On another kind of processor than this one the first start does it again.
ENV NUMBA_CACHE_DIR=/srv/statecast/compiled
RUN python -m statecast.compiled warm
VOLUME ["/srv/statecast/artifacts", "/srv/statecast/state"]
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=180s --retries=3 CMD ["python", "-c", \
    "import os, urllib.request as web; web.urlopen('http://127.0.0.1:' + os.environ['STATECAST_PORT'] + '/ready', timeout=4)"]
CMD ["python", "-m", "service"]
