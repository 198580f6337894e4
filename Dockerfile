# Lindos with the dependencies of requirements.lock, each checked by its hash:
#   docker build -t lindos .
#   docker run --rm -v "$PWD:/work" lindos run colossus-2
FROM python:3.11-slim AS build
WORKDIR /src
COPY requirements.lock ./
RUN python -m venv /opt/lindos \
    && /opt/lindos/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY src ./src
RUN /opt/lindos/bin/pip install --no-cache-dir --no-deps .

FROM python:3.11-slim
COPY --from=build /opt/lindos /opt/lindos
# Whoever runs it owns the files it writes: no root, and a folder of the caller as the working folder.
RUN useradd --uid 1000 lindos
USER lindos
WORKDIR /work
ENTRYPOINT ["/opt/lindos/bin/lindos"]
CMD ["--help"]
