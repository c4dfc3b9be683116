# A worker pool, in two kinds: `docker build --target cuda .` (NVIDIA GPUs) and `--target cpu`; the edge on Node (`--target edge`), the gateway
# (`--target gateway`), and the command line (`--target tools`). docker-compose.yaml puts them together.
#
# CUDA 13.0, not a later 13: NVIDIA's images refuse to start on a driver older than their own CUDA, and 13.0 takes all from 580 on. Its last
# update, as NVIDIA removes the images of the others in time.

FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The image has its own Node, and needs ONNX Runtime for no other system: 340 MB less.
RUN npm ci --omit=dev \
  && rm -rf node_modules/node node_modules/node-bin-* \
    node_modules/onnxruntime-node/bin/napi-v6/darwin node_modules/onnxruntime-node/bin/napi-v6/win32

FROM dependencies AS cuda-dependencies
RUN apt-get update && apt-get install -y --no-install-recommends binutils && rm -rf /var/lib/apt/lists/*
# ONNX Runtime's GPU libraries are not on npm: its script fetches them from NuGet. The option is called cuda12; from 1.29 on what
# comes is for CUDA 13, and a release that says otherwise ends the build here.
RUN node node_modules/onnxruntime-node/script/install.js --onnxruntime-node-install=cuda12 \
  && cd node_modules/onnxruntime-node/bin/napi-v6/linux/x64 \
  && for library in libcudart.so.13 libcublas.so.13 libcublasLt.so.13; do \
       readelf -d libonnxruntime_providers_cuda.so | grep -F "[$library]" || exit 1; \
     done

# The edge runs no models: 70 MB less.
FROM dependencies AS edge-dependencies
RUN rm -rf node_modules/onnxruntime-node node_modules/onnxruntime-common node_modules/onnx-proto

FROM scratch AS application
COPY package.json LICENSE /app/
COPY shared /app/shared
COPY worker-pool /app/worker-pool
COPY models /app/models

FROM nvidia/cuda:13.0.3-cudnn-runtime-ubuntu24.04 AS cuda
COPY --from=dependencies /usr/local/bin/node /usr/local/bin/node
WORKDIR /app
COPY --from=cuda-dependencies /app/node_modules node_modules
COPY --from=application /app .
# All that the provider is linked to must be here but for libcuda, which the driver brings when the container starts; and
# cuDNN and cuFFT, which it opens only when an operator wants them.
RUN cd node_modules/onnxruntime-node/bin/napi-v6/linux/x64 \
  && ! ldd libonnxruntime_providers_cuda.so | grep -F 'not found' | grep -vF libcuda.so.1 \
  && for library in libcudnn.so.9 libcufft.so.12; do ldconfig -p | grep -F "$library " || exit 1; done
# ONNX Runtime would send Microsoft what it runs, and keep an identifier on disk.
ENV NODE_ENV=production HEALTH_HOST=0.0.0.0 HEALTH_PORT=9400 EXECUTION_PROVIDERS=cuda,cpu ORT_DISABLE_TELEMETRY=1
EXPOSE 9400
USER 10001:10001
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.HEALTH_PORT}/live`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--max-semi-space-size=2", "--heap-growing-percent=20", "worker-pool/main.ts"]

FROM dependencies AS gateway-dependencies
# Of pools and edges only: 300 MB less.
RUN rm -rf node_modules/onnxruntime-* node_modules/onnx-proto node_modules/sharp node_modules/@img node_modules/@opentelemetry

FROM node:24.21.0-bookworm-slim AS gateway
WORKDIR /app
COPY --from=gateway-dependencies /app/node_modules node_modules
COPY package.json LICENSE ./
COPY shared shared
COPY gateway gateway
ENV NODE_ENV=production GATEWAY_HOST=0.0.0.0 GATEWAY_PORT=8079 GATEWAY_METRICS_HOST=0.0.0.0 GATEWAY_METRICS_PORT=9400
EXPOSE 8079 9400
USER 10001:10001
# Not /ready: who is away may be Redis, and a new gateway would not find it either.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.GATEWAY_PORT}/live`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "gateway/main.ts"]

FROM node:24.21.0-bookworm-slim AS cpu
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY --from=application /app .
ENV NODE_ENV=production HEALTH_HOST=0.0.0.0 HEALTH_PORT=9400 EXECUTION_PROVIDERS=cpu ORT_DISABLE_TELEMETRY=1
EXPOSE 9400
USER 10001:10001
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.HEALTH_PORT}/live`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--max-semi-space-size=2", "--heap-growing-percent=20", "worker-pool/main.ts"]

# The pages for people, which only development's packages can make.
FROM node:24.21.0-bookworm-slim AS console
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY shared shared
COPY client client
COPY console console
RUN node console/build-main.ts && test -s console/dist/assets.js

FROM node:24.21.0-bookworm-slim AS edge
WORKDIR /app
COPY --from=edge-dependencies /app/node_modules node_modules
COPY package.json LICENSE ./
COPY shared shared
COPY edge edge
COPY --from=console /app/console/dist console/dist
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8787 METRICS_HOST=0.0.0.0 METRICS_PORT=9401
EXPOSE 8787 9401
USER 10001:10001
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "edge/node.ts"]

# `npx edgebatch`, for machines that have Docker and no Node; all of it but `start`, which is for a clone.
FROM node:24.21.0-bookworm-slim AS tools
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json LICENSE ./
COPY shared shared
COPY worker-pool worker-pool
COPY client client
COPY cli cli
COPY deploy/compose deploy/compose
ENV NODE_ENV=production ORT_DISABLE_TELEMETRY=1
USER 10001:10001
ENTRYPOINT ["node", "cli/main.ts"]
