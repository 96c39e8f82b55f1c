# Two stages: only the packages that the server needs at run time reach the image, without npm's cache.
FROM node:26-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The image has the right Node, so the one that comes along as an optional package is left out.
RUN npm ci --omit=dev --omit=optional --ignore-scripts

FROM node:26-bookworm-slim
ENV NODE_ENV=production
# Other machines reach the server, so it starts with authentication only: set API_KEYS_FILE, or JWT_ISSUER and its fellows.
ENV HOST=0.0.0.0
ENV PORT=4000
ENV STORE_URL=sqlite:/data/textgraph.db
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY package.json ./
COPY schema schema
# Node runs the TypeScript itself: there is nothing to build.
COPY src src
# The store, if it is SQLite. Everything else may be read-only.
RUN install -d -o 1000 -g 1000 -m 700 /data
VOLUME /data
# By number, so that Kubernetes can tell that it is not root.
USER 1000:1000
EXPOSE 4000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
STOPSIGNAL SIGTERM
CMD ["node", "--max-semi-space-size=64", "src/main.ts"]
