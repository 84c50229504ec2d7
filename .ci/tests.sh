# Runs of the tests, each with its own purpose.

# fuzz lets every fuzz target look for ten seconds; their seeds run with the tests.
fuzz() {
  local package target found=0
  while read -r package target; do
    echo "$package $target"
    quietly go test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-10s}" "$package"
    found=$((found + 1))
  done < <(list '^Fuzz')
  echo "$found fuzz targets"
  [ "$found" -gt 0 ]
}

# benchmarks runs each benchmark once: it must work, its speed is not looked at.
benchmarks() {
  local log=$work/benchmarks
  go test -run '^$' -bench . -benchtime 1x ./... >"$log" 2>&1 || { tail -n 60 "$log"; return 1; }
  grep -E '^(Benchmark|FAIL|panic)' "$log" || true
}

# list PATTERN prints the tests of that name with their packages.
list() {
  go test -list "$1" -json ./... |
    node -e '
      const lines = require("fs").readFileSync(0, "utf8").split("\n").filter(Boolean)
      for (const event of lines.map((line) => JSON.parse(line))) {
        if (event.Action === "output" && new RegExp(process.argv[1]).test(event.Output))
          console.log(event.Package, event.Output.trim())
      }' "$1"
}

# every_version brings the versions that the tests need and the machine lacks: they are
# kept for the other steps.
every_version() {
  local log=$work/versions
  go test -count=1 -run '^TestVersions$' -v ./internal/pgserver/pgtest >"$log" 2>&1 || { tail -n 60 "$log"; return 1; }
  grep -E 'PostgreSQL [0-9]' "$log"
}

# newest_version runs what needs PostgreSQL on the newest one, where any would do.
newest_version() {
  TABLEWIRE_TEST_POSTGRES=19 go test -count=1 ./cdc/... ./sql/... ./fanout/... ./integration/...
}

# binaries_path runs what needs PostgreSQL on the other of the two ways to have it.
binaries_path() {
  TABLEWIRE_TEST_POSTGRES=binaries go test -count=1 ./cdc/... ./sql/... ./internal/pgserver/... ./integration/...
}

# postgis compares geometries with PostGIS itself, of Debian's PostgreSQL.
postgis() {
  TABLEWIRE_TEST_POSTGRES=binaries go test -count=1 -run '^TestGeometry$' ./cdc -args -cdc.postgis=15
  TABLEWIRE_TEST_POSTGRES=binaries go test -count=1 -run '^TestGeometry$' ./cdc/pgtext -args -pgtext.postgis=15
}

# python_examples runs the documentation's examples in Python, which need a package
# that not every machine has.
python_examples() {
  go vet -tags python ./integration
  go test -count=1 -tags python -run Python -v ./integration
}
