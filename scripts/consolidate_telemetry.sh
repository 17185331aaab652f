#!/bin/sh
# Runs parquet-consolidator from anywhere: by hand, through a symlink, from cron.
# Every argument goes to the program as it is, and the program's exit code comes back.
#
# Environment:
#   CONSOLIDATION_CONFIG  configuration file, unless --config is given; default: config/consolidation.yaml of this repository
#   NODE_BINARY           the node to run, instead of the one that is found
set -u

complain() {
  printf 'consolidate_telemetry.sh: %s\n' "$@" >&2
}

# The directory this script really lies in, whatever chain of links led here.
script=$0
while [ -L "$script" ]; do
  link=$(readlink "$script")
  case $link in
    /*) script=$link ;;
    *) script=$(dirname -- "$script")/$link ;;
  esac
done
root=$(CDPATH='' cd -P -- "$(dirname -- "$script")/.." && pwd -P) || exit 2

# The oldest Node that package.json allows: 20.19.
new_enough() {
  numbers=${1#v}
  major=${numbers%%.*}
  rest=${numbers#*.}
  minor=${rest%%.*}
  case $major in '' | *[!0-9]*) return 1 ;; esac
  case $minor in '' | *[!0-9]*) return 1 ;; esac
  [ "$major" -gt 20 ] || { [ "$major" -eq 20 ] && [ "$minor" -ge 19 ]; }
}

# Looks where Node is installed on servers whose cron has a bare PATH; prints the first one that is new enough.
find_elsewhere() {
  for candidate in "${NODE:-}" \
    /usr/local/bin/node /usr/bin/node /opt/node/bin/node /opt/*/bin/node /usr/local/*/bin/node /snap/bin/node \
    "${NVM_DIR:-${HOME:-/root}/.nvm}"/versions/node/*/bin/node \
    "${HOME:-/root}"/.volta/bin/node \
    "${HOME:-/root}"/.local/share/fnm/node-versions/*/installation/bin/node \
    "${HOME:-/root}"/.local/share/mise/installs/node/*/bin/node \
    "${HOME:-/root}"/.asdf/installs/nodejs/*/bin/node \
    "${HOME:-/root}"/.nodenv/versions/*/bin/node; do
    if [ -n "$candidate" ] && [ -x "$candidate" ] && new_enough "$("$candidate" --version 2>/dev/null)"; then
      printf '%s\n' "$candidate"
      return 0
    fi
  done
  return 1
}

# An explicit choice first, then the PATH. What the PATH offers is never passed over silently for another one.
if [ -n "${NODE_BINARY:-}" ]; then
  node=$NODE_BINARY
else
  node=$(command -v node) || node=$(find_elsewhere) || {
    complain 'Node.js was not found: not in PATH, not in /usr/local/bin, /opt or ~/.nvm.' \
      'Install Node.js 20.19 or newer, or set NODE_BINARY to the full path of node.'
    exit 2
  }
fi
if ! version=$("$node" --version 2>/dev/null); then
  complain "$node cannot be run." 'Set NODE_BINARY to the full path of a node, version 20.19 or newer.'
  exit 2
fi
if ! new_enough "$version"; then
  complain "$node is Node.js $version; 20.19 or newer is needed."
  if newer=$(find_elsewhere); then
    complain "There is a newer one: set NODE_BINARY=$newer"
  else
    complain 'Install a newer one, or set NODE_BINARY to its full path.'
  fi
  exit 2
fi

if [ ! -f "$root/dist/main.js" ]; then
  complain "$root/dist/main.js is missing: the program was not built." "Run: cd '$root' && npm ci"
  exit 2
fi

# The program reads this only when there is no --config among its arguments.
CONSOLIDATION_CONFIG=${CONSOLIDATION_CONFIG:-$root/config/consolidation.yaml}
export CONSOLIDATION_CONFIG

# How the program calls itself where it says what to type next.
CONSOLIDATION_PROGRAM=$0
export CONSOLIDATION_PROGRAM

exec "$node" "$root/dist/main.js" "$@"
