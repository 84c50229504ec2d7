# step NAME COMMAND... runs a command and prints the name and the time that it took. If the
# command fails, step ends the run.
step() {
  local name=$1 began=$SECONDS status=0
  shift
  printf '\n=== %s\n' "$name"
  # In a condition, bash would ignore set -e inside of functions.
  set +e
  (
    set -e
    "$@"
  )
  status=$?
  set -e
  if [ "$status" -ne 0 ]; then
    printf '=== %s: failed after %d s (exit code %d)\n' "$name" $((SECONDS - began)) "$status"
    exit "$status"
  fi
  printf '=== %s: %d s\n' "$name" $((SECONDS - began))
}

# quietly COMMAND... prints the end of a command's output only if the command fails.
quietly() {
  local log
  log=$(mktemp -p "$work")
  if ! "$@" >"$log" 2>&1; then
    tail -n 60 "$log"
    return 1
  fi
}
