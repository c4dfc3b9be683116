# What is Google Cloud's of this machine. Each function of the name cloud_* has a counterpart in the other cloud's file.
METADATA=${METADATA_URL:-http://169.254.169.254}
IDENTITY=instance/name

metadata() {
  curl --silent --fail --noproxy '*' --max-time 3 --header 'Metadata-Flavor: Google' "$METADATA/computeMetadata/v1/$1"
}

access_token() { metadata instance/service-accounts/default/token | json_field access_token; }

# gcp_call HOST PATH CURL-ARGUMENTS...: a call of a Google API as this machine's service account.
gcp_call() {
  local host=$1 path=$2 token
  shift 2
  token=$(access_token) || {
    printf 'the metadata service gives no token: has this machine a service account?'
    return 1
  }
  answer_of "$@" "${GCP_ENDPOINT_URL:-https://$host}/$path" <<<"header = \"Authorization: Bearer $token\""
}

cloud_secret() { gcp_call secretmanager.googleapis.com "v1/$SECRET_ID:access"; }

# Artifact Registry takes the machine's own token.
cloud_registry_login() {
  local registry=${IMAGE%%/*}
  [[ $registry == *-docker.pkg.dev || $registry == gcr.io || $registry == *.gcr.io ]] || return 0
  access_token | docker login --username oauth2accesstoken --password-stdin "https://$registry" >/dev/null 2>&1 ||
    fail "$registry refuses the login"
}

# Docker's daemon takes project, machine and credentials from the metadata service.
cloud_log_arguments() { printf '%s\n' --log-driver gcplogs; }

# The group learns of this machine by its health check alone.
cloud_ready() { :; }
cloud_give_up() { :; }

# cloud_report TEXT: an entry for the project's log, as the console of a machine that is gone is gone soon, too.
cloud_report() {
  local project answer body
  project=$(metadata project/project-id) || return 0
  body="{\"logName\":\"projects/$project/logs/edgebatch-boot\",\"resource\":{\"type\":\"global\"},\"labels\":{\"machine\":\"$INSTANCE_ID\"},\"entries\":[{\"severity\":\"ERROR\",\"textPayload\":$(json_string "$1")}]}"
  answer=$(gcp_call logging.googleapis.com v2/entries:write --header 'Content-Type: application/json' --data-raw "$body") ||
    say "not told to Cloud Logging: $answer"
}
