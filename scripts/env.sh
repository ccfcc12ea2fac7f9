# Sourced by the scripts: where things are, and how they speak.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${CAUSEWAY_CACHE:-$HOME/.cache/causeway}
tools=$cache/tools
target=${CARGO_TARGET_DIR:-$root/target}

cd "$root"
export PATH="$tools/bin:$PATH"

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

# Version of a crate as Cargo.lock pins it.
locked() {
  awk -v name="$1" '$0 == "name = \"" name "\"" { getline; gsub(/[^0-9.]/, ""); print; exit }' Cargo.lock
}

# The version that the tests use, under a Node.js that is new enough for it.
wrangler() {
  local bin=$root/tests/edge/node_modules/.bin
  "$bin/node" "$bin/wrangler" "$@"
}
