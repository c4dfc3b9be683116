variable "name" {
  description = "The Worker's name."
  type        = string
  default     = "edgebatch"
  nullable    = false
}

variable "tags" {
  description = "Tags on AWS, and labels on Google Cloud: small letters, digits, - and _."
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
  description = "The API's host name, in a zone of the account."
  type        = object({ hostname = string, zone_id = string })
  nullable    = false
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

variable "secrets_are_set" {
  description = "Whether the Worker has got its secrets by wrangler (README.md): false in the first apply, and true in all later ones, or placeholders take their place again."
  type        = bool
  nullable    = false
}

# Redis

variable "redis_url" {
  description = "REDIS_URL of the pools, rediss://USER:PASSWORD@HOST:PORT. Best by TF_VAR_redis_url. It is in no plan and no state."
  type        = string
  nullable    = false
  sensitive   = true
  # No default: an ephemeral variable with one fails in `terraform test` of Terraform 1.11.
  ephemeral = true
}

variable "webhook_secret" {
  description = "What webhooks are signed with, whsec_ and base64 of 32 random bytes; empty: no webhooks are sent. Best by TF_VAR_webhook_secret. It is in no plan and no state."
  type        = string
  nullable    = false
  sensitive   = true
  ephemeral   = true
}

variable "worker_secrets_version" {
  description = "Counts up with each change of redis_url or webhook_secret; it replaces the machines."
  type        = number
  default     = 1
  nullable    = false
}

# Pools

variable "worker_environment" {
  description = "Settings of all pools (worker-pool/env.ts), no secrets."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "target_backlog_per_instance" {
  description = "The depth that one machine is there for: below 100, how busy machines are to be, in percent."
  type        = number
  default     = 80
  nullable    = false
}

variable "metric_namespace" {
  description = "Where in CloudWatch the edge publishes. Another deployment in the same account needs another."
  type        = string
  default     = "Edgebatch"
  nullable    = false
}

variable "aws" {
  description = "The pool on AWS, as in modules/aws-gpu-pool, and the model that it serves."
  type = object({
    model                                    = string
    worker_image                             = string
    name                                     = optional(string, "edgebatch")
    region                                   = string
    vpc_zone_identifier                      = list(string)
    security_groups                          = optional(list(string), [])
    instance_types                           = optional(list(string), ["g6.xlarge", "g5.xlarge", "g4dn.xlarge"])
    on_demand_base_capacity                  = optional(number, 0)
    on_demand_percentage_above_base_capacity = optional(number, 0)
    min_size                                 = optional(number, 0)
    max_size                                 = optional(number, 4)
    ami_id                                   = optional(string)
    kms_key_arn                              = optional(string)
  })
  nullable = false
}

variable "gcp" {
  description = "The pool on Google Cloud, as in modules/gcp-gpu-pool, and the model that it serves."
  type = object({
    model        = string
    worker_image = string
    project_id   = string
    name         = optional(string, "edgebatch")
    region       = string
    zones        = list(string)
    subnetwork   = string
    machine_type = optional(string, "g2-standard-4")
    gpu_type     = optional(string, "nvidia-l4")
    spot         = optional(bool, true)
    min_size     = optional(number, 0)
    max_size     = optional(number, 4)
    source_image = optional(string)
  })
  nullable = false

  validation {
    condition     = var.gcp.model != var.aws.model
    error_message = "aws.model and gcp.model must be two: of one model's depth each group would take all of it for its own, and start machines for it."
  }
}
