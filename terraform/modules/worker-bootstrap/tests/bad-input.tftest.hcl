variables {
  cloud        = "aws"
  worker_image = "ghcr.io/you/edgebatch-pool:1.2.0"
  secret_id    = "pool"
}

run "another_cloud" {
  command = plan

  variables {
    cloud = "azure"
  }

  expect_failures = [var.cloud]
}

run "an_image_with_a_space" {
  command = plan

  variables {
    worker_image = "pool image"
  }

  expect_failures = [var.worker_image]
}

run "a_setting_in_small_letters" {
  command = plan

  variables {
    worker_environment = { log_level = "debug" }
  }

  expect_failures = [var.worker_environment]
}

run "a_setting_of_two_lines" {
  command = plan

  variables {
    worker_environment = { MODELS = "resnet50\nvit" }
  }

  expect_failures = [var.worker_environment]
}

run "a_setting_of_two_lines_to_yaml" {
  command = plan

  variables {
    worker_environment = { MODELS = "resnet50\u2028vit" }
  }

  expect_failures = [var.worker_environment]
}

run "a_setting_that_rings" {
  command = plan

  variables {
    worker_environment = { MODELS = "resnet50\u0007" }
  }

  expect_failures = [var.worker_environment]
}

run "a_secret_among_the_settings" {
  command = plan

  variables {
    worker_environment = { REDIS_URL = "rediss://default:password@redis.example.com:6379" }
  }

  expect_failures = [var.worker_environment]
}

run "a_setting_that_follows_from_a_variable" {
  command = plan

  variables {
    worker_environment = { DRAIN_SECONDS = "300" }
  }

  expect_failures = [var.worker_environment]
}

run "a_secret_by_something_else_than_its_name" {
  command = plan

  variables {
    secret_id = "{\"REDIS_URL\":\"\"}"
  }

  expect_failures = [var.secret_id]
}

run "no_time_to_drain" {
  command = plan

  variables {
    drain_seconds = 0
  }

  expect_failures = [var.drain_seconds]
}

run "a_port_of_root" {
  command = plan

  variables {
    health_port = 80
  }

  expect_failures = [var.health_port]
}

run "no_time_to_start" {
  command = plan

  variables {
    startup_timeout_seconds = 10
  }

  expect_failures = [var.startup_timeout_seconds]
}

run "starts_without_end" {
  command = plan

  variables {
    max_start_attempts = 100
  }

  expect_failures = [var.max_start_attempts]
}

run "a_revision_with_a_quote" {
  command = plan

  variables {
    revision = "it's"
  }

  expect_failures = [var.revision]
}
