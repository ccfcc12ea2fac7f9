# Builds the server with its UI. Data lives in /data.

FROM node:22-bookworm-slim AS web
WORKDIR /src
COPY web/package.json web/package-lock.json web/
RUN npm --prefix web ci --no-audit --no-fund
COPY docs/openapi.json docs/
COPY web web
RUN npm --prefix web run build

FROM rust:1-bookworm AS server
WORKDIR /src
COPY . .
COPY --from=web /src/web/dist web/dist
RUN cargo build --release --locked --package causeway

FROM debian:bookworm-slim
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates \
  && rm -rf /var/lib/apt/lists/* \
  && useradd --system --uid 10001 --no-create-home causeway \
  && install -d -o causeway -g causeway -m 700 /data
COPY --from=server /src/target/release/causeway /usr/local/bin/causeway
USER causeway
WORKDIR /data
ENV CONFIG_DIR=/data ENV=production PORT=3000
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=5s --start-period=5s CMD ["causeway", "health"]
CMD ["causeway", "serve"]
