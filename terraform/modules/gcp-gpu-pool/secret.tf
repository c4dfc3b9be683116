resource "google_secret_manager_secret" "this" {
  count = var.existing_secret_id == null ? 1 : 0

  project   = var.project_id
  secret_id = "${var.name}-pool"
  labels    = var.labels
  # A pool that is destroyed takes its secret with it.
  deletion_protection = false

  replication {
    auto {}
  }
}

# Write-only: in no plan and no state.
resource "google_secret_manager_secret_version" "this" {
  count = var.existing_secret_id == null ? 1 : 0

  secret                 = google_secret_manager_secret.this[0].id
  secret_data_wo         = jsonencode(var.worker_secrets)
  secret_data_wo_version = var.worker_secrets_version

  # Machines start with the latest version, and one that is destroyed is gone for good: there is always one.
  lifecycle {
    create_before_destroy = true
  }
}

locals {
  secret_name = var.existing_secret_id == null ? "projects/${var.project_id}/secrets/${one(google_secret_manager_secret.this[*].secret_id)}" : var.existing_secret_id
}
