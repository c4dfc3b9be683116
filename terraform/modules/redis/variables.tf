variable "name" {
  description = "The database's name in Upstash. Another name makes another, empty database."
  type        = string
  default     = "edgebatch"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$", var.name))
    error_message = "name must be 1 to 40 letters, digits, - and _, and begin with a letter or digit."
  }
}

variable "existing" {
  description = <<-EOT
    A Redis that is there already, instead of a new database: `redis_url` for the worker pools (`rediss://`, or `redis://` in a private
    network), and for the edge `rest_url` and `rest_token` of its REST API: Upstash's, or those of this project's gateway in front of it.
  EOT
  type = object({
    redis_url  = string
    rest_url   = string
    rest_token = string
  })
  default   = null
  sensitive = true

  validation {
    condition     = var.existing == null || can(regex("^rediss?://([^@/]*@)?[^@/:]+(:[0-9]+)?(/.*)?$", var.existing.redis_url))
    error_message = "existing.redis_url must be a URL like rediss://default:PASSWORD@HOST:6379 (percent-encode what is special in the password)."
  }

  validation {
    condition     = var.existing == null || can(regex("^https://[^/]+$", var.existing.rest_url))
    error_message = "existing.rest_url must be a URL like https://HOST, without a path: the edge sends its token there, over the internet."
  }

  validation {
    condition     = var.existing == null || try(length(var.existing.rest_token), 0) > 0
    error_message = "existing.rest_token must not be empty: it is the gateway's GATEWAY_TOKEN, or Upstash's REST token."
  }
}

variable "primary_region" {
  description = "Upstash's region for writes. Near the worker pools is best: they ask for jobs there all the time."
  type        = string
  default     = "us-east-1"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}-[a-z]+-[0-9]$", var.primary_region))
    error_message = "primary_region must be one of Upstash's regions on AWS, such as us-east-1, eu-central-1 or ap-southeast-1."
  }
}

variable "read_regions" {
  description = "Further regions that answer reads. Each is charged for every write. The edge mostly writes, so they seldom pay."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for region in var.read_regions : can(regex("^[a-z]{2}-[a-z]+-[0-9]$", region))])
    error_message = "read_regions must be Upstash's regions on AWS, such as us-east-1, eu-central-1 or ap-southeast-1."
  }

  validation {
    condition     = !contains(var.read_regions, var.primary_region)
    error_message = "read_regions must not contain the primary region, which answers reads anyway."
  }

  validation {
    condition     = length(var.read_regions) == 0 || nonsensitive(var.existing == null)
    error_message = "read_regions are for a new database, and existing says to use another: leave out one of them."
  }
}

variable "budget" {
  description = "US dollars a month at which Upstash throttles the database until the next. Jobs are then refused with 503."
  type        = number
  default     = 20
  nullable    = false

  validation {
    condition     = var.budget >= 1 && floor(var.budget) == var.budget
    error_message = "budget must be a whole number of US dollars, 1 at least."
  }
}

variable "auto_scale" {
  description = "Whether Upstash may move the database to a higher plan when it reaches its quotas."
  type        = bool
  default     = false
  nullable    = false
}

variable "prod_pack" {
  description = "Upstash's Prod Pack (more uptime, support and monitoring, for a fixed price a month)."
  type        = bool
  default     = false
  nullable    = false
}
