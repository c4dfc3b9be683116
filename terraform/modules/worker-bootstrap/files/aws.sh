# What is AWS's of this machine. Each function of the name cloud_* has a counterpart in the other cloud's file.
METADATA=${METADATA_URL:-http://169.254.169.254}
IDENTITY=instance-id

# metadata PATH: of version 2 of the service, with a token of its own, as it is asked a few times in a machine's life.
metadata() {
  local token
  token=$(curl --silent --fail --noproxy '*' --max-time 3 --request PUT \
    --header 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$METADATA/latest/api/token") &&
    curl --silent --fail --noproxy '*' --max-time 3 --header "X-aws-ec2-metadata-token: $token" \
      "$METADATA/latest/meta-data/$1"
}

# aws_call HOST SERVICE CONTENT-TYPE TARGET BODY: a call of an AWS API as this machine's role, signed by curl.
aws_call() {
  local host=$1 service=$2 type=$3 target=$4 body=$5 role credentials
  role=$(metadata iam/security-credentials/) && credentials=$(metadata "iam/security-credentials/$role") || {
    printf 'the metadata service gives no credentials: has this machine an instance profile?'
    return 1
  }
  python3 -c '
import json, sys
keys = json.load(sys.stdin)
print("user = \"%s:%s\"" % (keys["AccessKeyId"], keys["SecretAccessKey"]))
print("header = \"X-Amz-Security-Token: %s\"" % keys["Token"])' <<<"$credentials" |
    answer_of --aws-sigv4 "aws:amz:$REGION:$service" --header "Content-Type: $type" \
      ${target:+--header "X-Amz-Target: $target"} --data-raw "$body" "${AWS_ENDPOINT_URL:-https://$host}/"
}

aws_json_call() { aws_call "$1.$REGION.$DNS_SUFFIX" "$1" application/x-amz-json-1.1 "$2" "$3"; }

cloud_secret() {
  local answer
  answer=$(aws_json_call secretsmanager secretsmanager.GetSecretValue "{\"SecretId\":\"$SECRET_ID\"}") && {
    printf '%s' "$answer"
    return
  }
  case $answer in
    *TooSkewed* | *'Signature expired'* | *'Signature not yet current'*)
      answer="$answer. The clock of this machine is wrong: it says $(date -u +%FT%TZ)"
      ;;
  esac
  printf '%s' "$answer"
  return 1
}

# Images of ECR take a login, which lasts for twelve hours: long enough to pull.
cloud_registry_login() {
  local registry=${IMAGE%%/*} answer
  [[ $registry == *.dkr.ecr.*.amazonaws.com* ]] || return 0
  local REGION=${registry#*.dkr.ecr.}
  REGION=${REGION%%.*}
  answer=$(aws_call "api.ecr.$REGION.$DNS_SUFFIX" ecr application/x-amz-json-1.1 \
    AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken '{}') || fail "no login for $registry: $answer"
  python3 -c '
import base64, json, sys
token = json.load(sys.stdin)["authorizationData"][0]["authorizationToken"]
print(base64.b64decode(token).decode().split(":", 1)[1])' <<<"$answer" |
    docker login --username AWS --password-stdin "$registry" >/dev/null 2>&1 || fail "$registry refuses the login"
}

cloud_log_arguments() {
  printf '%s\n' --log-driver awslogs --log-opt "awslogs-region=$REGION" --log-opt "awslogs-group=$LOG_GROUP" \
    --log-opt "awslogs-stream=$INSTANCE_ID/pool"
}

# The launch hook: until it is completed, the group does not count this machine. Where there is none (the pool was started again, or
# the hook is over), AWS says so and nothing is lost. Fails where AWS may say something else the next time.
complete_launch_hook() {
  local answer
  [[ $LAUNCH_HOOK_NAME ]] || return 0
  answer=$(aws_call "autoscaling.$REGION.$DNS_SUFFIX" autoscaling application/x-www-form-urlencoded '' \
    "Action=CompleteLifecycleAction&Version=2011-01-01&AutoScalingGroupName=$GROUP_NAME&LifecycleHookName=$LAUNCH_HOOK_NAME&InstanceId=$INSTANCE_ID&LifecycleActionResult=$1") && return
  # Once, and not at each attempt.
  [[ ${hook_failed:-} ]] || say "launch hook $LAUNCH_HOOK_NAME not completed: $answer"
  hook_failed=yes
  [[ $answer == *ValidationError* ]]
}

cloud_ready() { complete_launch_hook CONTINUE; }
cloud_give_up() { complete_launch_hook ABANDON; }

# cloud_report TEXT: a line for the group's log, as the console of a machine that is gone is gone soon, too.
cloud_report() {
  local stream answer
  stream="\"logGroupName\":\"$LOG_GROUP\",\"logStreamName\":\"$INSTANCE_ID/boot\""
  aws_json_call logs Logs_20140328.CreateLogStream "{$stream}" >/dev/null || true
  answer=$(aws_json_call logs Logs_20140328.PutLogEvents \
    "{$stream,\"logEvents\":[{\"timestamp\":$(date +%s000),\"message\":$(json_string "$1")}]}") ||
    say "not told to $LOG_GROUP: $answer"
}
