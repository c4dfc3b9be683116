variable "cloud" {
  description = "Whose machine it is: `aws` or `gcp`."
  type        = string

  validation {
    condition     = contains(["aws", "gcp"], var.cloud)
    error_message = "cloud must be \"aws\" or \"gcp\"."
  }
}

variable "worker_image" {
  description = "The pool's container image, built from the project's Dockerfile (target `cuda`). A digest (`...@sha256:...`) says exactly what runs; a tag that moves is pulled by new machines only."
  type        = string

  validation {
    condition     = can(regex("^[a-zA-Z0-9][a-zA-Z0-9._:/@-]*$", var.worker_image))
    error_message = "worker_image must be the reference of a container image, like \"ghcr.io/you/edgebatch-pool:1.2.0\"."
  }
}

variable "worker_environment" {
  description = "The pool's settings as environment variables (worker-pool/env.ts). Secrets do not belong here: this lands in the machine's user data and in Terraform's state."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.worker_environment) : can(regex("^[A-Z][A-Z0-9_]*$", name))])
    error_message = "worker_environment: names are like LOG_LEVEL, in capitals."
  }
  validation {
    # Also to YAML, whose line breaks are more than those of a shell: a file that cannot be read makes a machine that does and says nothing.
    condition     = alltrue([for value in values(var.worker_environment) : !can(regex("[\\p{C}\\p{Zl}\\p{Zp}]", value))])
    error_message = "worker_environment: each value must be one line, without control characters and the like."
  }
  validation {
    condition     = length(setintersection(keys(var.worker_environment), ["REDIS_URL", "WEBHOOK_SECRET"])) == 0
    error_message = "worker_environment: REDIS_URL and WEBHOOK_SECRET are secrets; put them into worker_secrets, or into your own secret."
  }
  validation {
    condition     = length(setintersection(keys(var.worker_environment), ["DRAIN_SECONDS", "HEALTH_PORT", "HEALTH_HOST", "PREEMPTION_NOTICE", "LIFECYCLE_HOOK_NAME", "AUTOSCALING_GROUP_NAME"])) == 0
    error_message = "worker_environment: DRAIN_SECONDS, HEALTH_PORT, HEALTH_HOST, PREEMPTION_NOTICE, LIFECYCLE_HOOK_NAME and AUTOSCALING_GROUP_NAME follow from other variables (drain_seconds, health_port)."
  }
}

variable "secret_id" {
  description = "The secret that the machine fetches at boot, a JSON object of environment variables with at least REDIS_URL. AWS: its ARN or name. Google Cloud: `projects/P/secrets/NAME/versions/latest`."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9:/_+=.@-]+$", var.secret_id))
    error_message = "secret_id must be the ARN or name of a secret (AWS), or projects/P/secrets/NAME/versions/V (Google Cloud)."
  }
}

variable "region" {
  description = "AWS: the region of secret, log and group."
  type        = string
  default     = ""
}

variable "dns_suffix" {
  description = "AWS: the domain of its services in this partition."
  type        = string
  default     = "amazonaws.com"
}

variable "log_group" {
  description = "AWS: the group of CloudWatch Logs that gets the pool's log and failed boots."
  type        = string
  default     = ""
}

variable "group_name" {
  description = "AWS: the auto-scaling group that this machine belongs to."
  type        = string
  default     = ""
}

variable "launch_hook_name" {
  description = "AWS: the lifecycle hook that the machine completes once its pool is ready; empty: none."
  type        = string
  default     = ""
}

variable "terminate_hook_name" {
  description = "AWS: the lifecycle hook that the pool completes once it has drained; empty: none."
  type        = string
  default     = ""
}

variable "use_gpu" {
  description = "`false`: a pool on the CPU (the image's `cpu` target), for trying things out."
  type        = bool
  default     = true
  nullable    = false
}

variable "install_container_runtime" {
  description = "Install Docker and NVIDIA's container toolkit at boot, for machine images that bring the driver alone."
  type        = bool
  default     = false
  nullable    = false
}

variable "drain_seconds" {
  description = "What a pool that is told to stop may take to finish what it holds; then it gives the rest back. The machine needs eight seconds more."
  type        = number
  default     = 20
  nullable    = false

  validation {
    condition     = var.drain_seconds >= 1 && var.drain_seconds <= 3600 && floor(var.drain_seconds) == var.drain_seconds
    error_message = "drain_seconds must be a whole number from 1 to 3600."
  }
}

variable "health_port" {
  description = "Where the pool answers /live, /ready and /metrics."
  type        = number
  default     = 9400
  nullable    = false

  validation {
    condition     = var.health_port >= 1024 && var.health_port <= 65535 && floor(var.health_port) == var.health_port
    error_message = "health_port must be a port from 1024 to 65535."
  }
}

variable "health_host" {
  description = "The address that /live and the others listen on: 0.0.0.0 where a health check comes from outside the machine."
  type        = string
  default     = "127.0.0.1"
  nullable    = false
}

variable "startup_timeout_seconds" {
  description = "What a start may take, from fetching the secret to a pool that is ready: the image has to be pulled, and every batch size warmed."
  type        = number
  default     = 900
  nullable    = false

  validation {
    condition     = var.startup_timeout_seconds >= 60 && var.startup_timeout_seconds <= 7200 && floor(var.startup_timeout_seconds) == var.startup_timeout_seconds
    error_message = "startup_timeout_seconds must be a whole number from 60 to 7200."
  }
}

variable "max_start_attempts" {
  description = "Failed starts within an hour after which the machine gives itself up. They come 15, 30, 60, 120, 240, 300, 300... seconds apart: 7 take thirteen minutes at least."
  type        = number
  default     = 7
  nullable    = false

  validation {
    condition     = var.max_start_attempts >= 2 && var.max_start_attempts <= 10 && floor(var.max_start_attempts) == var.max_start_attempts
    error_message = "max_start_attempts must be a whole number from 2 to 10."
  }
}

variable "revision" {
  description = "Any text; another one makes other user data, and so new machines. E.g. the version of the secret."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9._-]*$", var.revision))
    error_message = "revision must be of letters, digits, dots, dashes and underscores."
  }
}
