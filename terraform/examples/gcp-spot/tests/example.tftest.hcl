mock_provider "google" {
  mock_resource "google_service_account" {
    defaults = { email = "account@photos-123.iam.gserviceaccount.com" }
  }
  mock_resource "google_service_account_key" {
    # {"type":"service_account"}
    defaults = { private_key = "eyJ0eXBlIjoic2VydmljZV9hY2NvdW50In0=" }
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
  project_id            = "photos-123"
  worker_image          = "us-east4-docker.pkg.dev/photos-123/pools/edgebatch-pool@sha256:0123456789abcdef"
  webhook_secret        = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
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
      GCP_SERVICE_ACCOUNT_KEY  = "{\"type\":\"service_account\"}"
    }
    error_message = "the edge needs its Redis, and a key file to publish with"
  }

  assert {
    condition     = local.edge_variables == { JOB_DEADLINE_SECONDS = "900", GCP_PROJECT_ID = "photos-123", GCP_METRIC_TYPE = "custom.googleapis.com/edgebatch/queue_depth" }
    error_message = "the edge must publish what the machines are scaled by, and let jobs wait for one to start"
  }

  assert {
    condition     = google_service_account_key.metric_publisher[0].service_account_id == "projects/photos-123/serviceAccounts/account@photos-123.iam.gserviceaccount.com"
    error_message = "the key must be of the account that may publish"
  }

  assert {
    condition     = output.queue_metric == { type = "custom.googleapis.com/edgebatch/queue_depth", resource = "global", project = "photos-123" }
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
    condition     = !contains(keys(local.edge_variables), "GCP_PROJECT_ID") && !contains(keys(nonsensitive(local.edge_secrets)), "GCP_SERVICE_ACCOUNT_KEY") && length(google_service_account_key.metric_publisher) == 0
    error_message = "half of what the edge needs to publish would fail its cron trigger each minute"
  }
}

run "a_key_of_wranglers_stays_out_of_the_state" {
  command = plan

  variables {
    metric_key    = "wrangler"
    custom_domain = { hostname = "photos.example.com", zone_id = "fedcba9876543210fedcba9876543210" }
    subnetwork    = "projects/photos-123/regions/us-east4/subnetworks/main"
  }

  assert {
    condition     = local.edge_variables.GCP_PROJECT_ID == "photos-123" && !contains(keys(nonsensitive(local.edge_secrets)), "GCP_SERVICE_ACCOUNT_KEY") && length(google_service_account_key.metric_publisher) == 0
    error_message = "the Worker has the key already"
  }

  assert {
    condition     = output.api_url == "https://photos.example.com"
    error_message = "a domain of one's own takes the place of workers.dev"
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
