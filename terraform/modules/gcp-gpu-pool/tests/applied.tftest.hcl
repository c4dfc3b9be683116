# What shows only once it is applied.
mock_provider "google" {
  mock_resource "google_service_account" {
    defaults = { email = "account@photos-123.iam.gserviceaccount.com" }
  }
}

variables {
  project_id     = "photos-123"
  region         = "europe-west4"
  zones          = ["europe-west4-a"]
  subnetwork     = "projects/photos-123/regions/europe-west4/subnetworks/main"
  worker_image   = "ghcr.io/you/edgebatch-pool:1.2.0"
  worker_secrets = { REDIS_URL = "rediss://default:hunter2@redis.example.com:6379" }
}

run "secrets_are_in_no_state" {
  command = apply

  variables {
    worker_secrets_version = 3
  }

  assert {
    condition     = google_secret_manager_secret_version.this[0].secret_data_wo == null && google_secret_manager_secret_version.this[0].secret_data == null && tonumber(google_secret_manager_secret_version.this[0].secret_data_wo_version) == 3
    error_message = "the secret must be written, and not kept"
  }

  assert {
    condition     = !strcontains(module.bootstrap.user_data, "hunter2") && strcontains(module.bootstrap.user_data, "REVISION='secret-3'")
    error_message = "machines know of another secret by its version"
  }
}
