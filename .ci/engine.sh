# The Docker engine: the machine's own if that answers, else one for this run, which has its
# data, its socket and its process id in the run's folder.

engine_dir=$work/engine

# start_engine starts an engine unless one answers.
start_engine() {
  if timeout 10 docker info >/dev/null 2>&1; then
    echo "the machine's engine answers"
    return
  fi
  mkdir -p "$engine_dir"
  dockerd --host "unix://$engine_dir/docker.sock" --data-root "$engine_dir/data" --exec-root "$engine_dir/exec" \
    --pidfile "$engine_dir/docker.pid" >"$engine_dir/log" 2>&1 &
  local pid=$! tries=300
  echo "$pid" >"$engine_dir/started"
  export DOCKER_HOST=unix://$engine_dir/docker.sock
  until timeout 5 docker info >/dev/null 2>&1; do
    if ! kill -0 "$pid" 2>/dev/null || [ $((tries--)) -eq 0 ]; then
      tail -n 30 "$engine_dir/log"
      return 1
    fi
    sleep 0.2
  done
  docker info --format 'engine {{.ServerVersion}}, storage {{.Driver}}'
}

# use_engine makes the other steps use the engine that start_engine started.
use_engine() {
  [ -e "$engine_dir/started" ] || return 0
  export DOCKER_HOST=unix://$engine_dir/docker.sock
  # In a container, testcontainers would look for published ports on its gateway.
  export TESTCONTAINERS_HOST_OVERRIDE=127.0.0.1
}

# stop_engine stops the engine that start_engine started. It removes the containers first, which
# would otherwise go on.
stop_engine() {
  [ -e "$engine_dir/started" ] || return 0
  use_engine
  local pid running tries=150
  pid=$(cat "$engine_dir/started")
  running=$(docker ps -q 2>/dev/null || true)
  # shellcheck disable=SC2086 # one word an id
  [ -z "$running" ] || docker rm -fv $running >/dev/null 2>&1 || true
  kill "$pid" 2>/dev/null || true
  while kill -0 "$pid" 2>/dev/null; do
    if [ $((tries--)) -eq 0 ]; then
      kill -9 "$pid" "$(cat "$engine_dir/exec/containerd/containerd.pid")" 2>/dev/null || true
      break
    fi
    sleep 0.2
  done
  rm -f "$engine_dir/started"
}
