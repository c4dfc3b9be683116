output "autoscaling_group_name" {
  description = "The group's name."
  value       = aws_autoscaling_group.this.name
}

output "autoscaling_group_arn" {
  description = "The group's ARN."
  value       = aws_autoscaling_group.this.arn
}

output "launch_template_id" {
  description = "The launch template's id."
  value       = aws_launch_template.this.id
}

output "ami_id" {
  description = "The machine image that new machines have."
  value       = local.ami_id
}

output "security_group_id" {
  description = "The machines' security group, for a Redis in the VPC to let in."
  value       = aws_security_group.this.id
}

output "iam_role_name" {
  description = "The machines' role."
  value       = aws_iam_role.this.name
}

output "iam_role_arn" {
  description = "The machines' role by its ARN, for policies of keys and repositories."
  value       = aws_iam_role.this.arn
}

output "secret_arn" {
  description = "The secret that machines fetch."
  value       = local.secret_arn
}

output "log_group_name" {
  description = "Where the pool's log is: ID/pool of each machine, and ID/boot of one whose starts failed."
  value       = aws_cloudwatch_log_group.this.name
}

output "metric_publisher_user_name" {
  description = "The user that the edge publishes as, for `aws iam create-access-key`; null if there is none."
  value       = one(aws_iam_user.metric_publisher[*].name)
}

output "edge_variables" {
  description = "Settings of the edge (variables of the module edge) that have it publish to this pool's metric. Its key goes with them, as secrets."
  value = merge(
    { AWS_REGION = local.region, METRIC_NAMESPACE = var.metric_namespace },
    var.metric_model == null ? {} : { METRIC_BY_MODEL = "true" },
    # The edge itself knows AWS' usual domain only.
    data.aws_partition.current.dns_suffix == "amazonaws.com" ? {} : {
      CLOUDWATCH_ENDPOINT = "https://monitoring.${local.region}.${data.aws_partition.current.dns_suffix}"
    },
  )
}
