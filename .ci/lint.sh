# Checks that need no running program.

check_format() {
  local unformatted
  unformatted=$(git ls-files -z --cached --others --exclude-standard '*.go' | xargs -0 gofmt -l)
  [ -z "$unformatted" ] || { printf 'not formatted, gofmt -w helps:\n%s\n' "$unformatted"; return 1; }
}

# vet_elsewhere looks at the files for other systems, which nothing else compiles.
vet_elsewhere() {
  GOOS=darwin go vet ./internal/pgserver ./httpapi/... ./cmd/...
  GOOS=windows go vet ./internal/pgserver ./cmd/...
}

build_linters() {
  mkdir -p "$work/bin"
  quietly go build -C tools -o "$work/bin/" tool
}

lint() {
  "$work/bin/staticcheck" ./...
  "$work/bin/golangci-lint" run ./...
}
