variable "name" {
  description = "The pool's name, of its group and all that belongs to it. Another name makes another pool."
  type        = string
  default     = "edgebatch"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z][A-Za-z0-9-]{0,31}$", var.name))
    error_message = "name must be 1 to 32 letters, digits and -, and begin with a letter."
  }
}

variable "tags" {
  description = "Tags of everything that can have some, machines and their disks among them."
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
    error_message = "worker_image must be the reference of a container image, like \"ghcr.io/you/edgebatch-pool:1.2.0\"."
  }
}

variable "worker_environment" {
  description = "The pool's settings as environment variables (worker-pool/env.ts). Secrets do not belong here: this stands in the machines' user data and in the state."
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
    REDIS_URL and, for webhooks, WEBHOOK_SECRET. They go to AWS Secrets Manager through a write-only argument, and stand in no plan and no state. null
    where existing_secret_arn names a secret that is there already.
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
    condition     = (var.worker_secrets == null) != (var.existing_secret_arn == null)
    error_message = "Give either worker_secrets, for a secret of the pool's own, or existing_secret_arn (and worker_secrets = null)."
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

variable "existing_secret_arn" {
  description = "A secret in AWS Secrets Manager that is there already, a JSON object with REDIS_URL and perhaps WEBHOOK_SECRET."
  type        = string
  default     = null

  validation {
    condition     = var.existing_secret_arn == null || can(regex("^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[^*]+$", var.existing_secret_arn))
    error_message = "existing_secret_arn must be the whole ARN of one secret, such as arn:aws:secretsmanager:eu-west-1:123456789012:secret:pool-AbCdEf."
  }
}

variable "secret_kms_key_arn" {
  description = "The KMS key that the secret is encrypted with; null: AWS' own for Secrets Manager, which costs nothing."
  type        = string
  default     = null

  validation {
    condition     = var.secret_kms_key_arn == null || can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.secret_kms_key_arn))
    error_message = "secret_kms_key_arn must be the ARN of a key (not of an alias): the machines are allowed to decrypt with that one."
  }
}

# Machines

variable "vpc_zone_identifier" {
  description = "Subnets for the machines, of one VPC, best in several zones: spot takes what there is. They must let machines out to Redis, the registry and AWS."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.vpc_zone_identifier) > 0
    error_message = "vpc_zone_identifier is empty: name at least one subnet for the machines."
  }

  validation {
    condition     = alltrue([for subnet in var.vpc_zone_identifier : startswith(subnet, "subnet-")])
    error_message = "vpc_zone_identifier must be ids of subnets, such as subnet-0123456789abcdef0."
  }
}

variable "security_groups" {
  description = "Further security groups of the machines, e.g. one that a Redis lets in. Their own lets nobody in."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "instance_types" {
  description = "Types of machines, the preferred ones first. Spot takes the pool that is cheapest for how unlikely it is to be taken back."
  type        = list(string)
  default     = ["g6.xlarge", "g5.xlarge", "g4dn.xlarge"]
  nullable    = false

  validation {
    condition     = length(var.instance_types) > 0
    error_message = "instance_types is empty: name at least one type of machine, such as g6.xlarge."
  }

  validation {
    condition = alltrue([
      for type in var.instance_types :
      can(regex("^(g4dn|g5|g6|gr6|g6e|p4d|p4de|p5|p5e|p5en|p6-b200|p6-b300)\\.[a-z0-9-]+$", type))
    ])
    error_message = "instance_types must be of families with x86 and NVIDIA GPUs that CUDA 13 and the machine image support: g4dn, g5, g6, gr6, g6e, p4d and later (not g5g: Arm, g4ad: AMD, p3 and older: too old for CUDA 13)."
  }
}

variable "ami_id" {
  description = "The machine image; null: the latest of ami_ssm_parameter at each apply. It needs cloud-init, Docker, NVIDIA's driver 580 or newer and its container toolkit."
  type        = string
  default     = null

  validation {
    condition     = var.ami_id == null || can(regex("^ami-[0-9a-f]{8,17}$", var.ami_id))
    error_message = "ami_id must be the id of an image, such as ami-0123456789abcdef0."
  }
}

variable "ami_ssm_parameter" {
  description = "The SSM parameter that names the machine image: AWS' Deep Learning Base GPU AMI with Ubuntu 24.04."
  type        = string
  default     = "/aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-24.04/latest/ami-id"
  nullable    = false
}

variable "root_device_name" {
  description = "The image's root device; Ubuntu's by default."
  type        = string
  default     = "/dev/sda1"
  nullable    = false
}

variable "root_volume_size" {
  description = "GiB of the root disk (encrypted gp3); null: as large as the image's."
  type        = number
  default     = null

  validation {
    condition     = var.root_volume_size == null || try(var.root_volume_size >= 75 && var.root_volume_size <= 16384, false)
    error_message = "root_volume_size must be 75 to 16384 GiB: less than the machine image and the worker image take would not start."
  }
}

variable "on_demand_base_capacity" {
  description = "Machines that are never spot, before any other."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.on_demand_base_capacity >= 0 && floor(var.on_demand_base_capacity) == var.on_demand_base_capacity
    error_message = "on_demand_base_capacity must be a whole number, 0 at least."
  }
}

variable "on_demand_percentage_above_base_capacity" {
  description = "Of those above the base capacity, so many percent are not spot. 0: all are spot."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.on_demand_percentage_above_base_capacity >= 0 && var.on_demand_percentage_above_base_capacity <= 100 && floor(var.on_demand_percentage_above_base_capacity) == var.on_demand_percentage_above_base_capacity
    error_message = "on_demand_percentage_above_base_capacity must be a whole number from 0 (all spot) to 100 (none)."
  }
}

variable "spot_allocation_strategy" {
  description = "How spot machines are chosen among types and zones."
  type        = string
  default     = "price-capacity-optimized"
  nullable    = false

  validation {
    condition     = contains(["price-capacity-optimized", "capacity-optimized", "capacity-optimized-prioritized", "lowest-price"], var.spot_allocation_strategy)
    error_message = "spot_allocation_strategy must be price-capacity-optimized, capacity-optimized, capacity-optimized-prioritized or lowest-price."
  }
}

variable "capacity_rebalance" {
  description = "Whether a spot machine that AWS thinks is about to be taken back is replaced ahead of that."
  type        = bool
  default     = true
  nullable    = false
}

variable "max_instance_lifetime" {
  description = "Seconds after which a machine is replaced, so that it runs a recent image; null: never for its age."
  type        = number
  default     = null

  validation {
    condition     = var.max_instance_lifetime == null || try(var.max_instance_lifetime >= 86400 && var.max_instance_lifetime <= 31536000, false)
    error_message = "max_instance_lifetime must be 86400 (a day) to 31536000 (a year)."
  }
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

variable "default_instance_warmup" {
  description = "Seconds from a machine's being in service until metrics show what it does."
  type        = number
  default     = 120
  nullable    = false

  validation {
    condition     = var.default_instance_warmup >= 0 && var.default_instance_warmup <= 3600 && floor(var.default_instance_warmup) == var.default_instance_warmup
    error_message = "default_instance_warmup must be a whole number of seconds from 0 to 3600."
  }
}

variable "metric_namespace" {
  description = "Where in CloudWatch the edge publishes QueueDepth (its METRIC_NAMESPACE)."
  type        = string
  default     = "Edgebatch"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_./#:-]{1,255}$", var.metric_namespace)) && !startswith(var.metric_namespace, "AWS/")
    error_message = "metric_namespace must be letters, digits and . _ / # : -, and not begin with AWS/."
  }
}

variable "metric_model" {
  description = "The model whose depth counts, for a pool that serves only that (the edge's METRIC_BY_MODEL); null: the depth of all."
  type        = string
  default     = null
}

variable "create_metric_publisher" {
  description = "Make the user that the edge publishes as. It may do nothing else, and has no key until you make one. One pool of a namespace is enough."
  type        = bool
  default     = true
  nullable    = false
}

# Starting and stopping

variable "drain_seconds" {
  description = "What a pool that is told to stop may take to finish what it holds; then it gives back the rest. Spot leaves two minutes."
  type        = number
  default     = 25
  nullable    = false

  validation {
    condition     = var.drain_seconds >= 1 && var.drain_seconds <= 100 && floor(var.drain_seconds) == var.drain_seconds
    error_message = "drain_seconds must be a whole number from 1 to 100: spot machines end two minutes after their notice."
  }
}

variable "startup_timeout_seconds" {
  description = "What a machine may take from its start to a pool that is ready."
  type        = number
  default     = 900
  nullable    = false

  validation {
    condition     = var.startup_timeout_seconds >= 60 && var.startup_timeout_seconds <= 6000 && floor(var.startup_timeout_seconds) == var.startup_timeout_seconds
    error_message = "startup_timeout_seconds must be a whole number from 60 to 6000."
  }
}

variable "instance_refresh" {
  description = "How machines are replaced after a change: so many percent of them stay in service, and so many there may be meanwhile."
  type        = object({ min_healthy_percentage = optional(number, 100), max_healthy_percentage = optional(number, 150) })
  default     = {}
  nullable    = false

  validation {
    condition = (
      var.instance_refresh.min_healthy_percentage >= 0 && var.instance_refresh.min_healthy_percentage <= 100 &&
      var.instance_refresh.max_healthy_percentage >= 100 && var.instance_refresh.max_healthy_percentage <= 200 &&
      var.instance_refresh.max_healthy_percentage - var.instance_refresh.min_healthy_percentage <= 100 &&
      var.instance_refresh.max_healthy_percentage - var.instance_refresh.min_healthy_percentage > 0
    )
    error_message = "instance_refresh: min_healthy_percentage must be 0 to 100, max_healthy_percentage 100 to 200, and one above the other by 1 to 100."
  }
}

# Rights and logs

variable "log_retention_in_days" {
  description = "How long CloudWatch keeps the pool's log."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_in_days)
    error_message = "log_retention_in_days must be one of CloudWatch's: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827 or more years up to 3653."
  }
}

variable "iam_role_additional_policies" {
  description = "Further policies of the machines' role, by any name: `{ ssm = \"arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore\" }` opens a shell without a port."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "iam_role_permissions_boundary" {
  description = "The permissions boundary of role and user, where an organisation asks for one."
  type        = string
  default     = null
}
