provider "google" {
  project = var.project_id
  region  = var.region
}

module "redis" {
  source = "../../modules/redis"

  name           = var.name
  primary_region = var.redis_region
  budget         = var.redis_budget
}

module "pool" {
  source = "../../modules/gcp-gpu-pool"

  project_id             = var.project_id
  region                 = var.region
  zones                  = var.zones
  subnetwork             = coalesce(var.subnetwork, "projects/${var.project_id}/regions/${var.region}/subnetworks/default")
  assign_public_ip       = var.assign_public_ip
  name                   = var.name
  worker_image           = var.worker_image
  worker_environment     = var.worker_environment
  worker_secrets         = { REDIS_URL = module.redis.redis_url, WEBHOOK_SECRET = var.webhook_secret == "" ? null : var.webhook_secret }
  worker_secrets_version = var.worker_secrets_version
  min_size               = var.min_size
  max_size               = var.max_size
  labels                 = var.labels
}

# It may write the project's metrics, and nothing else. It stands in the state, as Upstash's password does.
resource "google_service_account_key" "metric_publisher" {
  count              = var.metric_key == "terraform" ? 1 : 0
  service_account_id = "projects/${var.project_id}/serviceAccounts/${module.pool.metric_publisher_email}"
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
      GCP_SERVICE_ACCOUNT_KEY = base64decode(one(google_service_account_key.metric_publisher[*].private_key))
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
  inherited_secrets = var.metric_key == "wrangler" ? ["GCP_SERVICE_ACCOUNT_KEY"] : []
}
