# The PostgreSQL image of the tests. If no registry answers, make_images builds one from Debian's
# packages, with an entrypoint like the official one.

postgres_image=${TABLEWIRE_TEST_POSTGRES_IMAGE:-postgres:17-alpine}
reaper_image=testcontainers/ryuk:0.14.0

# make_images makes sure that the image exists.
make_images() {
  if docker image inspect "$postgres_image" >/dev/null 2>&1; then
    echo "$postgres_image is here"
  elif timeout 120 docker pull -q "$postgres_image" 2>/dev/null; then
    echo "$postgres_image was pulled"
  else
    echo "$postgres_image can't be pulled: building it"
    bootstrap_postgres
  fi
  docker run --rm "$postgres_image" postgres --version
}

# use_images switches testcontainers' reaper off if its image can't be pulled: stop_engine removes
# the containers.
use_images() {
  docker image inspect "$reaper_image" >/dev/null 2>&1 ||
    timeout 60 docker pull -q "$reaper_image" >/dev/null 2>&1 ||
    export TESTCONTAINERS_RYUK_DISABLED=true
}

# bootstrap_postgres builds the image from Debian's packages.
bootstrap_postgres() {
  local root=$work/postgres-root mirror
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep '/debian/*$' | head -n 1)
  # shellcheck disable=SC2086 # an empty mirror means debootstrap's default
  quietly debootstrap --variant=minbase --include=postgresql trixie "$root" $mirror
  rm -rf "$root"/usr/share/{doc,man,locale} "$root"/var/{cache/apt,lib/apt/lists}/* "$root"/var/lib/postgresql/*
  install -m 0755 "$here/entrypoint.sh" "$root/usr/local/bin/docker-entrypoint.sh"
  local bin
  bin=$(cd "$root" && echo usr/lib/postgresql/*/bin)
  tar -C "$root" --numeric-owner -c . | docker import \
    -c "ENV PATH=/$bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
    -c 'ENV PGDATA=/var/lib/postgresql/data' \
    -c 'ENTRYPOINT ["docker-entrypoint.sh"]' \
    -c 'CMD ["postgres"]' \
    -c 'EXPOSE 5432' \
    - "$postgres_image" >/dev/null
  rm -rf "$root"
}
