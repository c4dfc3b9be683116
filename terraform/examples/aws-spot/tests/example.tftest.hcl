mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws", dns_suffix = "amazonaws.com" }
  }
  mock_data "aws_region" {
    defaults = { region = "eu-west-1" }
  }
  mock_data "aws_subnets" {
    defaults = { ids = ["subnet-0123456789abcdef0", "subnet-0fedcba9876543210"] }
  }
  mock_data "aws_ssm_parameter" {
    defaults = { insecure_value = "ami-0fedcba9876543210" }
  }
  mock_resource "aws_secretsmanager_secret" {
    defaults = { arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:edgebatch-pool-AbCdEf" }
  }
  mock_resource "aws_iam_access_key" {
    defaults = { id = "AKIAEXAMPLE", secret = "key/of+the/publisher" }
  }
}

mock_provider "cloudflare" {}

mock_provider "upstash" {
  mock_resource "upstash_redis_database" {
    defaults = { endpoint = "eager-fox-12345.upstash.io", port = 6379, password = "hunter2", rest_token = "token" }
  }
}

variables {
  cloudflare_account_id = "0123456789abcdef0123456789abcdef"
  workers_dev_subdomain = "you"
  bundle_dir            = "../../modules/edge/tests/bundle"
  worker_image          = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/edgebatch-pool@sha256:0123456789abcdef"
  webhook_secret        = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
  region                = "eu-west-1"
}

run "what_is_to_be_made_is_known_in_the_plan" {
  command = plan
}

run "one_apply_makes_an_api_that_machines_follow" {
  command = apply

  assert {
    condition     = output.api_url == "https://edgebatch.you.workers.dev"
    error_message = "who has no domain is at workers.dev"
  }

  assert {
    condition = local.edge_secrets == {
      UPSTASH_REDIS_REST_URL   = "https://eager-fox-12345.upstash.io"
      UPSTASH_REDIS_REST_TOKEN = "token"
      AWS_ACCESS_KEY_ID        = "AKIAEXAMPLE"
      AWS_SECRET_ACCESS_KEY    = "key/of+the/publisher"
    }
    error_message = "the edge needs its Redis, and a key to publish with"
  }

  assert {
    condition     = local.edge_variables == { JOB_DEADLINE_SECONDS = "900", AWS_REGION = "eu-west-1", METRIC_NAMESPACE = "Edgebatch" }
    error_message = "the edge must publish what the machines are scaled by, and let jobs wait for one to start"
  }

  assert {
    condition     = output.queue_metric == { namespace = "Edgebatch", metric_name = "QueueDepth", region = "eu-west-1" }
    error_message = "the metric must be told by its names"
  }

  assert {
    condition     = output.redis_url == "rediss://default:hunter2@eager-fox-12345.upstash.io:6379" && !strcontains(output.first_key_command, "hunter2")
    error_message = "the first key is made with the database's URL, which is in no command"
  }
}

run "nothing_is_published_without_a_key" {
  command = plan

  variables {
    metric_key     = "none"
    webhook_secret = ""
  }

  assert {
    condition     = !contains(keys(local.edge_variables), "AWS_REGION") && !contains(keys(nonsensitive(local.edge_secrets)), "AWS_ACCESS_KEY_ID") && length(aws_iam_access_key.metric_publisher) == 0
    error_message = "half of what the edge needs to publish would fail its cron trigger each minute"
  }
}

run "a_key_of_wranglers_stays_out_of_the_state" {
  command = plan

  variables {
    metric_key          = "wrangler"
    custom_domain       = { hostname = "photos.example.com", zone_id = "fedcba9876543210fedcba9876543210" }
    vpc_zone_identifier = ["subnet-0123456789abcdef0"]
  }

  assert {
    condition     = local.edge_variables.AWS_REGION == "eu-west-1" && !contains(keys(nonsensitive(local.edge_secrets)), "AWS_ACCESS_KEY_ID") && length(aws_iam_access_key.metric_publisher) == 0
    error_message = "the Worker has the key already"
  }

  assert {
    condition     = output.api_url == "https://photos.example.com" && length(data.aws_subnets.default) == 0
    error_message = "a domain and subnets of one's own take the place of the defaults"
  }
}

run "nobody_can_tell_where_the_api_is" {
  command = plan

  variables {
    workers_dev_subdomain = null
  }

  expect_failures = [var.workers_dev_subdomain]
}

run "a_key_from_elsewhere" {
  command = plan

  variables {
    metric_key = "vault"
  }

  expect_failures = [var.metric_key]
}

run "no_default_vpc" {
  command = plan

  override_data {
    target = data.aws_subnets.default[0]
    values = { ids = [] }
  }

  expect_failures = [data.aws_subnets.default]
}
