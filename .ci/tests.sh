# Runs of the tests. Each function is a step of run.

# fuzz runs every fuzz target for ten seconds. Other steps run only their seeds.
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

# benchmarks runs each benchmark once, to see that it works. It compares no times.
benchmarks() {
  local log=$work/benchmarks
  go test -run '^$' -bench . -benchtime 1x ./... >"$log" 2>&1 || { tail -n 60 "$log"; return 1; }
  grep -E '^(Benchmark|FAIL|panic)' "$log" || true
}

# list PATTERN prints the package and the name of each test or fuzz target that matches.
list() {
  go test -list "$1" -json ./... |
    node -e '
      const lines = require("fs").readFileSync(0, "utf8").split("\n").filter(Boolean)
      for (const event of lines.map((line) => JSON.parse(line))) {
        if (event.Action === "output" && new RegExp(process.argv[1]).test(event.Output))
          console.log(event.Package, event.Output.trim())
      }' "$1"
}

# every_version downloads the versions of PostgreSQL that the machine lacks. They stay for the
# other steps.
every_version() {
  local log=$work/versions
  go test -count=1 -run '^TestVersions$' -v ./internal/pgserver/pgtest >"$log" 2>&1 || { tail -n 60 "$log"; return 1; }
  grep -E 'PostgreSQL [0-9]' "$log"
}

# newest_version runs the tests on the newest PostgreSQL. Here and in binaries_path those of all
# versions run on one; the step with the race detector and the last one run them on all.
newest_version() {
  TABLEWIRE_TEST_POSTGRES=19 go test -count=1 ./cdc/... ./sql/... ./fanout/... ./integration/...
}

# binaries_path runs the tests with binaries in place of containers: those of Debian 12, which are
# PostgreSQL 15, and what the package that finds and downloads binaries takes by itself.
binaries_path() {
  TABLEWIRE_TEST_POSTGRES=15 go test -count=1 ./cdc/... ./sql/... ./integration/...
  TABLEWIRE_TEST_POSTGRES=binaries go test -count=1 ./internal/pgserver/...
}

# postgis compares our text of geometries with that of PostGIS, on Debian's PostgreSQL.
postgis() {
  TABLEWIRE_TEST_POSTGRES=binaries go test -count=1 -run '^TestGeometry$' ./cdc -args -cdc.postgis=15
  TABLEWIRE_TEST_POSTGRES=binaries go test -count=1 -run '^TestGeometry$' ./cdc/internal/pgtext -args -pgtext.postgis=15
}

# python_examples runs the documentation's examples in Python. They need the package
# python3-websocket.
python_examples() {
  go vet -tags python ./integration
  go test -count=1 -tags python -run Python -v ./integration
}
