#!/usr/bin/env bash
# Ends a step of the action with one message; the other scripts take it in.

# A message of several lines, or one that names a command of the runner, stays one message.
fail() {
    local text=${1//\%/%25}
    text=${text//$'\r'/%0D}
    text=${text//$'\n'/%0A}
    printf '::error title=keyrotation::%s\n' "$text"
    exit 1
}
