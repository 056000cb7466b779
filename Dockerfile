# syntax=docker/dockerfile:1
# Kindred as an image: built in the first stage, run as a user without rights in the second. Holds no secret and no data. Under
# `docker run` add --init (docker-compose.yml says it), so that process 1 is one that passes signals on and reaps.

FROM node:20-bookworm-slim AS build
WORKDIR /app
# Packages first: they change less often than the source, and their layer is kept as long as they do not.
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY .swcrc tsconfig.json ./
COPY scripts ./scripts
COPY src ./src
RUN node scripts/setup.mjs --only kernels,build

FROM node:20-bookworm-slim
LABEL org.opencontainers.image.title="Kindred" \
      org.opencontainers.image.description="Turns streams of behaviour into vectors, and vectors into answers." \
      org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production \
    KINDRED_HOST=0.0.0.0 \
    KINDRED_PORT=4000 \
    KINDRED_DATA_DIR=/data/.kindred \
    KINDRED_LOG_LEVEL=info
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The ONNX runtime's package brings the libraries of every system; only Linux' are of use here.
RUN npm ci --omit=dev && npm cache clean --force && rm -rf node_modules/onnxruntime-node/bin/napi-v6/darwin node_modules/onnxruntime-node/bin/napi-v6/win32
COPY bin ./bin
COPY prisma ./prisma
COPY --from=build /app/dist ./dist
COPY LICENSE README.md schema.graphql ./
# Where commands work: the embedded store (where there is no DATABASE_URL), files to ingest, rejected rows.
RUN mkdir /data && chown node:node /data
WORKDIR /data
USER node
EXPOSE 4000
# Liveness asks no dependency: a database that is away must not have this restarted.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.KINDRED_PORT}/livez`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/bin/kindred.js"]
CMD ["serve"]
