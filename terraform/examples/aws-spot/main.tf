provider "aws" {
  region = var.region
}

module "redis" {
  source = "../../modules/redis"

  name           = var.name
  primary_region = coalesce(var.redis_region, var.region)
  budget         = var.redis_budget
}

# Of the default VPC: they give machines a public address, and so a way out.
data "aws_subnets" "default" {
  count = var.vpc_zone_identifier == null ? 1 : 0

  filter {
    name   = "default-for-az"
    values = ["true"]
  }

  lifecycle {
    postcondition {
      condition     = length(self.ids) > 0
      error_message = "There is no default VPC in this region: name the machines' subnets in vpc_zone_identifier."
    }
  }
}

module "pool" {
  source = "../../modules/aws-gpu-pool"

  name                   = var.name
  worker_image           = var.worker_image
  worker_environment     = var.worker_environment
  worker_secrets         = { REDIS_URL = module.redis.redis_url, WEBHOOK_SECRET = var.webhook_secret == "" ? null : var.webhook_secret }
  worker_secrets_version = var.worker_secrets_version
  vpc_zone_identifier    = var.vpc_zone_identifier == null ? one(data.aws_subnets.default[*].ids) : var.vpc_zone_identifier
  instance_types         = var.instance_types
  min_size               = var.min_size
  max_size               = var.max_size
  tags                   = var.tags
}

# It may publish one namespace's metrics, and nothing else. It stands in the state, as Upstash's password does.
resource "aws_iam_access_key" "metric_publisher" {
  count = var.metric_key == "terraform" ? 1 : 0
  user  = module.pool.metric_publisher_user_name
}

locals {
  edge_variables = merge(
    # Who finds no machine waits for one to start: longer than the edge's own five minutes.
    { JOB_DEADLINE_SECONDS = "900" },
    var.metric_key == "none" ? {} : module.pool.edge_variables,
    var.edge_variables,
  )

  edge_secrets = merge(
    {
      UPSTASH_REDIS_REST_URL   = module.redis.rest_url
      UPSTASH_REDIS_REST_TOKEN = module.redis.rest_token
    },
    var.metric_key != "terraform" ? {} : {
      AWS_ACCESS_KEY_ID     = one(aws_iam_access_key.metric_publisher[*].id)
      AWS_SECRET_ACCESS_KEY = one(aws_iam_access_key.metric_publisher[*].secret)
    },
  )
}

module "edge" {
  source = "../../modules/edge"

  account_id        = var.cloudflare_account_id
  name              = var.name
  bundle_dir        = var.bundle_dir
  custom_domain     = var.custom_domain
  variables         = local.edge_variables
  secrets           = local.edge_secrets
  inherited_secrets = var.metric_key == "wrangler" ? ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] : []
}
