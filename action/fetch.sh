#!/usr/bin/env bash
# Fetches a release of keyrotation for the runner's system, and takes it only if its checksums are the
# pinned ones. Variables: KEYROTATION_VERSION, KEYROTATION_SUMS_SHA256, KEYROTATION_RELEASES.
set -euo pipefail

# shellcheck source=action/fail.sh
. "${BASH_SOURCE[0]%/*}/fail.sh"

sha256() {
    if command -v sha256sum >/dev/null; then
        sha256sum "$1" | cut -d ' ' -f 1
    else
        shasum -a 256 "$1" | cut -d ' ' -f 1
    fi
}

fetch() {
    curl --fail --silent --show-error --location --proto-redir =https --retry 3 \
        --output "$folder/$1" "$releases/v$version/$1" || fail "cannot fetch $releases/v$version/$1"
}

expect_sum() {
    local found
    found=$(sha256 "$folder/$1")
    [ "$found" = "$2" ] || fail "$1 is not what it should be: its SHA-256 is $found, and $2 was expected"
}

version=$KEYROTATION_VERSION
releases=${KEYROTATION_RELEASES%/}
pinned=$KEYROTATION_SUMS_SHA256
is_version='^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$'
is_sum='^[0-9a-f]{64}$'
[[ $version =~ $is_version ]] || fail "version is no version of a release, such as 0.1.0: '$version'"
[[ $pinned =~ $is_sum ]] || fail "sums-sha256 is no SHA-256 in lower case: '$pinned'"
# A mirror on this machine may do without TLS; what comes from it is held to the same checksums.
is_trusted='^(https://|http://(127\.0\.0\.1|localhost)[:/])'
[[ $releases =~ $is_trusted ]] || fail "releases has to be an https address: '$releases'"

case $RUNNER_OS in
    Linux) system=linux ending=tar.gz ;;
    macOS) system=darwin ending=tar.gz ;;
    Windows) system=windows ending=zip ;;
    *) fail "there is no release for $RUNNER_OS" ;;
esac
case $RUNNER_ARCH in
    X64) processor=amd64 ;;
    ARM64) processor=arm64 ;;
    *) fail "there is no release for $RUNNER_ARCH" ;;
esac

name=keyrotation_${version}_${system}_${processor}
sums=keyrotation_${version}_SHA256SUMS
folder=$(mktemp -d "$RUNNER_TEMP/keyrotation.XXXXXX")
fetch "$sums"
expect_sum "$sums" "$pinned"
expected=$(awk -v name="$name.$ending" '$2 == name || $2 == "*" name { print $1 }' "$folder/$sums")
[[ $expected =~ $is_sum ]] || fail "$sums names no $name.$ending"
fetch "$name.$ending"
expect_sum "$name.$ending" "$expected"

case $ending in
    tar.gz) tar -xzf "$folder/$name.tar.gz" -C "$folder" ;;
    zip) unzip -q "$folder/$name.zip" -d "$folder" ;;
esac
program=$folder/$name/keyrotation
if [ "$system" = windows ]; then
    program=$program.exe
fi
[ -x "$program" ] || fail "$name.$ending holds no program"
"$program" --version
printf 'program=%s\n' "$program" >>"$GITHUB_OUTPUT"
