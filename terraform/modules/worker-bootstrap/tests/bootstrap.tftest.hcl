variables {
  cloud        = "aws"
  worker_image = "ghcr.io/you/edgebatch-pool:1.2.0"
  secret_id    = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:pool-AbCdEf"
  region       = "eu-west-1"
}

run "a_machine_knows_its_image_and_its_secret_and_holds_none" {
  command = plan

  assert {
    condition     = startswith(output.user_data, "#cloud-config\n")
    error_message = "cloud-init takes it for what its first line says"
  }

  assert {
    condition     = strcontains(output.user_data, "IMAGE='ghcr.io/you/edgebatch-pool:1.2.0'") && strcontains(output.user_data, "SECRET_ID='arn:aws:secretsmanager:eu-west-1:123456789012:secret:pool-AbCdEf'")
    error_message = "image and secret must be those that were given"
  }

  assert {
    condition     = strcontains(output.user_data, "EXECUTION_PROVIDERS=cuda,cpu\n") && strcontains(output.user_data, "PREEMPTION_NOTICE=ec2\n")
    error_message = "a pool runs on the GPU, and watches for the end of its machine"
  }

  assert {
    condition     = !strcontains(output.user_data, "install-container-runtime")
    error_message = "a machine image that has Docker must not wait for packages"
  }
}

run "a_pool_is_told_what_it_may_take_to_drain" {
  command = plan

  variables {
    drain_seconds = 17
  }

  assert {
    condition     = strcontains(output.user_data, "DRAIN_SECONDS=17\n") && strcontains(output.user_data, "STOP_SECONDS='22'") && output.stop_seconds == 25
    error_message = "pool, docker and systemd must be patient one after the other"
  }
}

run "settings_of_the_pool_are_passed_on" {
  command = plan

  variables {
    cloud              = "gcp"
    worker_environment = { LOG_LEVEL = "debug", EXECUTION_PROVIDERS = "tensorrt,cuda,cpu" }
    health_host        = "0.0.0.0"
    health_port        = 9500
  }

  assert {
    condition     = strcontains(output.user_data, "LOG_LEVEL=debug\n") && strcontains(output.user_data, "EXECUTION_PROVIDERS=tensorrt,cuda,cpu\n")
    error_message = "worker_environment must go before what the module would choose"
  }

  assert {
    condition     = strcontains(output.user_data, "HEALTH_HOST=0.0.0.0\n") && strcontains(output.user_data, "HEALTH_PORT=9500\n") && strcontains(output.user_data, "PREEMPTION_NOTICE=gcp\n")
    error_message = "where it answers /live must be what was given"
  }
}

run "a_pool_tells_its_group_that_it_has_drained" {
  command = plan

  variables {
    group_name          = "pool"
    terminate_hook_name = "pool-drain"
  }

  assert {
    condition     = strcontains(output.user_data, "LIFECYCLE_HOOK_NAME=pool-drain\n") && strcontains(output.user_data, "AUTOSCALING_GROUP_NAME=pool\n")
    error_message = "group and hook must be those that were given"
  }
}

run "a_pool_in_another_partition_finds_its_group" {
  command = plan

  variables {
    region              = "cn-north-1"
    dns_suffix          = "amazonaws.com.cn"
    group_name          = "pool"
    terminate_hook_name = "pool-drain"
  }

  assert {
    condition     = strcontains(output.user_data, "AUTOSCALING_ENDPOINT=https://autoscaling.cn-north-1.amazonaws.com.cn\n")
    error_message = "the group must be told at its partition's own domain"
  }
}

run "another_revision_makes_another_machine" {
  command = plan

  variables {
    revision = "secret-2"
  }

  assert {
    condition     = strcontains(output.user_data, "REVISION='secret-2'")
    error_message = "the user data must change with the revision"
  }
}

run "a_quote_in_a_setting_stays_in_it" {
  command = plan

  variables {
    log_group = "it's/ours"
  }

  assert {
    condition     = strcontains(output.user_data, "LOG_GROUP='it'\\''s/ours'")
    error_message = "the shell must read it as it was given"
  }
}
