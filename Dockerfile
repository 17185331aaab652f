# syntax=docker/dockerfile:1
# Two stages: the program is built with everything it takes to build it, and runs with what it needs at run time alone.
# In your own registry, name the base by its digest as well: --build-arg NODE_IMAGE=node:24.21.0-bookworm-slim@sha256:…
ARG NODE_IMAGE=node:24.21.0-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /build
# First what changes least, so that layers can be taken from the cache.
COPY package.json package-lock.json .npmrc ./
# Without scripts: ours would build before the sources are there, and those of others need not run.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY scripts/bundle.mjs ./scripts/bundle.mjs
COPY src ./src
RUN npm run build
RUN npm prune --omit=dev --ignore-scripts --no-audit --no-fund
# For clusters with Kerberos: --build-arg KERBEROS_PACKAGE=kerberos@7.0.0. It is compiled where no binary fits, and beside the
# project: npm leaves an optional peer of it out.
ARG KERBEROS_PACKAGE=
RUN if [ -n "$KERBEROS_PACKAGE" ]; then \
    apt-get update && apt-get install -y --no-install-recommends g++ make python3 libkrb5-dev \
    && npm install --prefix kerberos --no-save --no-audit --no-fund "$KERBEROS_PACKAGE" \
    && cp -R kerberos/node_modules/. node_modules/; \
  fi
# Only the bundle is loaded at run time.
RUN find dist -mindepth 1 -maxdepth 1 ! -name bundle ! -name main.js -exec rm -rf {} +

FROM ${NODE_IMAGE}
# tini: hands signals on and reaps what a post-swap hook leaves. libgssapi: Kerberos, where it is used.
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates libgssapi-krb5-2 tini \
  && rm -rf /var/lib/apt/lists/*
# A number, so that Kubernetes can tell that it is not root.
RUN groupadd --gid 10001 consolidator && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp consolidator
WORKDIR /opt/parquet-consolidator
COPY --from=build /build/package.json ./package.json
COPY --from=build /build/node_modules ./node_modules
COPY --from=build /build/dist ./dist
COPY scripts/consolidate_telemetry.sh ./scripts/consolidate_telemetry.sh
COPY config/consolidation.yaml ./config/consolidation.yaml
COPY LICENSE ./LICENSE
ENV NODE_ENV=production HOME=/tmp
USER 10001:10001
# The wrapper becomes node (exec), so SIGTERM reaches the program, which stops at the next safe point and exits with 143.
ENTRYPOINT ["/usr/bin/tini", "--", "/opt/parquet-consolidator/scripts/consolidate_telemetry.sh"]
CMD ["--help"]
