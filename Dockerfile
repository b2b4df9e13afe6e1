# syntax=docker/dockerfile:1
# The server with videos; styles of your own need the extra `train` too (EXTRAS=server,video,train).
FROM python:3.11-slim-bookworm AS build
ARG EXTRAS=server,video
WORKDIR /src
RUN python -m venv /venv
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src ./src
RUN /venv/bin/pip install --no-cache-dir -c constraints.txt ".[${EXTRAS}]"

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin impasto \
    && install -d -o impasto -g impasto /data
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    IMPASTO_HOME=/data \
    IMPASTO_CACHE=/data/cache \
    TMPDIR=/data/tmp \
    IMPASTO_SERVE_HOST=0.0.0.0
USER impasto
VOLUME /data
EXPOSE 8000
# The server asks for IMPASTO_SERVE_TOKEN and does not start without it.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
STOPSIGNAL SIGTERM
# What follows the image's name in `docker run` are options of `impasto serve`.
ENTRYPOINT ["/bin/sh", "-c", "mkdir -p \"$TMPDIR\" && exec impasto serve \"$@\"", "impasto"]
