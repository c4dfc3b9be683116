data "google_compute_subnetwork" "this" {
  self_link = var.subnetwork
}

data "google_compute_image" "this" {
  count   = var.source_image == null ? 1 : 0
  family  = var.source_image_family
  project = var.source_image_project
}

locals {
  source_image = var.source_image == null ? one(data.google_compute_image.this[*].self_link) : var.source_image

  # What Google's health checkers ask from.
  health_checkers = ["35.191.0.0/16", "130.211.0.0/22"]
}

module "bootstrap" {
  source = "../worker-bootstrap"

  cloud                     = "gcp"
  worker_image              = var.worker_image
  worker_environment        = var.worker_environment
  secret_id                 = "${local.secret_name}/versions/latest"
  install_container_runtime = var.install_container_runtime
  drain_seconds             = var.drain_seconds
  health_port               = var.health_port
  health_host               = "0.0.0.0"
  startup_timeout_seconds   = var.startup_timeout_seconds
  # Machines read a changed secret only when they start.
  revision = var.existing_secret_id == null ? "secret-${var.worker_secrets_version}" : ""
}

resource "google_compute_region_instance_template" "this" {
  project        = var.project_id
  region         = var.region
  name_prefix    = "${var.name}-"
  description    = "Edgebatch workers"
  machine_type   = var.machine_type
  can_ip_forward = false
  labels         = var.labels
  tags           = var.network_tags

  guest_accelerator {
    type  = var.gpu_type
    count = var.gpu_count
  }

  # With a GPU no machine can be moved, so the host's maintenance ends it.
  scheduling {
    provisioning_model          = var.spot ? "SPOT" : "STANDARD"
    preemptible                 = var.spot
    automatic_restart           = !var.spot
    on_host_maintenance         = "TERMINATE"
    instance_termination_action = var.spot ? "DELETE" : null
  }

  disk {
    boot         = true
    auto_delete  = true
    source_image = local.source_image
    disk_size_gb = var.disk_size_gb
    disk_type    = var.disk_type
    labels       = var.labels
  }

  network_interface {
    subnetwork = var.subnetwork

    dynamic "access_config" {
      for_each = var.assign_public_ip ? [1] : []

      content {}
    }
  }

  # What it may do is the service account's business, not that of scopes.
  service_account {
    email  = google_service_account.worker.email
    scopes = ["https://www.googleapis.com/auth/cloud-platform"]
  }

  shielded_instance_config {
    enable_secure_boot          = var.enable_secure_boot
    enable_vtpm                 = true
    enable_integrity_monitoring = true
  }

  metadata = {
    user-data                  = module.bootstrap.user_data
    enable-oslogin             = "TRUE"
    block-project-ssh-keys     = "TRUE"
    serial-port-logging-enable = "TRUE"
  }

  lifecycle {
    create_before_destroy = true
  }
}

# On liveness only: a Redis that is away is no reason to replace machines.
resource "google_compute_region_health_check" "live" {
  project             = var.project_id
  region              = var.region
  name                = "${var.name}-live"
  description         = "Edgebatch workers: the pool does not stand still"
  check_interval_sec  = 15
  timeout_sec         = 5
  healthy_threshold   = 1
  unhealthy_threshold = 8

  http_health_check {
    port         = var.health_port
    request_path = "/live"
  }
}

resource "google_compute_firewall" "health_check" {
  count = var.create_health_check_firewall ? 1 : 0

  project     = var.project_id
  name        = "${var.name}-health-check"
  description = "Edgebatch workers: Google's health checkers, and nobody else"
  network     = data.google_compute_subnetwork.this.network
  direction   = "INGRESS"

  source_ranges           = local.health_checkers
  target_service_accounts = [google_service_account.worker.email]

  allow {
    protocol = "tcp"
    ports    = [tostring(var.health_port)]
  }
}

resource "google_compute_region_instance_group_manager" "this" {
  project            = var.project_id
  region             = var.region
  name               = var.name
  base_instance_name = var.name
  description        = "Edgebatch workers"
  wait_for_instances = false

  distribution_policy_zones = [for zone in var.zones : zone]
  # Where there are machines to be had.
  distribution_policy_target_shape = "ANY"

  version {
    instance_template = google_compute_region_instance_template.this.self_link
  }

  update_policy {
    type                         = "PROACTIVE"
    minimal_action               = "REPLACE"
    replacement_method           = "SUBSTITUTE"
    instance_redistribution_type = "NONE"
    max_surge_fixed              = coalesce(var.update_policy.max_surge_fixed, length(var.zones))
    max_unavailable_fixed        = var.update_policy.max_unavailable_fixed
  }

  auto_healing_policies {
    health_check = google_compute_region_health_check.live.id
    # A start that takes as long as it may, and some that failed before: until then the machine itself decides.
    initial_delay_sec = var.startup_timeout_seconds + 900
  }

  instance_lifecycle_policy {
    default_action_on_failure = "REPAIR"
    # A machine that gave itself up comes back with what may have been repaired meanwhile.
    force_update_on_repair = "YES"
  }

  # How many there are is the autoscaler's business: hence no target_size.

  # What a machine needs must be there before it, and as long as it.
  depends_on = [
    google_secret_manager_secret_version.this,
    google_secret_manager_secret_iam_member.worker,
    google_project_iam_member.worker_logs,
    google_artifact_registry_repository_iam_member.worker,
    google_compute_firewall.health_check,
  ]
}

resource "google_compute_region_autoscaler" "this" {
  project     = var.project_id
  region      = var.region
  name        = var.name
  description = "Edgebatch workers: as many as hold ${var.target_backlog_per_instance} of depth each"
  target      = google_compute_region_instance_group_manager.this.id

  autoscaling_policy {
    mode            = "ON"
    min_replicas    = var.min_size
    max_replicas    = var.max_size
    cooldown_period = 300

    # One number for the whole group, of a resource that is no machine: so that it says something while there is none.
    metric {
      name                       = local.metric_type
      filter                     = local.metric_filter
      single_instance_assignment = var.target_backlog_per_instance
    }
  }

  depends_on = [google_monitoring_metric_descriptor.depth]
}

locals {
  metric_type = var.metric_model == null ? var.metric_type : "${var.metric_type}_by_model"
  metric_filter = join(" AND ", concat(
    ["metric.type = \"${local.metric_type}\"", "resource.type = \"global\""],
    var.metric_model == null ? [] : ["metric.labels.model = \"${var.metric_model}\""],
  ))
}
