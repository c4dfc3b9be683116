variable "project_id" {
  description = "The Google Cloud project."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id must be a project's id, such as my-project-123 (not its name or number)."
  }
}

variable "name" {
  description = "The pool's name, of its group and all that belongs to it. Another name makes another pool."
  type        = string
  default     = "edgebatch"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.name))
    error_message = "name must be 3 to 20 lower-case letters, digits and -, begin with a letter and not end with -."
  }
}

variable "labels" {
  description = "Labels of everything that can have some."
  type        = map(string)
  default     = {}
  nullable    = false
}

# The pool

variable "worker_image" {
  description = "The pool's container image (target `cuda` of the project's Dockerfile), best by digest. Another one replaces the machines."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9][a-zA-Z0-9._:/@-]*$", var.worker_image))
    error_message = "worker_image must be the reference of a container image, like \"europe-west4-docker.pkg.dev/my-project/pools/edgebatch-pool:1.2.0\"."
  }
}

variable "worker_environment" {
  description = "The pool's settings as environment variables (worker-pool/env.ts). Secrets do not belong here: this stands in the machines' metadata and in the state."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setintersection(keys(var.worker_environment), ["REDIS_URL", "WEBHOOK_SECRET"])) == 0
    error_message = "worker_environment would show REDIS_URL and WEBHOOK_SECRET to everybody: they go into worker_secrets."
  }
}

variable "worker_secrets" {
  description = <<-EOT
    REDIS_URL and, for webhooks, WEBHOOK_SECRET. They go to Secret Manager through a write-only argument, and stand in no plan and no state. null
    where existing_secret_id names a secret that is there already.
  EOT
  type        = object({ REDIS_URL = string, WEBHOOK_SECRET = optional(string) })
  # No default: an ephemeral variable with one fails in `terraform test` of Terraform 1.11.
  ephemeral = true

  validation {
    condition     = var.worker_secrets == null || can(regex("^rediss?://[^\\s'`]+$", var.worker_secrets.REDIS_URL))
    error_message = "worker_secrets.REDIS_URL must be a URL like rediss://default:PASSWORD@HOST:6379 (percent-encode what is special in the password)."
  }

  validation {
    condition     = try(var.worker_secrets.WEBHOOK_SECRET, null) == null || can(regex("^whsec_[A-Za-z0-9+/]{32,}=*$", var.worker_secrets.WEBHOOK_SECRET))
    error_message = "worker_secrets.WEBHOOK_SECRET must be whsec_ and base64 of 24 to 64 random bytes, such as whsec_$(openssl rand -base64 32)."
  }

  validation {
    condition     = (var.worker_secrets == null) != (var.existing_secret_id == null)
    error_message = "Give either worker_secrets, for a secret of the pool's own, or existing_secret_id (and worker_secrets = null)."
  }
}

variable "worker_secrets_version" {
  description = "Counts up with each change of worker_secrets: Terraform cannot see that they have changed. It also replaces the machines."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.worker_secrets_version >= 1 && floor(var.worker_secrets_version) == var.worker_secrets_version
    error_message = "worker_secrets_version must be a whole number, 1 at least."
  }
}

variable "existing_secret_id" {
  description = "A secret in Secret Manager that is there already, a JSON object with REDIS_URL and perhaps WEBHOOK_SECRET: `projects/P/secrets/NAME`."
  type        = string
  default     = null

  validation {
    condition     = var.existing_secret_id == null || can(regex("^projects/[a-z0-9.:-]+/secrets/[A-Za-z0-9_-]+$", var.existing_secret_id))
    error_message = "existing_secret_id must be the whole name of a secret, such as projects/my-project/secrets/pool (machines take its latest version)."
  }
}

# Machines

variable "region" {
  description = "The region of the group."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region must be a region such as europe-west4."
  }
}

variable "zones" {
  description = "Zones of the region for the machines, those that offer the GPU: `gcloud compute accelerator-types list --filter=name=nvidia-l4`. The more, the better: spot takes what there is."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.zones) > 0
    error_message = "zones is empty: name at least one zone that offers the GPU (`gcloud compute accelerator-types list --filter=name=nvidia-l4`)."
  }

  validation {
    condition     = alltrue([for zone in var.zones : can(regex("^${var.region}-[a-z]$", zone))])
    error_message = "zones must be zones of the region, such as europe-west4-a of europe-west4."
  }
}

variable "subnetwork" {
  description = "The machines' subnet, as `projects/P/regions/R/subnetworks/NAME`. It must let machines out to Redis and the registry (Cloud NAT, if they have no address of their own), and to Google (Private Google Access)."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("projects/[a-z0-9.:-]+/regions/[a-z0-9-]+/subnetworks/[a-z0-9-]+$", var.subnetwork))
    error_message = "subnetwork must be the whole name of a subnet: projects/P/regions/R/subnetworks/NAME."
  }

  validation {
    condition     = !can(regex("/regions/", var.subnetwork)) || strcontains(var.subnetwork, "/regions/${var.region}/")
    error_message = "subnetwork must be of the region that the machines are in."
  }
}

variable "assign_public_ip" {
  description = "Give each machine an address of its own, in place of Cloud NAT. The firewall lets nobody in either way, unless your network's own rules do."
  type        = bool
  default     = false
  nullable    = false
}

variable "network_tags" {
  description = "Network tags of the machines, for your firewall rules and routes."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "create_health_check_firewall" {
  description = "Let Google's health checkers in, and nobody else. `false` where the network is another project's (shared VPC): its owner must do it, or machines are replaced again and again."
  type        = bool
  default     = true
  nullable    = false
}

variable "machine_type" {
  description = "The type of the machines."
  type        = string
  default     = "g2-standard-4"
  nullable    = false

  validation {
    condition     = can(regex("^(g2-standard-[0-9]+|n1-(standard|highmem|highcpu)-[0-9]+|a2-highgpu-[0-9]+g|a2-ultragpu-[0-9]+g)$", var.machine_type))
    error_message = "machine_type must be one that has, or takes, an NVIDIA GPU that CUDA 13 supports: g2-standard-N (L4), n1-standard-N, n1-highmem-N, n1-highcpu-N (T4), a2-highgpu-Ng, a2-ultragpu-Ng (A100)."
  }
}

variable "gpu_type" {
  description = "The machines' GPU."
  type        = string
  default     = "nvidia-l4"
  nullable    = false

  validation {
    condition     = contains(["nvidia-l4", "nvidia-tesla-t4", "nvidia-tesla-a100", "nvidia-a100-80gb"], var.gpu_type)
    error_message = "gpu_type must be nvidia-l4, nvidia-tesla-t4, nvidia-tesla-a100 or nvidia-a100-80gb (older ones are too old for CUDA 13)."
  }

  validation {
    condition = lookup({
      nvidia-l4         = startswith(var.machine_type, "g2-")
      nvidia-tesla-t4   = startswith(var.machine_type, "n1-")
      nvidia-tesla-a100 = startswith(var.machine_type, "a2-highgpu-")
      nvidia-a100-80gb  = startswith(var.machine_type, "a2-ultragpu-")
    }, var.gpu_type, true)
    error_message = "gpu_type and machine_type do not go together: Google offers nvidia-l4 on g2, nvidia-tesla-t4 on n1, nvidia-tesla-a100 on a2-highgpu and nvidia-a100-80gb on a2-ultragpu only."
  }
}

variable "gpu_count" {
  description = "GPUs of a machine. What is not n1 brings a fixed number. With more than one, set worker_environment's GPUS to `all`."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = contains([1, 2, 4, 8, 16], var.gpu_count)
    error_message = "gpu_count must be 1, 2, 4, 8 or 16."
  }

  validation {
    condition     = !startswith(var.machine_type, "g2-standard-") || var.gpu_count == lookup({ "24" = 2, "48" = 4, "96" = 8 }, trimprefix(var.machine_type, "g2-standard-"), 1)
    error_message = "gpu_count must be what the machine brings: g2-standard-24 has 2, g2-standard-48 has 4, g2-standard-96 has 8, the others have 1."
  }

  validation {
    condition     = !startswith(var.machine_type, "a2-") || endswith(var.machine_type, "-${var.gpu_count}g")
    error_message = "gpu_count must be what the machine brings, which the name of an a2 ends with: a2-highgpu-2g has 2."
  }

  validation {
    condition     = !startswith(var.machine_type, "n1-") || var.gpu_count <= 4
    error_message = "gpu_count must be 4 at most with n1: Google attaches 1, 2 or 4 T4 to a machine."
  }
}

variable "spot" {
  description = "Spot machines: a third to half of the price, and taken back with 30 seconds' notice."
  type        = bool
  default     = true
  nullable    = false
}

variable "source_image" {
  description = "The machine image; null: the latest of source_image_family at each apply. It needs cloud-init, and NVIDIA's driver 580 or newer."
  type        = string
  default     = null
}

variable "source_image_family" {
  description = "The family of the machine image: Ubuntu 24.04 with NVIDIA's driver."
  type        = string
  default     = "ubuntu-accelerator-2404-amd64-with-nvidia-580"
  nullable    = false
}

variable "source_image_project" {
  description = "The family's project."
  type        = string
  default     = "ubuntu-os-accelerator-images"
  nullable    = false
}

variable "install_container_runtime" {
  description = "Install Docker (Ubuntu's) and NVIDIA's container toolkit (from NVIDIA) at boot, which Google's image does not have. An image of your own that has both starts sooner, and needs neither mirror."
  type        = bool
  default     = true
  nullable    = false
}

variable "disk_size_gb" {
  description = "GB of the disk, which Google encrypts."
  type        = number
  default     = 50
  nullable    = false

  validation {
    condition     = var.disk_size_gb >= 30 && var.disk_size_gb <= 65536 && floor(var.disk_size_gb) == var.disk_size_gb
    error_message = "disk_size_gb must be 30 to 65536: less than the machine image and the worker image take would not start."
  }
}

variable "disk_type" {
  description = "The disk's type."
  type        = string
  default     = "pd-balanced"
  nullable    = false

  validation {
    condition     = contains(["pd-balanced", "pd-ssd", "hyperdisk-balanced"], var.disk_type)
    error_message = "disk_type must be pd-balanced, pd-ssd or hyperdisk-balanced: others are too slow to start from, or not offered with GPUs."
  }
}

variable "enable_secure_boot" {
  description = "Whether machines boot signed code only. The driver's module must be signed: try it with your image first."
  type        = bool
  default     = false
  nullable    = false
}

# How many

variable "min_size" {
  description = "The fewest machines. 0: none while there is nothing to do, and whoever comes then waits until one has started."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.min_size >= 0 && floor(var.min_size) == var.min_size
    error_message = "min_size must be a whole number, 0 at least."
  }

  validation {
    condition     = var.min_size <= var.max_size
    error_message = "min_size must not be more than max_size."
  }
}

variable "max_size" {
  description = "The most machines, and so the most that the pool can cost."
  type        = number
  default     = 4
  nullable    = false

  validation {
    condition     = var.max_size >= 1 && floor(var.max_size) == var.max_size
    error_message = "max_size must be a whole number, 1 at least."
  }
}

variable "target_backlog_per_instance" {
  description = "The depth (docs/scaling.md) that one machine is there for. Below 100 it reads as how busy machines are to be, in percent; with several GPUs a machine, that many times as much."
  type        = number
  default     = 80
  nullable    = false

  validation {
    condition     = var.target_backlog_per_instance > 0
    error_message = "target_backlog_per_instance must be above 0."
  }
}

variable "metric_type" {
  description = "The metric that the edge publishes (its GCP_METRIC_TYPE)."
  type        = string
  default     = "custom.googleapis.com/edgebatch/queue_depth"
  nullable    = false

  validation {
    condition     = can(regex("^custom\\.googleapis\\.com/[A-Za-z0-9_/]{1,100}$", var.metric_type))
    error_message = "metric_type must be custom.googleapis.com/ and letters, digits, _ and /."
  }
}

variable "metric_model" {
  description = "The model whose depth counts, for a pool that serves only that (the edge's METRIC_BY_MODEL); null: the depth of all."
  type        = string
  default     = null

  validation {
    condition     = var.metric_model == null || can(regex("^[A-Za-z0-9._-]+$", var.metric_model))
    error_message = "metric_model must be a model's name."
  }
}

variable "create_metric_publisher" {
  description = "Make the metric, and the service account that the edge publishes as. It may do nothing else, and has no key until you make one. One pool of a project is enough."
  type        = bool
  default     = true
  nullable    = false
}

# Starting and stopping

variable "drain_seconds" {
  description = "What a pool that is told to stop may take to finish what it holds; then it gives back the rest."
  type        = number
  default     = 20
  nullable    = false

  validation {
    condition     = var.drain_seconds >= 1 && var.drain_seconds <= 22 && floor(var.drain_seconds) == var.drain_seconds
    error_message = "drain_seconds must be a whole number from 1 to 22: Google ends a machine 30 seconds after its notice, and the pool needs 8 to give back the rest."
  }
}

variable "startup_timeout_seconds" {
  description = "What a machine may take from its start to a pool that is ready."
  type        = number
  default     = 900
  nullable    = false

  validation {
    condition     = var.startup_timeout_seconds >= 60 && var.startup_timeout_seconds <= 2700 && floor(var.startup_timeout_seconds) == var.startup_timeout_seconds
    error_message = "startup_timeout_seconds must be a whole number from 60 to 2700."
  }
}

variable "health_port" {
  description = "Where the pool answers Google's health checkers."
  type        = number
  default     = 9400
  nullable    = false

  validation {
    condition     = var.health_port >= 1024 && var.health_port <= 65535 && floor(var.health_port) == var.health_port
    error_message = "health_port must be a port from 1024 to 65535."
  }
}

variable "update_policy" {
  description = "How machines are replaced after a change: so many more there may be meanwhile, and so many fewer. Google wants each to be 0, or the number of zones at least. max_surge_fixed null: the number of zones."
  type        = object({ max_surge_fixed = optional(number), max_unavailable_fixed = optional(number, 0) })
  default     = {}
  nullable    = false

  validation {
    condition = alltrue([
      for count in [coalesce(var.update_policy.max_surge_fixed, length(var.zones)), var.update_policy.max_unavailable_fixed] :
      count == 0 || count >= length(var.zones)
    ])
    error_message = "update_policy: max_surge_fixed and max_unavailable_fixed must each be 0, or the number of zones at least."
  }

  validation {
    condition     = coalesce(var.update_policy.max_surge_fixed, length(var.zones)) + var.update_policy.max_unavailable_fixed > 0
    error_message = "update_policy: with neither more nor fewer machines meanwhile, none could be replaced."
  }
}
