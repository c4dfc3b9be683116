# What the scripts of this machine share: settings, the cloud's part, and how a start fails. Sourced, never run.
set -euo pipefail
shopt -s inherit_errexit

ETC=${EDGEBATCH_ETC:-/etc/edgebatch}
# A tmpfs: what is here is never on a disk.
RUN=${RUNTIME_DIRECTORY:-/run/edgebatch}
LIB=$(dirname "${BASH_SOURCE[0]}")
CONTAINER=edgebatch-pool
FAILURES=$RUN/failures
# shellcheck source=/dev/null
. "$ETC/bootstrap.conf"

say() { echo "edgebatch: $*" >&2; }

# This start has failed. The reason is kept for after-stop, which tells the cloud's log.
fail() {
  say "$*"
  echo "$*" >"$RUN/reason"
  exit 1
}

# json_field KEY...: one value out of the JSON on stdin. Python is there wherever cloud-init is.
json_field() {
  python3 -c '
import json, sys
value = json.load(sys.stdin)
for key in sys.argv[1:]:
    value = value[key]
print(value)' "$@"
}

json_string() { python3 -c 'import json, sys; print(json.dumps(sys.argv[1]))' "$1"; }

# Who this machine is. The network of one that has just started may not be there yet.
identify_or_fail() {
  local tries=0
  until INSTANCE_ID=$(metadata "$IDENTITY"); do
    if ((++tries >= METADATA_ATTEMPTS)); then
      fail "the metadata service ($METADATA) does not answer ($tries tries): without it this machine has no identity and gets no secret"
    fi
    sleep "$METADATA_PAUSE_SECONDS"
  done
}

# answer_of CURL-ARGUMENTS...: the body of a 2xx answer. Otherwise it fails, and stdout says what came instead. Credentials
# come as curl's configuration on stdin: arguments can be seen by every user of the machine.
answer_of() {
  local reply status body
  reply=$(curl --config - --silent --show-error --connect-timeout 5 --max-time "$CALL_SECONDS" \
    --write-out '\n%{http_code}' "$@" 2>"$RUN/curl-error") || {
    # Not what had come so far: it may be half a secret.
    tr -s '[:space:]' ' ' <"$RUN/curl-error"
    return 1
  }
  status=${reply##*$'\n'}
  body=${reply%$'\n'*}
  if [[ $status != 2?? ]]; then
    # AWS quotes a request whose signature is wrong, with the session's token.
    body=${body%%The Canonical String*}
    printf 'HTTP %s %s' "$status" "$(tr -s '[:space:]' ' ' <<<"${body:0:400}")"
    return 1
  fi
  printf '%s' "$body"
}

# shellcheck source=/dev/null
. "$LIB/cloud.sh"
