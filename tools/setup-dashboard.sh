#!/bin/sh
# Brings the npm packages that the dashboard draws with: some 2 MB. What cannot be brought is said in one line, and the
# dashboard shows tables. Does nothing when all is there.
set -eu
cd "$(dirname "$0")/.."

packages=web/node_modules

if ! command -v npm >/dev/null 2>&1; then
  echo "Missing: npm (Debian: apt-get install npm); the dashboard shows tables in place of charts without it" >&2
  exit 0
fi
for lock in .dtf-lock .dtf-dashboard-lock; do
  if cmp -s web/package-lock.json "$packages/$lock"; then
    exit 0
  fi
done
# browser jobs were set up here, by an earlier lock file: their packages are not to vanish
if [ -e "$packages/.dtf-lock" ]; then
  exec sh tools/setup-browsers.sh
fi
echo "Installing what the dashboard draws with into $packages"
if (cd web && npm ci --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null); then
  cp web/package-lock.json "$packages/.dtf-dashboard-lock"
else
  echo "npm could not bring them; the dashboard shows tables in place of charts" >&2
fi
