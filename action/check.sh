#!/usr/bin/env bash
# Runs `keyrotation check` for a job of GitHub Actions: annotations, reports in files, a summary, and
# outputs. It ends with 0 if the check was run, whatever was found: a later step ends as the check did.
# Variables: KEYROTATION_PROGRAM, and those of the inputs as `action.yml` names them.
set -euo pipefail

# shellcheck source=action/fail.sh
. "${BASH_SOURCE[0]%/*}/fail.sh"

# Adds an option for each line of a text that is not empty.
add_each() {
    local line
    while IFS= read -r line; do
        line=${line%$'\r'}
        if [ -n "$line" ]; then
            words+=("$1$line")
        fi
    done <<<"$2"
}

case $KEYROTATION_SUMMARY in
    true | false) ;;
    *) fail "summary is neither true nor false: '$KEYROTATION_SUMMARY'" ;;
esac
if [ -n "$KEYROTATION_CLIENT_ID" ] && [ -n "$KEYROTATION_TENANT_ID" ]; then
    # Another way to sign in, which the job may have for its other steps, would be taken first.
    unset ARM_CLIENT_SECRET ARM_CLIENT_SECRET_FILE_PATH ARM_CLIENT_CERTIFICATE \
        ARM_CLIENT_CERTIFICATE_PATH ARM_OIDC_TOKEN ARM_OIDC_TOKEN_FILE_PATH
    export ARM_USE_OIDC=true
    export ARM_CLIENT_ID=$KEYROTATION_CLIENT_ID ARM_TENANT_ID=$KEYROTATION_TENANT_ID
elif [ -n "$KEYROTATION_CLIENT_ID$KEYROTATION_TENANT_ID" ]; then
    fail 'client-id and tenant-id go together'
fi

# Each use in a job has a folder of its own, so that no report is taken for that of another one.
folder=$(mktemp -d "$RUNNER_TEMP/keyrotation-report.XXXXXX")
words=(
    check --output github --output "json=$folder/keys.json" --output "html=$folder/keys.html"
    --output "markdown=$folder/keys.md" --output "sarif=$folder/keys.sarif"
    --output "prometheus=$folder/keys.prom"
)
add_each --management-group= "$KEYROTATION_MANAGEMENT_GROUPS"
add_each --subscription= "$KEYROTATION_SUBSCRIPTIONS"
add_each --profile= "$KEYROTATION_PROFILE"
add_each --max-age= "$KEYROTATION_MAX_AGE"
add_each --fail-on= "$KEYROTATION_FAIL_ON"
add_each --config= "$KEYROTATION_CONFIG"
add_each '' "$KEYROTATION_ARGUMENTS"

code=0
"$KEYROTATION_PROGRAM" "${words[@]}" || code=$?
printf 'exit-code=%s\n' "$code" >>"$GITHUB_OUTPUT"
if [ ! -f "$folder/keys.prom" ]; then
    exit 0
fi
awk '
    /^keyrotation_unscanned / { print "unscanned=" $2 }
    /^keyrotation_accounts\{/ { accounts += $2 }
    match($0, /^keyrotation_standing\{standing="(breaks|unproven|waived)"\} /) {
        split($0, part, "\""); print part[2] "=" $2
    }
    END { print "accounts=" accounts + 0 }
' "$folder/keys.prom" >>"$GITHUB_OUTPUT"
printf '%s\n' "json=$folder/keys.json" "html=$folder/keys.html" "markdown=$folder/keys.md" >>"$GITHUB_OUTPUT"
# Findings of a check that has seen nothing would close all those of the one before.
if [ "$code" -ne 1 ]; then
    printf 'sarif=%s\n' "$folder/keys.sarif" >>"$GITHUB_OUTPUT"
fi
if [ "$KEYROTATION_SUMMARY" = true ]; then
    cat "$folder/keys.md" >>"$GITHUB_STEP_SUMMARY"
fi
