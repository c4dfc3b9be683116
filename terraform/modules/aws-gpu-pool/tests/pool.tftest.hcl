mock_provider "aws" {
  override_during = plan

  mock_data "aws_region" {
    defaults = { region = "eu-west-1" }
  }
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws", dns_suffix = "amazonaws.com" }
  }
  mock_data "aws_subnet" {
    defaults = { vpc_id = "vpc-0123456789abcdef0" }
  }
  mock_data "aws_ssm_parameter" {
    defaults = { insecure_value = "ami-0fedcba9876543210" }
  }
  mock_resource "aws_secretsmanager_secret" {
    defaults = { arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:edgebatch-pool-AbCdEf" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/edgebatch/edgebatch" }
  }
  mock_resource "aws_launch_template" {
    defaults = { id = "lt-0123456789abcdef0", latest_version = 7 }
  }
  mock_resource "aws_iam_instance_profile" {
    defaults = { arn = "arn:aws:iam::123456789012:instance-profile/edgebatch-1" }
  }
  mock_resource "aws_security_group" {
    defaults = { id = "sg-0123456789abcdef0" }
  }
  mock_resource "aws_autoscaling_policy" {
    defaults = { arn = "arn:aws:autoscaling:eu-west-1:123456789012:scalingPolicy:1" }
  }
}

variables {
  worker_image        = "ghcr.io/you/edgebatch-pool:1.2.0"
  worker_secrets      = { REDIS_URL = "rediss://default:hunter2@redis.example.com:6379" }
  vpc_zone_identifier = ["subnet-0123456789abcdef0", "subnet-0fedcba9876543210"]
}

run "machines_are_spot_of_several_types_in_all_subnets" {
  command = plan

  assert {
    condition     = one(aws_autoscaling_group.this.mixed_instances_policy[0].instances_distribution) != null && aws_autoscaling_group.this.mixed_instances_policy[0].instances_distribution[0].on_demand_percentage_above_base_capacity == 0 && aws_autoscaling_group.this.mixed_instances_policy[0].instances_distribution[0].on_demand_base_capacity == 0 && aws_autoscaling_group.this.mixed_instances_policy[0].instances_distribution[0].spot_allocation_strategy == "price-capacity-optimized"
    error_message = "all machines are spot, unless it is said otherwise"
  }

  assert {
    condition     = aws_autoscaling_group.this.mixed_instances_policy[0].launch_template[0].override[*].instance_type == tolist(["g6.xlarge", "g5.xlarge", "g4dn.xlarge"])
    error_message = "types must be those that were given, in their order"
  }

  assert {
    condition     = aws_autoscaling_group.this.vpc_zone_identifier == toset(["subnet-0123456789abcdef0", "subnet-0fedcba9876543210"]) && aws_autoscaling_group.this.capacity_rebalance
    error_message = "machines come where there are some, and are replaced ahead of their end"
  }

  assert {
    condition     = aws_autoscaling_group.this.min_size == 0 && aws_autoscaling_group.this.max_size == 4 && aws_autoscaling_group.this.wait_for_capacity_timeout == "0"
    error_message = "from none to four machines, and an apply waits for none"
  }

  assert {
    condition     = contains(aws_autoscaling_group.this.enabled_metrics, "GroupInServiceInstances")
    error_message = "without this metric nothing wakes the pool"
  }
}

run "a_machine_is_closed_encrypted_and_goes_when_it_is_off" {
  command = plan

  assert {
    condition     = aws_launch_template.this.metadata_options[0].http_tokens == "required" && aws_launch_template.this.metadata_options[0].http_put_response_hop_limit == 1
    error_message = "metadata must take version 2 of the protocol, and nobody behind another hop"
  }

  assert {
    condition     = aws_launch_template.this.block_device_mappings[0].ebs[0].encrypted == "true" && aws_launch_template.this.block_device_mappings[0].ebs[0].volume_type == "gp3"
    error_message = "the disk must be encrypted gp3"
  }

  assert {
    condition     = aws_launch_template.this.instance_initiated_shutdown_behavior == "terminate"
    error_message = "a machine that gives itself up must not be kept, stopped"
  }

  assert {
    condition     = aws_launch_template.this.vpc_security_group_ids == toset(["sg-0123456789abcdef0"]) && aws_security_group.this.vpc_id == "vpc-0123456789abcdef0"
    error_message = "machines have the pool's security group, in the subnets' VPC"
  }

  assert {
    condition     = { for rule in aws_vpc_security_group_egress_rule.this : coalesce(rule.cidr_ipv4, rule.cidr_ipv6) => rule.ip_protocol } == { "0.0.0.0/0" = "-1", "::/0" = "-1" }
    error_message = "machines reach all"
  }

  assert {
    condition     = length(aws_security_group.this.ingress == null ? [] : aws_security_group.this.ingress) == 0
    error_message = "nobody reaches a machine"
  }

  assert {
    condition     = aws_launch_template.this.image_id == "ami-0fedcba9876543210" && data.aws_ssm_parameter.ami[0].name == "/aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-24.04/latest/ami-id"
    error_message = "the image must be the latest Deep Learning Base GPU AMI"
  }
}

run "a_machine_may_read_one_secret_speak_for_one_group_and_write_one_log" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role_policy.this.policy) == {
      Version = "2012-10-17"
      Statement = [
        {
          Sid      = "OneSecret"
          Effect   = "Allow"
          Action   = ["secretsmanager:GetSecretValue"]
          Resource = ["arn:aws:secretsmanager:eu-west-1:123456789012:secret:edgebatch-pool-AbCdEf"]
        },
        {
          Sid      = "LifecycleOfItsOwnGroup"
          Effect   = "Allow"
          Action   = ["autoscaling:CompleteLifecycleAction", "autoscaling:RecordLifecycleActionHeartbeat"]
          Resource = ["arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:*:autoScalingGroupName/edgebatch"]
        },
        {
          Sid      = "OneLogGroup"
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          Resource = ["arn:aws:logs:eu-west-1:123456789012:log-group:/edgebatch/edgebatch:*"]
        },
      ]
    }
    error_message = "a machine may do this and no more"
  }

  assert {
    condition     = jsondecode(aws_iam_role.this.assume_role_policy).Statement == [{ Effect = "Allow", Action = ["sts:AssumeRole"], Principal = { Service = ["ec2.amazonaws.com"] } }]
    error_message = "only EC2 gives out the role"
  }

  assert {
    condition = jsondecode(aws_iam_user_policy.metric_publisher[0].policy).Statement == [{
      Sid       = "OneNamespace"
      Effect    = "Allow"
      Action    = ["cloudwatch:PutMetricData"]
      Resource  = ["*"]
      Condition = { StringEquals = { "cloudwatch:namespace" = "Edgebatch" } }
    }]
    error_message = "the edge may publish in one namespace, and no more"
  }
}

run "an_image_in_ecr_may_be_pulled_and_no_other" {
  command = plan

  variables {
    worker_image = "210987654321.dkr.ecr.eu-central-1.amazonaws.com/ml/pool@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  }

  assert {
    condition = slice(jsondecode(aws_iam_role_policy.this.policy).Statement, 3, 5) == [
      {
        Sid      = "OneRepository"
        Effect   = "Allow"
        Action   = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = ["arn:aws:ecr:eu-central-1:210987654321:repository/ml/pool"]
      },
      {
        Sid      = "LoginToECR"
        Effect   = "Allow"
        Action   = ["ecr:GetAuthorizationToken"]
        Resource = ["*"]
      },
    ]
    error_message = "a machine pulls its image, and no other"
  }
}

run "a_key_of_ones_own_may_be_used" {
  command = plan

  variables {
    secret_kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef"
  }

  assert {
    condition = jsondecode(aws_iam_role_policy.this.policy).Statement[3] == {
      Sid      = "KeyOfTheSecret"
      Effect   = "Allow"
      Action   = ["kms:Decrypt"]
      Resource = ["arn:aws:kms:eu-west-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef"]
    }
    error_message = "a machine decrypts its secret"
  }

  assert {
    condition     = aws_secretsmanager_secret.this[0].kms_key_id == "arn:aws:kms:eu-west-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef"
    error_message = "the secret must be encrypted with the key"
  }
}

run "a_secret_that_is_there_is_read_and_not_made" {
  command = plan

  variables {
    worker_secrets      = null
    existing_secret_arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:ours-XyZ012"
  }

  assert {
    condition     = length(aws_secretsmanager_secret.this) == 0 && length(aws_secretsmanager_secret_version.this) == 0
    error_message = "there is a secret already"
  }

  assert {
    condition     = jsondecode(aws_iam_role_policy.this.policy).Statement[0].Resource == ["arn:aws:secretsmanager:eu-west-1:123456789012:secret:ours-XyZ012"] && strcontains(module.bootstrap.user_data, "SECRET_ID='arn:aws:secretsmanager:eu-west-1:123456789012:secret:ours-XyZ012'")
    error_message = "machines read the secret that was given"
  }
}

run "a_machine_is_told_what_it_needs" {
  command = plan

  variables {
    worker_environment = { LOG_LEVEL = "debug" }
    drain_seconds      = 60
  }

  assert {
    condition = alltrue([
      for line in [
        "IMAGE='ghcr.io/you/edgebatch-pool:1.2.0'", "REGION='eu-west-1'", "LOG_GROUP='/edgebatch/edgebatch'",
        "GROUP_NAME='edgebatch'", "LAUNCH_HOOK_NAME='edgebatch-launch'", "LIFECYCLE_HOOK_NAME=edgebatch-terminate\n",
        "AUTOSCALING_GROUP_NAME=edgebatch\n", "LOG_LEVEL=debug\n", "DRAIN_SECONDS=60\n", "PREEMPTION_NOTICE=ec2\n",
      ] : strcontains(module.bootstrap.user_data, line)
    ])
    error_message = "user data must hold image, log, group, hooks and settings"
  }

  assert {
    condition     = aws_launch_template.this.user_data == base64gzip(module.bootstrap.user_data) && length(aws_launch_template.this.user_data) * 3 / 4 < 16384
    error_message = "user data must be compressed, or AWS does not take it"
  }
}

run "machines_say_themselves_when_they_serve_and_when_they_have_drained" {
  command = plan

  assert {
    condition     = aws_autoscaling_lifecycle_hook.launch.lifecycle_transition == "autoscaling:EC2_INSTANCE_LAUNCHING" && aws_autoscaling_lifecycle_hook.launch.default_result == "ABANDON" && aws_autoscaling_lifecycle_hook.launch.heartbeat_timeout == 1800
    error_message = "a machine that never serves must be replaced"
  }

  assert {
    condition     = aws_autoscaling_lifecycle_hook.terminate.lifecycle_transition == "autoscaling:EC2_INSTANCE_TERMINATING" && aws_autoscaling_lifecycle_hook.terminate.default_result == "CONTINUE" && aws_autoscaling_lifecycle_hook.terminate.heartbeat_timeout == 85
    error_message = "a machine that hangs must not be kept for ever"
  }
}

run "hooks_come_before_the_first_machine" {
  command = plan

  variables {
    min_size                = 1
    drain_seconds           = 40
    startup_timeout_seconds = 600
  }

  assert {
    condition = { for hook in aws_autoscaling_group.this.initial_lifecycle_hook : hook.name => [hook.lifecycle_transition, hook.default_result, tostring(hook.heartbeat_timeout)] } == {
      for hook in [aws_autoscaling_lifecycle_hook.launch, aws_autoscaling_lifecycle_hook.terminate] : hook.name => [hook.lifecycle_transition, hook.default_result, tostring(hook.heartbeat_timeout)]
    }
    error_message = "the hooks that the group is made with must be those that it keeps"
  }

  assert {
    condition     = { for hook in aws_autoscaling_group.this.initial_lifecycle_hook : hook.name => hook.heartbeat_timeout } == { edgebatch-launch = 1500, edgebatch-terminate = 100 }
    error_message = "they must be there from the start, by the names that machines complete"
  }
}

run "a_change_replaces_machines_one_by_one" {
  command = plan

  assert {
    condition     = aws_autoscaling_group.this.mixed_instances_policy[0].launch_template[0].launch_template_specification[0].version == "7"
    error_message = "the group must take the template's last version, by its number"
  }

  assert {
    condition     = aws_autoscaling_group.this.instance_refresh[0].strategy == "Rolling" && aws_autoscaling_group.this.instance_refresh[0].preferences[0].min_healthy_percentage == 100 && aws_autoscaling_group.this.instance_refresh[0].preferences[0].max_healthy_percentage == 150
    error_message = "a new machine must serve before an old one goes"
  }

  assert {
    condition     = aws_autoscaling_group.this.instance_refresh[0].preferences[0].auto_rollback == null
    error_message = "a rollback would be one to the new template, which the group has by then"
  }
}

run "work_wakes_the_pool_from_nothing" {
  command = plan

  assert {
    condition     = aws_autoscaling_policy.wake.policy_type == "StepScaling" && aws_autoscaling_policy.wake.adjustment_type == "ChangeInCapacity" && one(aws_autoscaling_policy.wake.step_adjustment).scaling_adjustment == 1 && one(aws_autoscaling_policy.wake.step_adjustment).metric_interval_lower_bound == "0"
    error_message = "one machine more"
  }

  assert {
    condition     = one([for query in aws_cloudwatch_metric_alarm.wake.metric_query : query.expression if query.return_data == true]) == "IF(FILL(FILL(n, REPEAT), 0) < 1, depth, 0)" && aws_cloudwatch_metric_alarm.wake.threshold == 0 && aws_cloudwatch_metric_alarm.wake.comparison_operator == "GreaterThanThreshold" && aws_cloudwatch_metric_alarm.wake.evaluation_periods == 1
    error_message = "the alarm sounds when there is work and no machine, and not where nobody knows yet whether there is one"
  }

  assert {
    condition     = { for query in aws_cloudwatch_metric_alarm.wake.metric_query : query.id => "${query.metric[0].namespace} ${query.metric[0].metric_name} ${query.metric[0].period}" if length(query.metric) > 0 } == { depth = "Edgebatch QueueDepth 60", n = "AWS/AutoScaling GroupInServiceInstances 60" }
    error_message = "depth is the edge's, n the group's"
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.wake.treat_missing_data == "notBreaching" && aws_cloudwatch_metric_alarm.wake.alarm_actions == toset(["arn:aws:autoscaling:eu-west-1:123456789012:scalingPolicy:1"])
    error_message = "a depth that is not published starts nothing"
  }
}

run "the_backlog_by_machine_is_held" {
  command = plan

  variables {
    metric_namespace            = "Photos"
    metric_model                = "resnet50"
    target_backlog_per_instance = 60
  }

  assert {
    condition     = aws_autoscaling_policy.track.policy_type == "TargetTrackingScaling" && aws_autoscaling_policy.track.target_tracking_configuration[0].target_value == 60
    error_message = "the target must be the one that was given"
  }

  assert {
    condition     = one([for metric in aws_autoscaling_policy.track.target_tracking_configuration[0].customized_metric_specification[0].metrics : metric.expression if metric.return_data == true]) == "IF(n > 0, depth / n, depth)"
    error_message = "the metric must be the depth by machine"
  }

  assert {
    condition = { for metric in aws_autoscaling_policy.track.target_tracking_configuration[0].customized_metric_specification[0].metrics : metric.id => [metric.metric_stat[0].metric[0].namespace, { for dimension in metric.metric_stat[0].metric[0].dimensions : dimension.name => dimension.value }] if length(metric.metric_stat) > 0 } == {
      depth = ["Photos", { Model = "resnet50" }]
      n     = ["AWS/AutoScaling", { AutoScalingGroupName = "edgebatch" }]
    }
    error_message = "depth must be the model's, n the group's"
  }

  assert {
    condition     = output.edge_variables == { AWS_REGION = "eu-west-1", METRIC_NAMESPACE = "Photos", METRIC_BY_MODEL = "true" }
    error_message = "the edge must be told what to publish"
  }
}

run "another_partition_has_its_own_domain" {
  command = plan

  override_data {
    target = data.aws_partition.current
    values = { partition = "aws-cn", dns_suffix = "amazonaws.com.cn" }
  }
  override_data {
    target = data.aws_region.current
    values = { region = "cn-north-1" }
  }

  assert {
    condition     = output.edge_variables.CLOUDWATCH_ENDPOINT == "https://monitoring.cn-north-1.amazonaws.com.cn"
    error_message = "the edge must publish where the alarms are"
  }

  assert {
    condition     = strcontains(module.bootstrap.user_data, "AUTOSCALING_ENDPOINT=https://autoscaling.cn-north-1.amazonaws.com.cn\n") && strcontains(module.bootstrap.user_data, "DNS_SUFFIX='amazonaws.com.cn'")
    error_message = "machines must ask their partition's own services"
  }
}

run "tags_and_names_are_on_everything" {
  command = plan

  variables {
    name                    = "photos"
    tags                    = { team = "vision" }
    create_metric_publisher = false
  }

  assert {
    condition     = { for tag in aws_autoscaling_group.this.tag : tag.key => [tag.value, tag.propagate_at_launch] } == { Name = ["photos", true], team = ["vision", true] }
    error_message = "machines must have the tags"
  }

  assert {
    condition     = toset(aws_launch_template.this.tag_specifications[*].resource_type) == toset(["volume", "network-interface"]) && alltrue([for each in aws_launch_template.this.tag_specifications : each.tags == tomap({ Name = "photos", team = "vision" })])
    error_message = "disks must have the tags"
  }

  assert {
    condition     = aws_autoscaling_group.this.name == "photos" && aws_cloudwatch_log_group.this.name == "/edgebatch/photos" && output.metric_publisher_user_name == null
    error_message = "all must be called by the pool's name, and no user was wanted"
  }
}
