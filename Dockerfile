# An image with node, npm and a user named node.
ARG BASE=node:24-slim

FROM ${BASE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/copy-assets.mjs scripts/bundle.mjs scripts/book.mjs scripts/
COPY src src
COPY docs docs
RUN npm run -s build && npm prune --omit=dev --no-audit --no-fund

FROM ${BASE}
ENV NODE_ENV=production \
    LOCKSTEP_HOST=0.0.0.0 \
    LOCKSTEP_DRAIN_DELAY_MS=5000
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
USER node
EXPOSE 7700
HEALTHCHECK --interval=5s --timeout=2s --start-period=5s --retries=3 \
    CMD ["node", "dist/health.js"]
CMD ["node", "dist/main.js"]
