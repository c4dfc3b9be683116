# Whom the machines are.
resource "google_service_account" "worker" {
  project      = var.project_id
  account_id   = "${var.name}-worker"
  display_name = "Edgebatch workers (${var.name})"
}

resource "google_secret_manager_secret_iam_member" "worker" {
  project   = regex("^projects/([^/]+)/", local.secret_name)[0]
  secret_id = regex("/secrets/(.+)$", local.secret_name)[0]
  role      = "roles/secretmanager.secretAccessor"
  member    = "serviceAccount:${google_service_account.worker.email}"
}

resource "google_project_iam_member" "worker_logs" {
  project = var.project_id
  role    = "roles/logging.logWriter"
  member  = "serviceAccount:${google_service_account.worker.email}"
}

locals {
  # Of an image in Artifact Registry: location, project and repository.
  registry = try(regex("^(?P<location>[a-z0-9-]+)-docker\\.pkg\\.dev/(?P<project>[^/]+)/(?P<repository>[^/:@]+)/", var.worker_image), null)
}

resource "google_artifact_registry_repository_iam_member" "worker" {
  count = local.registry == null ? 0 : 1

  project    = local.registry.project
  location   = local.registry.location
  repository = local.registry.repository
  role       = "roles/artifactregistry.reader"
  member     = "serviceAccount:${google_service_account.worker.email}"
}

# Whom the edge publishes as; it runs outside of Google Cloud. A key made here would stand in the state, so it is made by hand, where it is allowed.
resource "google_service_account" "metric_publisher" {
  count = var.create_metric_publisher ? 1 : 0

  project      = var.project_id
  account_id   = "${var.name}-metrics"
  display_name = "Edgebatch edge, publishing the depth (${var.name})"
}

resource "google_project_iam_member" "metric_publisher" {
  count = var.create_metric_publisher ? 1 : 0

  project = var.project_id
  role    = "roles/monitoring.metricWriter"
  member  = "serviceAccount:${google_service_account.metric_publisher[0].email}"
}

# Made by the first publication anyhow, but an autoscaler wants to know it before.
resource "google_monitoring_metric_descriptor" "depth" {
  for_each = var.create_metric_publisher ? toset(distinct([var.metric_type, local.metric_type])) : []

  project      = var.project_id
  type         = each.value
  display_name = "Edgebatch queue depth"
  description  = "What machines are scaled by: jobs that wait or are in flight, or what busy pools count for"
  metric_kind  = "GAUGE"
  value_type   = "INT64"

  dynamic "labels" {
    for_each = endswith(each.value, "_by_model") ? ["model"] : []

    content {
      key        = labels.value
      value_type = "STRING"
    }
  }
}
