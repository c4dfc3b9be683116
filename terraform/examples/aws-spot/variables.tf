variable "name" {
  description = "The name of Worker, database and machines. Another name makes all of them anew."
  type        = string
  default     = "edgebatch"
  nullable    = false
}

variable "tags" {
  description = "Tags of everything on AWS that can have some."
  type        = map(string)
  default     = {}
  nullable    = false
}

# The edge

variable "cloudflare_account_id" {
  description = "The Cloudflare account's id."
  type        = string
  nullable    = false
}

variable "custom_domain" {
  description = "A host name in a zone of the account; null: the API is at workers.dev."
  type        = object({ hostname = string, zone_id = string })
  default     = null
}

variable "workers_dev_subdomain" {
  description = "The account's subdomain of workers.dev, to tell where the API is: `you` of you.workers.dev."
  type        = string
  default     = null

  validation {
    condition     = var.workers_dev_subdomain != null || var.custom_domain != null
    error_message = "Give custom_domain, or workers_dev_subdomain (Cloudflare's dashboard shows it under Workers & Pages): otherwise nobody can tell where the API is."
  }
}

variable "bundle_dir" {
  description = "What `npm run bundle` has made."
  type        = string
  default     = "../../../.edgebatch/edge-bundle"
  nullable    = false
}

variable "edge_variables" {
  description = "Settings of the edge (edge/env.ts), over and above those here and in wrangler.toml."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "metric_key" {
  description = "Where the key comes from that the edge publishes its depth with. `terraform`: made here, and in the state. `wrangler`: made by hand and given to the Worker (README.md). `none`: not yet; nothing is published, and no machine starts but those of min_size."
  type        = string
  default     = "terraform"
  nullable    = false

  validation {
    condition     = contains(["terraform", "wrangler", "none"], var.metric_key)
    error_message = "metric_key must be terraform, wrangler or none."
  }
}

# Redis

variable "redis_region" {
  description = "Upstash's region for writes; null: that of the machines."
  type        = string
  default     = null
}

variable "redis_budget" {
  description = "US dollars a month at which Upstash throttles the database."
  type        = number
  default     = 20
  nullable    = false
}

# Machines

variable "region" {
  description = "The region of the machines."
  type        = string
  default     = "us-east-1"
  nullable    = false
}

variable "vpc_zone_identifier" {
  description = "Subnets for the machines, of one VPC, with a way out; null: those of the default VPC."
  type        = list(string)
  default     = null
}

variable "worker_image" {
  description = "The pool's container image (target `cuda` of the Dockerfile), best by digest."
  type        = string
  nullable    = false
}

variable "worker_environment" {
  description = "The pool's settings (worker-pool/env.ts), no secrets."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "webhook_secret" {
  description = "What webhooks are signed with, whsec_ and base64 of 32 random bytes; empty: no webhooks are sent. Best by TF_VAR_webhook_secret. It is in no plan and no state."
  type        = string
  nullable    = false
  sensitive   = true
  # No default: an ephemeral variable with one fails in `terraform test` of Terraform 1.11.
  ephemeral = true
}

variable "worker_secrets_version" {
  description = "Counts up with each change of webhook_secret or of the database's password; it replaces the machines."
  type        = number
  default     = 1
  nullable    = false
}

variable "instance_types" {
  description = "Types of machines, the preferred ones first."
  type        = list(string)
  default     = ["g6.xlarge", "g5.xlarge", "g4dn.xlarge"]
  nullable    = false
}

variable "min_size" {
  description = "The fewest machines. 0: none while there is nothing to do."
  type        = number
  default     = 0
  nullable    = false
}

variable "max_size" {
  description = "The most machines, and so the most that the pool can cost."
  type        = number
  default     = 4
  nullable    = false
}
