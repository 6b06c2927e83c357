# docker build -t proofroom . && docker run --rm -p 127.0.0.1:3000:3000 -e PROOFROOM_ACCESS_TOKEN=… proofroom
# It runs as a plain user, writes no file, and needs no volume: --read-only and --cap-drop ALL are fine.

FROM node:24-slim AS install
WORKDIR /app
COPY package.json package-lock.json .npmrc ./

FROM install AS build
RUN npm ci
COPY . .
RUN npm run build

FROM install AS dependencies
# TypeScript and Zod are optional to what needs them, and nothing here does.
RUN npm ci --omit=dev --omit=optional

FROM node:24-slim
# Others reach the server here, so it starts only with PROOFROOM_ACCESS_TOKEN, or with PROOFROOM_ALLOW_ANONYMOUS=1.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
# Freed memory of pictures goes back to the system, and the young generation of V8 stays small, as README.md says.
ENV MALLOC_MMAP_THRESHOLD_=1000000
WORKDIR /app
COPY --from=dependencies /app/package.json ./
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# The user `node`, by its number, as Kubernetes wants it.
USER 1000:1000
EXPOSE 3000
# A drain takes up to 15 s: stop it with `docker stop --time 20`, or Docker ends it after 10.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--max-semi-space-size=16", "dist/server/main.js"]
