mock_provider "cloudflare" {}

variables {
  account_id = "0123456789abcdef0123456789abcdef"
  bundle_dir = "./tests/bundle"
  secrets = {
    UPSTASH_REDIS_REST_URL   = "https://eager-fox-12345.upstash.io"
    UPSTASH_REDIS_REST_TOKEN = "token"
  }
}

run "an_account_by_its_name" {
  command = plan

  variables {
    account_id = "my-account"
  }

  expect_failures = [var.account_id]
}

run "a_name_with_capitals" {
  command = plan

  variables {
    name = "EdgeBatch"
  }

  expect_failures = [var.name]
}

run "a_folder_without_a_bundle" {
  command = plan

  variables {
    bundle_dir = "./tests"
  }

  expect_failures = [var.bundle_dir]
}

run "a_bundle_that_is_not_its_manifests" {
  command = plan

  variables {
    bundle_dir = "./tests/stale-bundle"
  }

  expect_failures = [cloudflare_worker_version.this]
}

run "a_setting_in_small_letters" {
  command = plan

  variables {
    variables = { cors_origins = "*" }
  }

  expect_failures = [var.variables]
}

run "a_secret_among_the_settings" {
  command = plan

  variables {
    variables = { AWS_SECRET_ACCESS_KEY = "secret" }
  }

  expect_failures = [var.variables]
}

run "a_secret_in_small_letters" {
  command = plan

  variables {
    secrets = { UPSTASH_REDIS_REST_URL = "https://a.example", UPSTASH_REDIS_REST_TOKEN = "token", webhook = "x" }
  }

  expect_failures = [var.secrets]
}

run "an_empty_secret" {
  command = plan

  variables {
    secrets = { UPSTASH_REDIS_REST_URL = "https://a.example", UPSTASH_REDIS_REST_TOKEN = "" }
  }

  expect_failures = [var.secrets]
}

run "no_redis" {
  command = plan

  variables {
    secrets = { UPSTASH_REDIS_REST_URL = "https://a.example" }
  }

  expect_failures = [var.secrets]
}

run "a_name_that_is_setting_and_secret" {
  command = plan

  variables {
    variables = { UPSTASH_REDIS_REST_URL = "https://a.example" }
  }

  expect_failures = [var.secrets]
}

run "a_cron_of_four_fields" {
  command = plan

  variables {
    crons = ["* * * *"]
  }

  expect_failures = [var.crons]
}

run "a_custom_domain_with_a_scheme" {
  command = plan

  variables {
    custom_domain = { hostname = "https://photos.example.com", zone_id = "z" }
  }

  expect_failures = [var.custom_domain]
}

run "two_addresses" {
  command = plan

  variables {
    custom_domain = { hostname = "photos.example.com", zone_id = "z" }
    route         = { pattern = "example.com/photos/*", zone_id = "z" }
  }

  expect_failures = [var.custom_domain]
}

run "a_route_without_a_path" {
  command = plan

  variables {
    route = { pattern = "example.com", zone_id = "z" }
  }

  expect_failures = [var.route]
}

run "no_address" {
  command = plan

  variables {
    workers_dev = false
  }

  expect_failures = [var.workers_dev]
}
