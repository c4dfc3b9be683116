data "aws_region" "current" {}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_subnet" "first" {
  id = var.vpc_zone_identifier[0]
}

data "aws_ssm_parameter" "ami" {
  count = var.ami_id == null ? 1 : 0
  name  = var.ami_ssm_parameter
}

locals {
  region    = data.aws_region.current.region
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition

  ami_id = var.ami_id == null ? one(data.aws_ssm_parameter.ami[*].insecure_value) : var.ami_id

  hooks = {
    # A machine counts as there once its pool is ready; it says so itself. One that never does is replaced.
    launch = {
      name                 = "${var.name}-launch"
      lifecycle_transition = "autoscaling:EC2_INSTANCE_LAUNCHING"
      default_result       = "ABANDON"
      # A start that takes as long as it may, and some that failed before.
      heartbeat_timeout = var.startup_timeout_seconds + 900
    }
    # A machine that is to go says itself when its pool has drained, and that it still does, each 15 s. So this bounds one that hangs.
    terminate = {
      name                 = "${var.name}-terminate"
      lifecycle_transition = "autoscaling:EC2_INSTANCE_TERMINATING"
      default_result       = "CONTINUE"
      heartbeat_timeout    = var.drain_seconds + 60
    }
  }

  tags = merge(var.tags, { Name = var.name })
}

module "bootstrap" {
  source = "../worker-bootstrap"

  cloud                   = "aws"
  worker_image            = var.worker_image
  worker_environment      = var.worker_environment
  secret_id               = local.secret_arn
  region                  = local.region
  dns_suffix              = data.aws_partition.current.dns_suffix
  log_group               = aws_cloudwatch_log_group.this.name
  group_name              = var.name
  launch_hook_name        = local.hooks.launch.name
  terminate_hook_name     = local.hooks.terminate.name
  drain_seconds           = var.drain_seconds
  startup_timeout_seconds = var.startup_timeout_seconds
  # Machines read a changed secret only when they start.
  revision = var.existing_secret_arn == null ? "secret-${var.worker_secrets_version}" : ""
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/edgebatch/${var.name}"
  retention_in_days = var.log_retention_in_days
  tags              = var.tags
}

# Nobody calls a worker: it asks Redis for jobs.
resource "aws_security_group" "this" {
  name_prefix = "${var.name}-"
  description = "Edgebatch workers: nobody in, all out"
  vpc_id      = data.aws_subnet.first.vpc_id
  tags        = local.tags

  lifecycle {
    create_before_destroy = true
  }
}

# Where Redis and webhooks' receivers are, and on which port, is no business of this module.
resource "aws_vpc_security_group_egress_rule" "this" {
  for_each = { ipv4 = { cidr_ipv4 = "0.0.0.0/0", cidr_ipv6 = null }, ipv6 = { cidr_ipv4 = null, cidr_ipv6 = "::/0" } }

  security_group_id = aws_security_group.this.id
  description       = "Redis, registry, AWS, webhooks"
  ip_protocol       = "-1"
  cidr_ipv4         = each.value.cidr_ipv4
  cidr_ipv6         = each.value.cidr_ipv6
  tags              = var.tags
}

resource "aws_launch_template" "this" {
  name_prefix            = "${var.name}-"
  description            = "Edgebatch workers"
  update_default_version = true
  image_id               = local.ami_id
  vpc_security_group_ids = concat([aws_security_group.this.id], var.security_groups)
  # A machine that gives itself up powers itself off, and is then no longer paid for.
  instance_initiated_shutdown_behavior = "terminate"
  user_data                            = base64gzip(module.bootstrap.user_data)
  tags                                 = var.tags

  iam_instance_profile {
    arn = aws_iam_instance_profile.this.arn
  }

  # The container has the host's network: one hop is enough.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
    instance_metadata_tags      = "disabled"
  }

  block_device_mappings {
    device_name = var.root_device_name

    ebs {
      volume_type           = "gp3"
      volume_size           = var.root_volume_size
      encrypted             = true
      delete_on_termination = true
    }
  }

  dynamic "tag_specifications" {
    for_each = ["volume", "network-interface"]

    content {
      resource_type = tag_specifications.value
      tags          = local.tags
    }
  }

  lifecycle {
    create_before_destroy = true

    precondition {
      condition     = var.existing_secret_arn == null || strcontains(local.secret_arn, ":secretsmanager:${local.region}:")
      error_message = "existing_secret_arn must be of the machines' own region, ${local.region}: they ask for it there. Secrets Manager can replicate it."
    }
  }
}

resource "aws_autoscaling_group" "this" {
  name                    = var.name
  vpc_zone_identifier     = var.vpc_zone_identifier
  min_size                = var.min_size
  max_size                = var.max_size
  capacity_rebalance      = var.capacity_rebalance
  default_instance_warmup = var.default_instance_warmup
  max_instance_lifetime   = var.max_instance_lifetime
  health_check_type       = "EC2"
  # The alarm that wakes the pool counts machines that serve.
  enabled_metrics = ["GroupInServiceInstances", "GroupPendingInstances", "GroupTerminatingInstances", "GroupDesiredCapacity"]
  # Spot may have none at the moment, which is no failure of an apply.
  wait_for_capacity_timeout = "0"

  mixed_instances_policy {
    instances_distribution {
      on_demand_base_capacity                  = var.on_demand_base_capacity
      on_demand_percentage_above_base_capacity = var.on_demand_percentage_above_base_capacity
      spot_allocation_strategy                 = var.spot_allocation_strategy
    }

    launch_template {
      launch_template_specification {
        launch_template_id = aws_launch_template.this.id
        version            = aws_launch_template.this.latest_version
      }

      dynamic "override" {
        for_each = var.instance_types

        content {
          instance_type = override.value
        }
      }
    }
  }

  # Of every change to the template: another image, other settings, another secret.
  instance_refresh {
    strategy = "Rolling"

    preferences {
      min_healthy_percentage = var.instance_refresh.min_healthy_percentage
      max_healthy_percentage = var.instance_refresh.max_healthy_percentage
      skip_matching          = true
      # No auto_rollback: the provider gives the group its new template before it starts the refresh, so that AWS would roll back to the new one.
    }
  }

  # Of a group that is new the provider makes them before it lets any machine start.
  dynamic "initial_lifecycle_hook" {
    for_each = local.hooks

    content {
      name                 = initial_lifecycle_hook.value.name
      lifecycle_transition = initial_lifecycle_hook.value.lifecycle_transition
      default_result       = initial_lifecycle_hook.value.default_result
      heartbeat_timeout    = initial_lifecycle_hook.value.heartbeat_timeout
    }
  }

  dynamic "tag" {
    for_each = local.tags

    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = true
    }
  }

  # What a machine needs must be there before it, and as long as it.
  depends_on = [
    aws_iam_role_policy.this,
    aws_iam_role_policy_attachment.additional,
    aws_secretsmanager_secret_version.this,
    aws_vpc_security_group_egress_rule.this,
  ]

  lifecycle {
    # Scaling's business; and what nobody asks for again once the group is there.
    ignore_changes = [desired_capacity, initial_lifecycle_hook]

    precondition {
      condition     = length(aws_launch_template.this.user_data) * 3 / 4 <= 16384
      error_message = "worker_environment makes the user data longer than the 16 kB that AWS takes."
    }
  }
}

# The same hooks once more: those of the group are only made with it, and these follow a change of their times.
resource "aws_autoscaling_lifecycle_hook" "launch" {
  name                   = local.hooks.launch.name
  autoscaling_group_name = aws_autoscaling_group.this.name
  lifecycle_transition   = local.hooks.launch.lifecycle_transition
  default_result         = local.hooks.launch.default_result
  heartbeat_timeout      = local.hooks.launch.heartbeat_timeout
}

resource "aws_autoscaling_lifecycle_hook" "terminate" {
  name                   = local.hooks.terminate.name
  autoscaling_group_name = aws_autoscaling_group.this.name
  lifecycle_transition   = local.hooks.terminate.lifecycle_transition
  default_result         = local.hooks.terminate.default_result
  heartbeat_timeout      = local.hooks.terminate.heartbeat_timeout
}
