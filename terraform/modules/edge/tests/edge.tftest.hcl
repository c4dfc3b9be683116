mock_provider "cloudflare" {
  mock_resource "cloudflare_worker" {
    defaults = { id = "id-of-the-worker" }
  }
  mock_resource "cloudflare_worker_version" {
    defaults = { id = "id-of-the-version" }
  }
}

variables {
  account_id = "0123456789abcdef0123456789abcdef"
  bundle_dir = "./tests/bundle"
  secrets = {
    UPSTASH_REDIS_REST_URL   = "https://eager-fox-12345.upstash.io"
    UPSTASH_REDIS_REST_TOKEN = "token"
  }
}

run "it_deploys_the_modules_of_the_bundle" {
  command = plan

  assert {
    condition = { for module in cloudflare_worker_version.this.modules : module.name => [module.content_type, module.content_file] } == {
      "worker.js"      = ["application/javascript+module", "./tests/bundle/worker.js"]
      "./decoder.wasm" = ["application/wasm", "./tests/bundle/decoder.wasm"]
    }
    error_message = "modules must be the bundle's, by the names that the main module imports them by"
  }

  assert {
    condition     = cloudflare_worker_version.this.main_module == "worker.js" && cloudflare_worker_version.this.compatibility_date == "2026-01-01"
    error_message = "main module and compatibility date must be the manifest's"
  }

  assert {
    condition     = cloudflare_worker_version.this.compatibility_flags == toset(["enable_request_signal"])
    error_message = "compatibility flags must be the manifest's"
  }

  assert {
    condition     = cloudflare_worker.this.observability.enabled
    error_message = "observability must be the manifest's"
  }

  assert {
    condition     = cloudflare_workers_cron_trigger.this.schedules[*].cron == tolist(["* * * * *"])
    error_message = "crons must be the manifest's"
  }
}

run "all_traffic_goes_to_the_version" {
  command = apply

  assert {
    condition     = cloudflare_worker_version.this.worker_id == "id-of-the-worker"
    error_message = "the version must be the Worker's"
  }

  assert {
    condition     = one(cloudflare_workers_deployment.this.versions) == { version_id = "id-of-the-version", percentage = 100 }
    error_message = "the deployment must send all traffic to the version"
  }

  assert {
    condition     = output.version_id == "id-of-the-version" && output.name == "edgebatch" && output.url == null && output.crons == tolist(["* * * * *"])
    error_message = "the outputs must tell of what is deployed"
  }
}

run "settings_go_over_those_of_wrangler_toml" {
  command = plan

  variables {
    variables = { CORS_ORIGINS = "https://example.com", DEFAULT_WAIT_SECONDS = "5" }
  }

  assert {
    condition     = cloudflare_worker_version.this.bindings[*].name == tolist(["CORS_ORIGINS", "DEFAULT_WAIT_SECONDS", "UPSTASH_REDIS_REST_TOKEN", "UPSTASH_REDIS_REST_URL"])
    error_message = "bindings must be sorted by name, as Cloudflare answers them"
  }

  assert {
    condition     = cloudflare_worker_version.this.bindings[*].type == tolist(["plain_text", "plain_text", "secret_text", "secret_text"])
    error_message = "settings must be plain text and secrets secret"
  }

  assert {
    condition     = cloudflare_worker_version.this.bindings[*].text == tolist(["https://example.com", "5", "token", "https://eager-fox-12345.upstash.io"])
    error_message = "bindings must have the values that were given"
  }
}

run "inherited_secrets_are_named_and_not_told" {
  command = plan

  variables {
    secrets           = { UPSTASH_REDIS_REST_URL = "https://eager-fox-12345.upstash.io" }
    inherited_secrets = ["UPSTASH_REDIS_REST_TOKEN"]
  }

  assert {
    condition     = [for binding in cloudflare_worker_version.this.bindings : binding.text == null if binding.type == "inherit"] == [true]
    error_message = "an inherited secret has no value here"
  }
}

run "without_an_address_it_is_at_workers_dev" {
  command = plan

  assert {
    condition     = cloudflare_worker.this.subdomain.enabled && !cloudflare_worker.this.subdomain.previews_enabled
    error_message = "there must be a way to the edge, and none to versions that are not deployed"
  }

  assert {
    condition     = length(cloudflare_workers_custom_domain.this) == 0 && length(cloudflare_workers_route.this) == 0
    error_message = "no address was asked for"
  }
}

run "a_custom_domain_is_its_only_address" {
  command = plan

  variables {
    custom_domain = { hostname = "photos.example.com", zone_id = "fedcba9876543210fedcba9876543210" }
  }

  assert {
    condition     = cloudflare_workers_custom_domain.this[0].hostname == "photos.example.com" && cloudflare_workers_custom_domain.this[0].service == "edgebatch"
    error_message = "the custom domain must lead to the Worker"
  }

  assert {
    condition     = cloudflare_worker.this.subdomain.enabled == false && output.url == "https://photos.example.com"
    error_message = "workers.dev must be off where there is another address"
  }
}

run "a_route_takes_a_part_of_a_zone" {
  command = plan

  variables {
    route       = { pattern = "example.com/photos/*", zone_id = "fedcba9876543210fedcba9876543210" }
    workers_dev = true
  }

  assert {
    condition     = cloudflare_workers_route.this[0].pattern == "example.com/photos/*" && cloudflare_workers_route.this[0].script == "edgebatch"
    error_message = "the route must lead to the Worker"
  }

  assert {
    condition     = cloudflare_worker.this.subdomain.enabled && output.url == "https://example.com/photos"
    error_message = "workers.dev must stay on where it is asked for"
  }
}

run "crons_can_be_others_or_none" {
  command = plan

  variables {
    crons = []
  }

  assert {
    condition     = length(cloudflare_workers_cron_trigger.this.schedules) == 0
    error_message = "no schedules were asked for, and the resource that takes away old ones must stay"
  }
}
