# install_packages installs the Debian packages that the run needs and the machine lacks.
install_packages() {
  local missing=()
  need() { command -v "$1" >/dev/null || missing+=("$2"); }
  need chromium chromium
  need iptables iptables
  need debootstrap debootstrap
  need dockerd docker.io
  need docker docker.io
  need node nodejs
  need npm npm
  need gcc gcc # the race detector is linked with it
  [ -e /usr/include/stdlib.h ] || missing+=(libc6-dev)
  need git git
  # Only the system's own Python sees Debian's packages.
  /usr/bin/python3 -c 'import websocket' 2>/dev/null || missing+=(python3-websocket)
  # Only Debian 12 has the package for PostgreSQL 15.
  [ -e /usr/share/postgresql/15/extension/postgis.control ] || missing+=(postgresql-15-postgis-3)
  ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || missing+=(postgresql)
  if [ ${#missing[@]} -eq 0 ]; then
    echo "nothing is missing"
    return
  fi
  echo "installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  # Packages must not start their services: the run starts its own.
  local policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    trap 'rm -f "$policy"' RETURN
  fi
  quietly apt-get -q update
  quietly apt-get -qy install --no-install-recommends "${missing[@]}"
}
