mock_provider "aws" {
  mock_data "aws_region" {
    defaults = { region = "eu-west-1" }
  }
  mock_data "aws_ssm_parameter" {
    defaults = { insecure_value = "ami-0fedcba9876543210" }
  }
}

variables {
  worker_image        = "ghcr.io/you/edgebatch-pool:1.2.0"
  worker_secrets      = { REDIS_URL = "rediss://default:hunter2@redis.example.com:6379" }
  vpc_zone_identifier = ["subnet-0123456789abcdef0"]
}

run "a_name_with_an_underscore" {
  command = plan

  variables {
    name = "gpu_pool"
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
    worker_environment = { REDIS_URL = "rediss://default:hunter2@redis.example.com:6379" }
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

run "all_secrets_of_the_account" {
  command = plan

  variables {
    worker_secrets      = null
    existing_secret_arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:*"
  }

  expect_failures = [var.existing_secret_arn]
}

run "a_secret_of_another_region" {
  command = plan

  variables {
    worker_secrets      = null
    existing_secret_arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:ours-XyZ012"
  }

  expect_failures = [aws_launch_template.this]
}

run "a_key_by_its_alias" {
  command = plan

  variables {
    secret_kms_key_arn = "alias/ours"
  }

  expect_failures = [var.secret_kms_key_arn]
}

run "no_subnets" {
  command = plan

  variables {
    vpc_zone_identifier = []
  }

  # Which subnet's VPC it is cannot be told, either.
  expect_failures = [var.vpc_zone_identifier]
}

run "zones_for_subnets" {
  command = plan

  variables {
    vpc_zone_identifier = ["eu-west-1a"]
  }

  expect_failures = [var.vpc_zone_identifier]
}

run "no_types" {
  command = plan

  variables {
    instance_types = []
  }

  expect_failures = [var.instance_types]
}

run "a_type_without_an_nvidia_gpu" {
  command = plan

  variables {
    instance_types = ["g6.xlarge", "g4ad.xlarge"]
  }

  expect_failures = [var.instance_types]
}

run "an_image_by_its_name" {
  command = plan

  variables {
    ami_id = "ubuntu"
  }

  expect_failures = [var.ami_id]
}

run "a_disk_that_is_too_small" {
  command = plan

  variables {
    root_volume_size = 8
  }

  expect_failures = [var.root_volume_size]
}

run "a_base_below_nothing" {
  command = plan

  variables {
    on_demand_base_capacity = -1
  }

  expect_failures = [var.on_demand_base_capacity]
}

run "more_than_all_on_demand" {
  command = plan

  variables {
    on_demand_percentage_above_base_capacity = 101
  }

  expect_failures = [var.on_demand_percentage_above_base_capacity]
}

run "a_strategy_that_there_is_not" {
  command = plan

  variables {
    spot_allocation_strategy = "cheapest"
  }

  expect_failures = [var.spot_allocation_strategy]
}

run "machines_for_an_hour" {
  command = plan

  variables {
    max_instance_lifetime = 3600
  }

  expect_failures = [var.max_instance_lifetime]
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

run "a_warmup_of_a_day" {
  command = plan

  variables {
    default_instance_warmup = 86400
  }

  expect_failures = [var.default_instance_warmup]
}

run "a_namespace_of_aws" {
  command = plan

  variables {
    metric_namespace = "AWS/Edgebatch"
  }

  expect_failures = [var.metric_namespace]
}

run "draining_for_longer_than_spot_waits" {
  command = plan

  variables {
    drain_seconds = 300
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

run "a_refresh_that_can_replace_nothing" {
  command = plan

  variables {
    instance_refresh = { min_healthy_percentage = 100, max_healthy_percentage = 100 }
  }

  expect_failures = [var.instance_refresh]
}

run "a_log_for_two_days" {
  command = plan

  variables {
    log_retention_in_days = 2
  }

  expect_failures = [var.log_retention_in_days]
}

run "settings_that_do_not_fit" {
  command = plan

  variables {
    worker_secrets      = null
    existing_secret_arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:ours-XyZ012"
    worker_environment  = { MODELS = join(",", [for i in range(300) : sha512("model ${i}")]) }
  }

  expect_failures = [aws_autoscaling_group.this]
}
