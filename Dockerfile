# The server, in an image with nothing else in it.
FROM golang:1.26-alpine AS build
ENV GOCACHE=/go/build CGO_ENABLED=0
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/go/build \
    go build -trimpath -ldflags="-s -w" -o /out/tablewire ./cmd/tablewire

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/tablewire /tablewire
USER 65532:65532
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s --retries=6 CMD ["/tablewire", "health"]
ENTRYPOINT ["/tablewire"]
CMD ["serve", "--listen", "0.0.0.0:8080"]
