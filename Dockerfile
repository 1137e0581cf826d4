# syntax=docker/dockerfile:1.7
# The services as images: one build, one target for each (`docker build --target recorder .`).
#
# Not run where it was written: there is no container engine there. `tests/deploy.rs` reads this file and
# docker-compose.yml, and holds what can be held by reading. The digests are those of Docker's own list of official
# images (docker-library/repo-info) of August and September 2026.

FROM rust:1.97.1-slim-trixie@sha256:8e8cf8f7fd54a2d23d5a743b3a03f56e26b6c774276c33fa0595111704ebb15c AS build
WORKDIR /src
COPY . .
# The caches outlive the layer, so that a changed line is not paid for with the whole tree of crates.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/src/target,sharing=locked \
    cargo build --release --locked \
        -p recorder -p projector -p review -p inspection -p response -p hub -p scrutiny \
    && install -D -t /out \
        target/release/recorder target/release/projector target/release/review \
        target/release/inspection target/release/response target/release/hub target/release/scrutiny

# What all of them stand on: the C library they were linked with, the public certificates, and a user who owns nothing
# but the folder for state.
FROM debian:trixie-20260803-slim@sha256:3a39a0592364683e6bab97937b72cad5a8fa6dcbbee90edb3bb48c7f8e94f258 AS base
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
RUN install -d -o 65532 -g 65532 -m 0700 /var/lib/scrutiny
USER 65532:65532
WORKDIR /var/lib/scrutiny
STOPSIGNAL SIGTERM

FROM base AS recorder
COPY --from=build /out/recorder /usr/local/bin/
ENTRYPOINT ["recorder"]
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=3 CMD ["recorder", "healthcheck"]

FROM base AS projector
COPY --from=build /out/projector /usr/local/bin/
ENTRYPOINT ["projector"]
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=3 CMD ["projector", "healthcheck"]

FROM base AS review
COPY --from=build /out/review /usr/local/bin/
ENTRYPOINT ["review"]
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=3 CMD ["review", "healthcheck"]

FROM base AS inspection
COPY --from=build /out/inspection /usr/local/bin/
ENTRYPOINT ["inspection"]
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=3 CMD ["inspection", "healthcheck"]

FROM base AS response
COPY --from=build /out/response /usr/local/bin/
ENTRYPOINT ["response"]
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=3 CMD ["response", "healthcheck"]

FROM base AS hub
COPY --from=build /out/hub /usr/local/bin/
ENTRYPOINT ["hub"]
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=3 CMD ["hub", "healthcheck"]

# The command line: founding, provisioning, verifying.
FROM base AS scrutiny
COPY --from=build /out/scrutiny /usr/local/bin/
ENTRYPOINT ["scrutiny"]
