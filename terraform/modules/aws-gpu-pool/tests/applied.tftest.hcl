# What shows only once it is applied.
mock_provider "aws" {
  mock_data "aws_region" {
    defaults = { region = "eu-west-1" }
  }
  mock_data "aws_ssm_parameter" {
    defaults = { insecure_value = "ami-0fedcba9876543210" }
  }
  mock_resource "aws_secretsmanager_secret" {
    defaults = { arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:edgebatch-pool-AbCdEf" }
  }
}

variables {
  worker_image        = "ghcr.io/you/edgebatch-pool:1.2.0"
  worker_secrets      = { REDIS_URL = "rediss://default:hunter2@redis.example.com:6379" }
  vpc_zone_identifier = ["subnet-0123456789abcdef0"]
}

run "secrets_are_in_no_state" {
  command = apply

  variables {
    worker_secrets_version = 3
  }

  assert {
    condition     = aws_secretsmanager_secret_version.this[0].secret_string_wo == null && aws_secretsmanager_secret_version.this[0].secret_string == null && aws_secretsmanager_secret_version.this[0].secret_string_wo_version == 3
    error_message = "the secret must be written, and not kept"
  }

  assert {
    condition     = !strcontains(module.bootstrap.user_data, "hunter2") && strcontains(module.bootstrap.user_data, "REVISION='secret-3'")
    error_message = "machines know of another secret by its version"
  }
}
