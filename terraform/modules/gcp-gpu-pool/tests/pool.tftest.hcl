mock_provider "google" {
  override_during = plan

  mock_data "google_compute_subnetwork" {
    defaults = { network = "projects/photos-123/global/networks/main" }
  }
  mock_data "google_compute_image" {
    defaults = { self_link = "projects/ubuntu-os-accelerator-images/global/images/ubuntu-accelerator-2404-amd64-with-nvidia-580-v1" }
  }
  mock_resource "google_compute_region_instance_template" {
    defaults = { self_link = "projects/photos-123/regions/europe-west4/instanceTemplates/edgebatch-1" }
  }
  mock_resource "google_compute_region_health_check" {
    defaults = { id = "projects/photos-123/regions/europe-west4/healthChecks/edgebatch-live" }
  }
  mock_resource "google_compute_region_instance_group_manager" {
    defaults = { id = "projects/photos-123/regions/europe-west4/instanceGroupManagers/edgebatch" }
  }
  mock_resource "google_secret_manager_secret" {
    defaults = { id = "projects/photos-123/secrets/edgebatch-pool" }
  }
  mock_resource "google_service_account" {
    defaults = { email = "account@photos-123.iam.gserviceaccount.com" }
  }
}

variables {
  project_id     = "photos-123"
  region         = "europe-west4"
  zones          = ["europe-west4-a", "europe-west4-c"]
  subnetwork     = "projects/photos-123/regions/europe-west4/subnetworks/main"
  worker_image   = "ghcr.io/you/edgebatch-pool:1.2.0"
  worker_secrets = { REDIS_URL = "rediss://default:hunter2@redis.example.com:6379" }
}

run "machines_are_spot_with_an_l4_wherever_there_are_some" {
  command = plan

  assert {
    condition     = google_compute_region_instance_template.this.machine_type == "g2-standard-4" && google_compute_region_instance_template.this.guest_accelerator[0] == { type = "nvidia-l4", count = 1 }
    error_message = "a machine has one L4"
  }

  assert {
    condition     = google_compute_region_instance_template.this.scheduling[0].provisioning_model == "SPOT" && google_compute_region_instance_template.this.scheduling[0].preemptible && !google_compute_region_instance_template.this.scheduling[0].automatic_restart && google_compute_region_instance_template.this.scheduling[0].on_host_maintenance == "TERMINATE" && google_compute_region_instance_template.this.scheduling[0].instance_termination_action == "DELETE"
    error_message = "machines are spot, and gone when they are taken back"
  }

  assert {
    condition     = google_compute_region_instance_group_manager.this.distribution_policy_zones == toset(["europe-west4-a", "europe-west4-c"]) && google_compute_region_instance_group_manager.this.distribution_policy_target_shape == "ANY"
    error_message = "machines come where there are some"
  }

  assert {
    condition     = google_compute_region_instance_template.this.disk[0].source_image == "projects/ubuntu-os-accelerator-images/global/images/ubuntu-accelerator-2404-amd64-with-nvidia-580-v1" && data.google_compute_image.this[0].family == "ubuntu-accelerator-2404-amd64-with-nvidia-580" && data.google_compute_image.this[0].project == "ubuntu-os-accelerator-images"
    error_message = "the image must be the family's latest"
  }
}

run "machines_that_are_not_spot_are_started_again" {
  command = plan

  variables {
    spot = false
  }

  assert {
    condition     = google_compute_region_instance_template.this.scheduling[0].provisioning_model == "STANDARD" && !google_compute_region_instance_template.this.scheduling[0].preemptible && google_compute_region_instance_template.this.scheduling[0].automatic_restart && google_compute_region_instance_template.this.scheduling[0].instance_termination_action == null
    error_message = "machines must not be spot"
  }
}

run "a_t4_goes_with_n1" {
  command = plan

  variables {
    machine_type = "n1-standard-8"
    gpu_type     = "nvidia-tesla-t4"
    gpu_count    = 2
  }

  assert {
    condition     = google_compute_region_instance_template.this.guest_accelerator[0] == { type = "nvidia-tesla-t4", count = 2 }
    error_message = "a machine has the GPUs that were given"
  }
}

run "nobody_reaches_a_machine_but_health_checkers" {
  command = plan

  assert {
    condition     = length(google_compute_region_instance_template.this.network_interface[0].access_config) == 0 && google_compute_region_instance_template.this.network_interface[0].subnetwork == "projects/photos-123/regions/europe-west4/subnetworks/main"
    error_message = "a machine must have no address of its own"
  }

  assert {
    condition     = google_compute_firewall.health_check[0].source_ranges == toset(["35.191.0.0/16", "130.211.0.0/22"]) && google_compute_firewall.health_check[0].direction == "INGRESS" && one(google_compute_firewall.health_check[0].allow).protocol == "tcp" && one(google_compute_firewall.health_check[0].allow).ports == tolist(["9400"])
    error_message = "only Google's health checkers come in, and only to the health port"
  }

  assert {
    condition     = google_compute_firewall.health_check[0].target_service_accounts == toset(["account@photos-123.iam.gserviceaccount.com"]) && google_compute_firewall.health_check[0].network == "projects/photos-123/global/networks/main"
    error_message = "the rule must be for these machines alone"
  }

  assert {
    condition     = google_compute_region_instance_template.this.metadata.block-project-ssh-keys == "TRUE" && google_compute_region_instance_template.this.metadata.enable-oslogin == "TRUE" && google_compute_region_instance_template.this.can_ip_forward == false
    error_message = "nobody may log in with the project's keys"
  }
}

run "a_machine_may_read_one_secret_and_write_logs" {
  command = plan

  assert {
    condition     = google_secret_manager_secret_iam_member.worker.secret_id == "edgebatch-pool" && google_secret_manager_secret_iam_member.worker.project == "photos-123" && google_secret_manager_secret_iam_member.worker.role == "roles/secretmanager.secretAccessor" && google_secret_manager_secret_iam_member.worker.member == "serviceAccount:account@photos-123.iam.gserviceaccount.com"
    error_message = "a machine reads one secret"
  }

  assert {
    condition     = google_project_iam_member.worker_logs.role == "roles/logging.logWriter"
    error_message = "of the project it may write logs, and no more"
  }

  assert {
    condition     = length(google_artifact_registry_repository_iam_member.worker) == 0
    error_message = "an image that anybody may pull takes no right"
  }

  assert {
    condition     = google_compute_region_instance_template.this.service_account[0].email == "account@photos-123.iam.gserviceaccount.com"
    error_message = "machines have an account of their own, not the project's default"
  }

  assert {
    condition     = google_project_iam_member.metric_publisher[0].role == "roles/monitoring.metricWriter"
    error_message = "the edge may publish metrics, and no more"
  }
}

run "an_image_in_artifact_registry_may_be_pulled" {
  command = plan

  variables {
    worker_image = "europe-west1-docker.pkg.dev/images-456/pools/edgebatch@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  }

  assert {
    condition     = google_artifact_registry_repository_iam_member.worker[0].project == "images-456" && google_artifact_registry_repository_iam_member.worker[0].location == "europe-west1" && google_artifact_registry_repository_iam_member.worker[0].repository == "pools" && google_artifact_registry_repository_iam_member.worker[0].role == "roles/artifactregistry.reader"
    error_message = "a machine pulls from one repository"
  }
}

run "a_secret_that_is_there_is_read_and_not_made" {
  command = plan

  variables {
    worker_secrets     = null
    existing_secret_id = "projects/secrets-789/secrets/ours"
  }

  assert {
    condition     = length(google_secret_manager_secret.this) == 0 && length(google_secret_manager_secret_version.this) == 0
    error_message = "there is a secret already"
  }

  assert {
    condition     = google_secret_manager_secret_iam_member.worker.project == "secrets-789" && google_secret_manager_secret_iam_member.worker.secret_id == "ours" && strcontains(module.bootstrap.user_data, "SECRET_ID='projects/secrets-789/secrets/ours/versions/latest'")
    error_message = "machines read the secret that was given"
  }
}

run "a_machine_is_told_what_it_needs" {
  command = plan

  variables {
    worker_environment = { LOG_LEVEL = "debug" }
    health_port        = 9500
  }

  assert {
    condition = alltrue([
      for line in [
        "IMAGE='ghcr.io/you/edgebatch-pool:1.2.0'", "SECRET_ID='projects/photos-123/secrets/edgebatch-pool/versions/latest'",
        "LOG_LEVEL=debug\n", "DRAIN_SECONDS=20\n", "PREEMPTION_NOTICE=gcp\n", "HEALTH_HOST=0.0.0.0\n", "HEALTH_PORT=9500\n",
        "/usr/local/lib/edgebatch/install-container-runtime", "REVISION='secret-1'",
      ] : strcontains(google_compute_region_instance_template.this.metadata.user-data, line)
    ])
    error_message = "user data must hold image, secret and settings"
  }

  assert {
    condition     = module.bootstrap.stop_seconds < 30
    error_message = "Google ends a machine 30 seconds after its notice"
  }
}

run "only_a_pool_that_stands_still_is_replaced" {
  command = plan

  assert {
    condition     = google_compute_region_health_check.live.http_health_check[0].request_path == "/live" && google_compute_region_health_check.live.http_health_check[0].port == 9400
    error_message = "a Redis that is away must not have machines replaced"
  }

  assert {
    condition     = google_compute_region_instance_group_manager.this.auto_healing_policies[0].health_check == "projects/photos-123/regions/europe-west4/healthChecks/edgebatch-live" && google_compute_region_instance_group_manager.this.auto_healing_policies[0].initial_delay_sec == 1800
    error_message = "a machine that starts must be given its time"
  }

  assert {
    condition     = google_compute_region_instance_group_manager.this.instance_lifecycle_policy[0].default_action_on_failure == "REPAIR" && google_compute_region_instance_group_manager.this.instance_lifecycle_policy[0].force_update_on_repair == "YES"
    error_message = "a machine that gave itself up must come back, with the newest template"
  }
}

run "a_change_replaces_machines_with_none_missing" {
  command = plan

  assert {
    condition     = google_compute_region_instance_group_manager.this.update_policy[0].type == "PROACTIVE" && google_compute_region_instance_group_manager.this.update_policy[0].minimal_action == "REPLACE" && google_compute_region_instance_group_manager.this.update_policy[0].max_surge_fixed == 2 && google_compute_region_instance_group_manager.this.update_policy[0].max_unavailable_fixed == 0 && google_compute_region_instance_group_manager.this.update_policy[0].instance_redistribution_type == "NONE"
    error_message = "new machines come before old ones go"
  }

  assert {
    condition     = one(google_compute_region_instance_group_manager.this.version).instance_template == "projects/photos-123/regions/europe-west4/instanceTemplates/edgebatch-1"
    error_message = "the group must take the template"
  }
}

run "one_autoscaler_goes_to_none_and_back" {
  command = plan

  assert {
    condition     = google_compute_region_autoscaler.this.target == "projects/photos-123/regions/europe-west4/instanceGroupManagers/edgebatch" && google_compute_region_autoscaler.this.autoscaling_policy[0].min_replicas == 0 && google_compute_region_autoscaler.this.autoscaling_policy[0].max_replicas == 4 && google_compute_region_autoscaler.this.autoscaling_policy[0].mode == "ON"
    error_message = "from none to four machines"
  }

  assert {
    condition     = one(google_compute_region_autoscaler.this.autoscaling_policy[0].metric).name == "custom.googleapis.com/edgebatch/queue_depth" && one(google_compute_region_autoscaler.this.autoscaling_policy[0].metric).filter == "metric.type = \"custom.googleapis.com/edgebatch/queue_depth\" AND resource.type = \"global\"" && one(google_compute_region_autoscaler.this.autoscaling_policy[0].metric).single_instance_assignment == 80
    error_message = "the metric must be the group's and not that of machines, or none could be woken"
  }

  assert {
    condition     = length(google_compute_region_autoscaler.this.autoscaling_policy[0].cpu_utilization) == 0
    error_message = "how busy the CPU is says nothing"
  }

  assert {
    condition     = { for type, descriptor in google_monitoring_metric_descriptor.depth : type => "${descriptor.metric_kind} ${descriptor.value_type}" } == { "custom.googleapis.com/edgebatch/queue_depth" = "GAUGE INT64" }
    error_message = "the metric must be what the edge publishes"
  }
}

run "a_pool_may_follow_one_model" {
  command = plan

  variables {
    metric_model                = "resnet50"
    metric_type                 = "custom.googleapis.com/photos/depth"
    target_backlog_per_instance = 60
  }

  assert {
    condition     = one(google_compute_region_autoscaler.this.autoscaling_policy[0].metric).name == "custom.googleapis.com/photos/depth_by_model" && one(google_compute_region_autoscaler.this.autoscaling_policy[0].metric).filter == "metric.type = \"custom.googleapis.com/photos/depth_by_model\" AND resource.type = \"global\" AND metric.labels.model = \"resnet50\"" && one(google_compute_region_autoscaler.this.autoscaling_policy[0].metric).single_instance_assignment == 60
    error_message = "the depth must be the model's"
  }

  assert {
    condition     = { for type, descriptor in google_monitoring_metric_descriptor.depth : type => join(",", descriptor.labels[*].key) } == { "custom.googleapis.com/photos/depth" = "", "custom.googleapis.com/photos/depth_by_model" = "model" }
    error_message = "both metrics must be described, the model's with its label"
  }

  assert {
    condition     = output.edge_variables == { GCP_PROJECT_ID = "photos-123", GCP_METRIC_TYPE = "custom.googleapis.com/photos/depth", METRIC_BY_MODEL = "true" }
    error_message = "the edge must be told what to publish"
  }
}

run "no_publisher_and_no_firewall_rule_where_they_are_there_already" {
  command = plan

  variables {
    create_metric_publisher      = false
    create_health_check_firewall = false
    assign_public_ip             = true
    network_tags                 = ["gpu"]
    labels                       = { team = "vision" }
  }

  assert {
    condition     = length(google_service_account.metric_publisher) == 0 && length(google_monitoring_metric_descriptor.depth) == 0 && length(google_compute_firewall.health_check) == 0 && output.metric_publisher_email == null
    error_message = "there are some already"
  }

  assert {
    condition     = length(google_compute_region_instance_template.this.network_interface[0].access_config) == 1 && google_compute_region_instance_template.this.tags == toset(["gpu"]) && google_compute_region_instance_template.this.labels == tomap({ team = "vision" }) && google_compute_region_instance_template.this.disk[0].labels == tomap({ team = "vision" })
    error_message = "address, tags and labels must be those that were given"
  }
}
