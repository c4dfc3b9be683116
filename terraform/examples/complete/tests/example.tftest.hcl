mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws", dns_suffix = "amazonaws.com" }
  }
  mock_data "aws_region" {
    defaults = { region = "eu-central-1" }
  }
  mock_data "aws_ssm_parameter" {
    defaults = { insecure_value = "ami-0fedcba9876543210" }
  }
  mock_resource "aws_secretsmanager_secret" {
    defaults = { arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:edgebatch-pool-AbCdEf" }
  }
}

mock_provider "google" {
  mock_resource "google_service_account" {
    defaults = { email = "account@photos-123.iam.gserviceaccount.com" }
  }
}

mock_provider "cloudflare" {}

variables {
  cloudflare_account_id = "0123456789abcdef0123456789abcdef"
  custom_domain         = { hostname = "photos.example.com", zone_id = "fedcba9876543210fedcba9876543210" }
  bundle_dir            = "../../modules/edge/tests/bundle"
  redis_url             = "rediss://edgebatch-pool:hunter2@redis.example.com:6379"
  webhook_secret        = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
  secrets_are_set       = true
  tags                  = { team = "photos" }

  aws = {
    model               = "resnet50"
    worker_image        = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/edgebatch-pool@sha256:0123456789abcdef"
    region              = "eu-central-1"
    vpc_zone_identifier = ["subnet-0123456789abcdef0"]
    kms_key_arn         = "arn:aws:kms:eu-central-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef"
    min_size            = 1
  }
  gcp = {
    model        = "vit"
    worker_image = "europe-west4-docker.pkg.dev/photos-123/pools/edgebatch-pool@sha256:0123456789abcdef"
    project_id   = "photos-123"
    region       = "europe-west4"
    zones        = ["europe-west4-a", "europe-west4-b", "europe-west4-c"]
    subnetwork   = "projects/photos-123/regions/europe-west4/subnetworks/main"
  }
}

run "the_first_apply_has_placeholders_for_secrets" {
  command = plan

  variables {
    secrets_are_set = false
  }

  assert {
    condition     = local.edge_variables == { JOB_DEADLINE_SECONDS = "900" } && length(module.edge.crons) == 0
    error_message = "nothing can be published with placeholders"
  }

  assert {
    condition     = output.edge_secrets == tolist(["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "GCP_SERVICE_ACCOUNT_KEY", "UPSTASH_REDIS_REST_TOKEN", "UPSTASH_REDIS_REST_URL"])
    error_message = "what is to be set must be told"
  }
}

run "each_pool_follows_the_depth_of_its_model" {
  command = apply

  assert {
    condition = local.edge_variables == {
      JOB_DEADLINE_SECONDS = "900"
      METRIC_BY_MODEL      = "true"
      AWS_REGION           = "eu-central-1"
      METRIC_NAMESPACE     = "Edgebatch"
      GCP_PROJECT_ID       = "photos-123"
      GCP_METRIC_TYPE      = "custom.googleapis.com/edgebatch/queue_depth"
    }
    error_message = "the edge must tell both clouds of each model"
  }

  assert {
    condition = output.queue_metrics == {
      aws = { namespace = "Edgebatch", metric_name = "QueueDepth", dimensions = { Model = "resnet50" } }
      gcp = { type = "custom.googleapis.com/edgebatch/queue_depth_by_model", resource = "global", labels = { model = "vit" } }
    }
    error_message = "metrics must be told by the names that machines are scaled by"
  }

  assert {
    condition     = output.groups == { aws = "edgebatch", gcp = "edgebatch" } && output.api_url == "https://photos.example.com" && module.edge.crons == tolist(["* * * * *"])
    error_message = "names and address must be those that were given"
  }
}

run "both_groups_would_start_machines_for_one_model" {
  command = plan

  variables {
    gcp = {
      model        = "resnet50"
      worker_image = "europe-west4-docker.pkg.dev/photos-123/pools/edgebatch-pool@sha256:0123456789abcdef"
      project_id   = "photos-123"
      region       = "europe-west4"
      zones        = ["europe-west4-a"]
      subnetwork   = "projects/photos-123/regions/europe-west4/subnetworks/main"
    }
  }

  expect_failures = [var.gcp]
}
