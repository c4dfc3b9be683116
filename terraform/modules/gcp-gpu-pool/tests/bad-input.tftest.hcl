mock_provider "google" {}

variables {
  project_id     = "photos-123"
  region         = "europe-west4"
  zones          = ["europe-west4-a"]
  subnetwork     = "projects/photos-123/regions/europe-west4/subnetworks/main"
  worker_image   = "ghcr.io/you/edgebatch-pool:1.2.0"
  worker_secrets = { REDIS_URL = "rediss://default:hunter2@redis.example.com:6379" }
}

run "a_project_by_its_number" {
  command = plan

  variables {
    project_id = "123456789012"
  }

  expect_failures = [var.project_id]
}

run "a_name_with_capitals" {
  command = plan

  variables {
    name = "GpuPool"
  }

  expect_failures = [var.name]
}

run "an_image_with_a_space" {
  command = plan

  variables {
    worker_image = "pool image"
  }

  expect_failures = [var.worker_image]
}

run "a_secret_among_the_settings" {
  command = plan

  variables {
    worker_environment = { WEBHOOK_SECRET = "whsec_hunter2" }
  }

  expect_failures = [var.worker_environment]
}

run "the_rest_url_for_redis" {
  command = plan

  variables {
    worker_secrets = { REDIS_URL = "https://eager-fox-12345.upstash.io" }
  }

  expect_failures = [var.worker_secrets]
}

run "a_webhook_secret_that_is_none" {
  command = plan

  variables {
    worker_secrets = { REDIS_URL = "rediss://default:hunter2@redis.example.com:6379", WEBHOOK_SECRET = "hunter2" }
  }

  expect_failures = [var.worker_secrets]
}

run "no_secret_at_all" {
  command = plan

  variables {
    worker_secrets = null
  }

  expect_failures = [var.worker_secrets]
}

run "a_version_of_nothing" {
  command = plan

  variables {
    worker_secrets_version = 0
  }

  expect_failures = [var.worker_secrets_version]
}

run "a_secret_by_its_short_name" {
  command = plan

  variables {
    worker_secrets     = null
    existing_secret_id = "pool"
  }

  expect_failures = [var.existing_secret_id]
}

run "a_zone_for_a_region" {
  command = plan

  variables {
    region = "europe-west4-a"
  }

  expect_failures = [var.region]
}

run "no_zones" {
  command = plan

  variables {
    zones = []
  }

  expect_failures = [var.zones]
}

run "a_zone_of_another_region" {
  command = plan

  variables {
    zones = ["europe-west4-a", "us-central1-a"]
  }

  expect_failures = [var.zones]
}

run "no_subnetwork" {
  command = plan

  variables {
    subnetwork = ""
  }

  expect_failures = [var.subnetwork]
}

run "a_subnetwork_of_another_region" {
  command = plan

  variables {
    subnetwork = "projects/photos-123/regions/us-central1/subnetworks/main"
  }

  expect_failures = [var.subnetwork]
}

run "a_machine_without_a_gpu" {
  command = plan

  variables {
    machine_type = "e2-standard-4"
  }

  expect_failures = [var.machine_type]
}

run "a_gpu_that_is_too_old" {
  command = plan

  variables {
    gpu_type = "nvidia-tesla-v100"
  }

  expect_failures = [var.gpu_type]
}

run "a_t4_on_g2" {
  command = plan

  variables {
    machine_type = "g2-standard-4"
    gpu_type     = "nvidia-tesla-t4"
  }

  expect_failures = [var.gpu_type]
}

run "three_gpus" {
  command = plan

  variables {
    machine_type = "n1-standard-8"
    gpu_type     = "nvidia-tesla-t4"
    gpu_count    = 3
  }

  expect_failures = [var.gpu_count]
}

run "two_gpus_where_there_is_one" {
  command = plan

  variables {
    gpu_count = 2
  }

  expect_failures = [var.gpu_count]
}

run "one_gpu_where_there_are_two" {
  command = plan

  variables {
    machine_type = "a2-highgpu-2g"
    gpu_type     = "nvidia-tesla-a100"
  }

  expect_failures = [var.gpu_count]
}

run "more_gpus_than_a_machine_takes" {
  command = plan

  variables {
    machine_type = "n1-standard-32"
    gpu_type     = "nvidia-tesla-t4"
    gpu_count    = 8
  }

  expect_failures = [var.gpu_count]
}

run "a_disk_that_is_too_small" {
  command = plan

  variables {
    disk_size_gb = 10
  }

  expect_failures = [var.disk_size_gb]
}

run "a_disk_that_is_too_slow" {
  command = plan

  variables {
    disk_type = "pd-standard"
  }

  expect_failures = [var.disk_type]
}

run "fewer_than_none" {
  command = plan

  variables {
    min_size = -1
  }

  expect_failures = [var.min_size]
}

run "more_at_least_than_at_most" {
  command = plan

  variables {
    min_size = 5
    max_size = 2
  }

  expect_failures = [var.min_size]
}

run "none_at_most" {
  command = plan

  variables {
    max_size = 0
  }

  expect_failures = [var.max_size]
}

run "a_target_of_nothing" {
  command = plan

  variables {
    target_backlog_per_instance = 0
  }

  expect_failures = [var.target_backlog_per_instance]
}

run "a_metric_of_googles" {
  command = plan

  variables {
    metric_type = "compute.googleapis.com/instance/cpu/utilization"
  }

  expect_failures = [var.metric_type]
}

run "a_model_with_a_quote" {
  command = plan

  variables {
    metric_model = "it's"
  }

  expect_failures = [var.metric_model]
}

run "draining_for_longer_than_google_waits" {
  command = plan

  variables {
    drain_seconds = 25
  }

  expect_failures = [var.drain_seconds]
}

run "no_time_to_start" {
  command = plan

  variables {
    startup_timeout_seconds = 10
  }

  expect_failures = [var.startup_timeout_seconds]
}

run "a_port_of_root" {
  command = plan

  variables {
    health_port = 80
  }

  expect_failures = [var.health_port]
}

run "a_surge_of_fewer_than_the_zones" {
  command = plan

  variables {
    zones         = ["europe-west4-a", "europe-west4-c"]
    update_policy = { max_surge_fixed = 1 }
  }

  expect_failures = [var.update_policy]
}

run "an_update_that_can_replace_nothing" {
  command = plan

  variables {
    update_policy = { max_surge_fixed = 0 }
  }

  expect_failures = [var.update_policy]
}
