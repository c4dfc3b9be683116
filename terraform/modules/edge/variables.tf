variable "account_id" {
  description = "The Cloudflare account's id."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9a-f]{32}$", var.account_id))
    error_message = "account_id must be the 32 hexadecimal digits that Cloudflare's dashboard shows as the account's id."
  }
}

variable "name" {
  description = "The Worker's name. Another name makes another Worker."
  type        = string
  default     = "edgebatch"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.name))
    error_message = "name must be 1 to 63 lower-case letters, digits and -, and not begin or end with -."
  }
}

variable "bundle_dir" {
  description = "The folder that `npm run bundle` fills: `.edgebatch/edge-bundle`. A relative path keeps plans the same on every machine."
  type        = string
  nullable    = false

  validation {
    condition     = fileexists("${var.bundle_dir}/edge-manifest.json")
    error_message = "bundle_dir has no edge-manifest.json: make the bundle with `npm run bundle`, and give the path of .edgebatch/edge-bundle."
  }
}

variable "variables" {
  description = "The edge's settings (edge/env.ts), over and above those in wrangler.toml: `{ CORS_ORIGINS = \"https://example.com\" }`."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.variables) : can(regex("^[A-Z][A-Z0-9_]*$", name))])
    error_message = "variables must be named as in edge/env.ts: capital letters, digits and _."
  }

  validation {
    condition     = length(setintersection(keys(var.variables), ["UPSTASH_REDIS_REST_TOKEN", "AWS_SECRET_ACCESS_KEY", "GCP_SERVICE_ACCOUNT_KEY"])) == 0
    error_message = "variables can be read by whoever can see the Worker: UPSTASH_REDIS_REST_TOKEN, AWS_SECRET_ACCESS_KEY and GCP_SERVICE_ACCOUNT_KEY go into secrets."
  }
}

variable "secrets" {
  description = <<-EOT
    Secrets by name, UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN among them. They stand in the state in plain text: see
    inherited_secrets for a way around it.
  EOT
  type        = map(string)
  default     = {}
  nullable    = false
  sensitive   = true

  validation {
    condition     = alltrue([for name in keys(var.secrets) : can(regex("^[A-Z][A-Z0-9_]*$", name))])
    error_message = "secrets must be named as in edge/env.ts: capital letters, digits and _."
  }

  validation {
    condition     = alltrue([for value in values(var.secrets) : try(length(value), 0) > 0])
    error_message = "secrets must not be empty: leave out the names of those that there are not."
  }

  validation {
    condition = alltrue([
      for name in ["UPSTASH_REDIS_REST_URL", "UPSTASH_REDIS_REST_TOKEN"] :
      contains(keys(var.secrets), name) || contains(var.inherited_secrets, name)
    ])
    error_message = "The edge does nothing without UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN: give both in secrets (or name them in inherited_secrets)."
  }

  validation {
    condition = length(concat(keys(var.variables), keys(var.secrets), tolist(var.inherited_secrets))) == length(
      setunion(keys(var.variables), keys(var.secrets), var.inherited_secrets)
    )
    error_message = "A name may be in one of variables, secrets and inherited_secrets only."
  }
}

variable "inherited_secrets" {
  description = "Names of secrets that the Worker's latest version has, set with `wrangler secret put`. They stay out of the state."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "crons" {
  description = "When the edge publishes the depth of its queues and cleans up; null: as in wrangler.toml, `[]`: never, and pools are not scaled."
  type        = list(string)
  default     = null

  validation {
    condition     = alltrue([for cron in coalesce(var.crons, []) : can(regex("^\\S+( \\S+){4}$", cron))])
    error_message = "crons must have five fields with a space between them, such as \"* * * * *\"."
  }
}

variable "custom_domain" {
  description = "A host name of its own in a zone of the account. Cloudflare makes its DNS record and certificate."
  type        = object({ hostname = string, zone_id = string })
  default     = null

  validation {
    condition     = var.custom_domain == null || can(regex("^([a-z0-9-]+\\.)+[a-z]{2,}$", var.custom_domain.hostname))
    error_message = "custom_domain.hostname must be a host name such as photos.example.com, without https:// and path."
  }

  validation {
    condition     = var.custom_domain == null || var.route == null
    error_message = "custom_domain and route exclude each other: a custom domain takes all of its host name."
  }
}

variable "route" {
  description = "A part of a zone that has its DNS records: `{ pattern = \"example.com/photos/*\", zone_id = ... }`."
  type        = object({ pattern = string, zone_id = string })
  default     = null

  validation {
    condition     = var.route == null || can(regex("^[^:/]+/.*\\*$", var.route.pattern))
    error_message = "route.pattern must be a host name and a path that ends with *, such as example.com/photos/*, without https://."
  }
}

variable "workers_dev" {
  description = "Whether it is served at NAME.ACCOUNT.workers.dev; null: where there is neither custom_domain nor route."
  type        = bool
  default     = null

  validation {
    condition     = var.workers_dev != false || var.custom_domain != null || var.route != null
    error_message = "workers_dev = false without custom_domain or route leaves no way to the edge."
  }
}
