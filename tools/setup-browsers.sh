#!/bin/sh
# Brings the npm packages of web/, which browser jobs need: onnxruntime-web, and a Chromium with WebNN. With --system
# also Debian's Chromium, its headless shell, Firefox and a Vulkan driver, where this is root and one is missing. What
# cannot be brought is said in one line, and only what needs it is unavailable. Does nothing when all is there.
set -eu
cd "$(dirname "$0")/.."

packages=web/node_modules
unpacked=$packages/.browsers/sparticuz

missing=""
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
command -v chromium-headless-shell >/dev/null 2>&1 || missing="$missing chromium-headless-shell"
command -v firefox-esr >/dev/null 2>&1 || missing="$missing firefox-esr"
# Firefox computes WebGPU with Vulkan, whose driver in software is Mesa's; Chromium brings its own
set -- "${1:-}" "${VULKAN_DRIVERS:-/usr/share/vulkan/icd.d}"/*.json
[ -e "$2" ] || missing="$missing mesa-vulkan-drivers"
if [ -z "$missing" ]; then
  :
elif [ "${1:-}" = --system ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing$missing"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  # shellcheck disable=SC2086  # a list of words
  apt-get install -qq -y --no-install-recommends $missing >/dev/null
else
  echo "Missing:$missing; browser jobs use what is there. On Debian, as root: make browsers, or apt-get install$missing" >&2
fi

if ! command -v npm >/dev/null 2>&1; then
  echo "Missing: npm (Debian: apt-get install npm); models in browsers are unavailable without it" >&2
  exit 0
fi
if ! cmp -s web/package-lock.json "$packages/.dtf-lock"; then
  echo "Installing onnxruntime-web and a Chromium with WebNN into $packages"
  (cd web && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null)
  if [ "$(uname -sm)" = "Linux x86_64" ]; then
    node web/unpack-chromium.mjs "$packages/@sparticuz/chromium/bin" "$unpacked"
    tar -C "$unpacked" -xf "$unpacked/swiftshader.tar"
    rm -f "$unpacked/swiftshader.tar"
  else
    echo "No Chromium with WebNN for $(uname -sm): models in browsers run on wasm and webgpu only" >&2
  fi
  cp web/package-lock.json "$packages/.dtf-lock"
fi
