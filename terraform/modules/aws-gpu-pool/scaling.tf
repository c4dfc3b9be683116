locals {
  depth_dimensions = var.metric_model == null ? {} : { Model = var.metric_model }
}

# From none to one: target tracking would wait until the backlog exceeds its target.
resource "aws_autoscaling_policy" "wake" {
  name                   = "${var.name}-wake"
  autoscaling_group_name = aws_autoscaling_group.this.name
  policy_type            = "StepScaling"
  adjustment_type        = "ChangeInCapacity"

  step_adjustment {
    metric_interval_lower_bound = "0"
    scaling_adjustment          = 1
  }
}

resource "aws_cloudwatch_metric_alarm" "wake" {
  alarm_name          = "${var.name}-wake"
  alarm_description   = "Edgebatch: there is work, and no machine"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 1
  datapoints_to_alarm = 1
  # A depth that is not published starts nothing, and target tracking keeps what is there.
  treat_missing_data = "notBreaching"
  alarm_actions      = [aws_autoscaling_policy.wake.arn]
  tags               = var.tags

  # AWS publishes n later than the edge its depth. Filled with 0 alone, a minute whose n is still missing would have no machine, and each such
  # minute would start one more; so n is what it was. Where none has been published lately it is 0: rather a machine too many than none at all.
  metric_query {
    id          = "wake"
    label       = "work without a machine"
    expression  = "IF(FILL(FILL(n, REPEAT), 0) < 1, depth, 0)"
    return_data = true
  }

  metric_query {
    id = "depth"

    metric {
      namespace   = var.metric_namespace
      metric_name = "QueueDepth"
      dimensions  = local.depth_dimensions
      period      = 60
      stat        = "Maximum"
    }
  }

  metric_query {
    id = "n"

    metric {
      namespace   = "AWS/AutoScaling"
      metric_name = "GroupInServiceInstances"
      dimensions  = { AutoScalingGroupName = aws_autoscaling_group.this.name }
      period      = 60
      stat        = "Average"
    }
  }
}

# From one to max_size and back to none.
resource "aws_autoscaling_policy" "track" {
  name                   = "${var.name}-track"
  autoscaling_group_name = aws_autoscaling_group.this.name
  policy_type            = "TargetTrackingScaling"

  target_tracking_configuration {
    target_value = var.target_backlog_per_instance

    customized_metric_specification {
      metrics {
        id          = "backlog"
        label       = "depth by machine"
        expression  = "IF(n > 0, depth / n, depth)"
        return_data = true
      }

      metrics {
        id          = "depth"
        return_data = false

        metric_stat {
          stat = "Maximum"

          metric {
            namespace   = var.metric_namespace
            metric_name = "QueueDepth"

            dynamic "dimensions" {
              for_each = local.depth_dimensions

              content {
                name  = dimensions.key
                value = dimensions.value
              }
            }
          }
        }
      }

      metrics {
        id          = "n"
        return_data = false

        metric_stat {
          stat = "Average"

          metric {
            namespace   = "AWS/AutoScaling"
            metric_name = "GroupInServiceInstances"

            dimensions {
              name  = "AutoScalingGroupName"
              value = aws_autoscaling_group.this.name
            }
          }
        }
      }
    }
  }
}
