#!/bin/sh
# Cargo calls this in the place of rustc: our own crates are built with counters of coverage, which the
# stable compiler has too; crates of others as ever.
compiler=$1
shift
case ${CARGO_PKG_NAME:-}/${CARGO_CRATE_NAME:-} in
*/build_script_*) exec "$compiler" "$@" ;;
keyrotation-*)
    exec "$compiler" "$@" -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
        -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
        -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares
    ;;
*) exec "$compiler" "$@" ;;
esac
