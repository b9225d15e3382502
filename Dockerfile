# One image for every role: `paygate api`, `paygate worker`, … It is built by Docker's classic builder and by
# BuildKit alike. The front ends are in the sources as they are built (*/dist), so that Go is all it takes.
FROM golang:1.26 AS build
WORKDIR /src
# The modules first: a layer that stays while only our code changes.
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=devel
ARG COMMIT=
# The same sources, version and Go give the same bytes.
RUN CGO_ENABLED=0 GOFLAGS="$(tools/goflags.sh image)" go build \
      -ldflags "-s -w -buildid= -X main.version=${VERSION} -X main.commit=${COMMIT}" \
      -o /out/paygate ./cmd/paygate

# The binary and the certificates, and nothing else: no shell, no libc, no root.
FROM scratch
ARG VERSION=devel
ARG COMMIT=
LABEL org.opencontainers.image.title="Paygate" \
      org.opencontainers.image.description="A self-hosted payment gateway" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${COMMIT}"
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/paygate /usr/local/bin/paygate
# By number, so that Kubernetes can tell that it is not root.
USER 65532:65532
# API, dashboard, checkout, webhook test server; 9090 is health and profiles, on loopback unless told otherwise.
EXPOSE 8000 3000 3001 4000 9090
# Asks the role's admin server; PAYGATE_HEALTH_URL says where else.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["/usr/local/bin/paygate", "health"]
ENTRYPOINT ["/usr/local/bin/paygate"]
CMD ["--help"]
