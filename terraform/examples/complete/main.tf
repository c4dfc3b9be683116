provider "aws" {
  region = var.aws.region
}

provider "google" {
  project = var.gcp.project_id
  region  = var.gcp.region
}

locals {
  # Redis is there already: its URL is ephemeral here, and what the edge needs of it goes to the Worker by wrangler.
  worker_secrets = { REDIS_URL = var.redis_url, WEBHOOK_SECRET = var.webhook_secret == "" ? null : var.webhook_secret }

  # All that the edge keeps secret, and what stands in its place until wrangler has put it there.
  edge_secret_placeholders = {
    UPSTASH_REDIS_REST_URL   = "https://not-yet.invalid"
    UPSTASH_REDIS_REST_TOKEN = "not yet"
    AWS_ACCESS_KEY_ID        = "not yet"
    AWS_SECRET_ACCESS_KEY    = "not yet"
    GCP_SERVICE_ACCOUNT_KEY  = "not yet"
  }
}

# Each pool serves one model, and is scaled by that model's depth: two groups that followed one depth would both start machines for it.
module "aws_pool" {
  source = "../../modules/aws-gpu-pool"

  name                   = var.aws.name
  worker_image           = var.aws.worker_image
  worker_environment     = merge(var.worker_environment, { MODELS = var.aws.model })
  worker_secrets         = local.worker_secrets
  worker_secrets_version = var.worker_secrets_version
  secret_kms_key_arn     = var.aws.kms_key_arn

  vpc_zone_identifier                      = var.aws.vpc_zone_identifier
  security_groups                          = var.aws.security_groups
  instance_types                           = var.aws.instance_types
  on_demand_base_capacity                  = var.aws.on_demand_base_capacity
  on_demand_percentage_above_base_capacity = var.aws.on_demand_percentage_above_base_capacity
  ami_id                                   = var.aws.ami_id

  min_size                    = var.aws.min_size
  max_size                    = var.aws.max_size
  target_backlog_per_instance = var.target_backlog_per_instance
  metric_namespace            = var.metric_namespace
  metric_model                = var.aws.model
  tags                        = var.tags
}

module "gcp_pool" {
  source = "../../modules/gcp-gpu-pool"

  project_id             = var.gcp.project_id
  name                   = var.gcp.name
  worker_image           = var.gcp.worker_image
  worker_environment     = merge(var.worker_environment, { MODELS = var.gcp.model })
  worker_secrets         = local.worker_secrets
  worker_secrets_version = var.worker_secrets_version

  region       = var.gcp.region
  zones        = var.gcp.zones
  subnetwork   = var.gcp.subnetwork
  machine_type = var.gcp.machine_type
  gpu_type     = var.gcp.gpu_type
  spot         = var.gcp.spot
  source_image = var.gcp.source_image

  min_size                    = var.gcp.min_size
  max_size                    = var.gcp.max_size
  target_backlog_per_instance = var.target_backlog_per_instance
  metric_model                = var.gcp.model
  labels                      = var.tags
}

locals {
  edge_variables = merge(
    # Who finds no machine waits for one to start: longer than the edge's own five minutes.
    { JOB_DEADLINE_SECONDS = "900" },
    var.secrets_are_set ? merge(module.aws_pool.edge_variables, module.gcp_pool.edge_variables) : {},
    var.edge_variables,
  )
}

module "edge" {
  source = "../../modules/edge"

  account_id    = var.cloudflare_account_id
  name          = var.name
  bundle_dir    = var.bundle_dir
  custom_domain = var.custom_domain
  variables     = local.edge_variables

  secrets           = var.secrets_are_set ? {} : local.edge_secret_placeholders
  inherited_secrets = var.secrets_are_set ? keys(local.edge_secret_placeholders) : []
  # With placeholders each run would fail.
  crons = var.secrets_are_set ? null : []
}
