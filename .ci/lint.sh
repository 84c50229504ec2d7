# Checks of the source text.

# check_format fails if gofmt would change a file.
check_format() {
  local unformatted
  unformatted=$(git ls-files -z --cached --others --exclude-standard '*.go' | xargs -0 gofmt -l)
  [ -z "$unformatted" ] || { printf 'not formatted, gofmt -w helps:\n%s\n' "$unformatted"; return 1; }
}

# vet_elsewhere compiles and vets the files for other systems. Nothing else compiles them.
vet_elsewhere() {
  GOOS=darwin go vet ./internal/pgserver ./httpapi/... ./cmd/...
  GOOS=windows go vet ./internal/pgserver ./cmd/...
}

# build_linters builds the linters of the module in tools/.
build_linters() {
  mkdir -p "$work/bin"
  quietly go build -C tools -o "$work/bin/" tool
}

# lint runs the linters.
lint() {
  "$work/bin/staticcheck" ./...
  "$work/bin/golangci-lint" run ./...
}
