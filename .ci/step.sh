# Steps: each prints its name and how long it took, and ends the run if it fails.

# step NAME COMMAND...
step() {
  local name=$1 began=$SECONDS status=0
  shift
  printf '\n=== %s\n' "$name"
  # Not in a condition: there, set -e would not hold inside of functions.
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

# quietly COMMAND... keeps a command's output for the case that it fails.
quietly() {
  local log
  log=$(mktemp -p "$work")
  if ! "$@" >"$log" 2>&1; then
    tail -n 60 "$log"
    return 1
  fi
}
