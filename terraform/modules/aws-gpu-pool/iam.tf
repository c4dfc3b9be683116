locals {
  # Of an image in ECR: account, region and repository.
  ecr = try(regex("^(?P<account>[0-9]{12})\\.dkr\\.ecr\\.(?P<region>[a-z0-9-]+)\\.amazonaws\\.com(?:\\.cn)?/(?P<repository>[^:@]+)", var.worker_image), null)

  # All that a machine may do.
  statements = concat(
    [
      {
        Sid      = "OneSecret"
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue"]
        Resource = [local.secret_arn]
      },
      {
        Sid      = "LifecycleOfItsOwnGroup"
        Effect   = "Allow"
        Action   = ["autoscaling:CompleteLifecycleAction", "autoscaling:RecordLifecycleActionHeartbeat"]
        Resource = ["arn:${local.partition}:autoscaling:${local.region}:${local.account}:autoScalingGroup:*:autoScalingGroupName/${var.name}"]
      },
      {
        Sid      = "OneLogGroup"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["${aws_cloudwatch_log_group.this.arn}:*"]
      },
    ],
    var.secret_kms_key_arn == null ? [] : [
      {
        Sid      = "KeyOfTheSecret"
        Effect   = "Allow"
        Action   = ["kms:Decrypt"]
        Resource = [var.secret_kms_key_arn]
      },
    ],
    local.ecr == null ? [] : [
      {
        Sid      = "OneRepository"
        Effect   = "Allow"
        Action   = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = ["arn:${local.partition}:ecr:${local.ecr.region}:${local.ecr.account}:repository/${local.ecr.repository}"]
      },
      {
        Sid      = "LoginToECR"
        Effect   = "Allow"
        Action   = ["ecr:GetAuthorizationToken"]
        Resource = ["*"]
      },
    ],
  )
}

resource "aws_iam_role" "this" {
  name_prefix          = "${var.name}-"
  description          = "Edgebatch workers"
  permissions_boundary = var.iam_role_permissions_boundary
  tags                 = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = ["sts:AssumeRole"]
      Principal = { Service = ["ec2.amazonaws.com"] }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  name   = "worker"
  role   = aws_iam_role.this.id
  policy = jsonencode({ Version = "2012-10-17", Statement = local.statements })
}

resource "aws_iam_role_policy_attachment" "additional" {
  for_each = var.iam_role_additional_policies

  role       = aws_iam_role.this.name
  policy_arn = each.value
}

resource "aws_iam_instance_profile" "this" {
  name_prefix = "${var.name}-"
  role        = aws_iam_role.this.name
  tags        = var.tags
}

# Whom the edge publishes as; it runs outside of AWS. A key made here would stand in the state, so it is made by hand.
resource "aws_iam_user" "metric_publisher" {
  count = var.create_metric_publisher ? 1 : 0

  name                 = "${var.name}-metric-publisher"
  permissions_boundary = var.iam_role_permissions_boundary
  # Its keys were made by hand.
  force_destroy = true
  tags          = var.tags
}

resource "aws_iam_user_policy" "metric_publisher" {
  count = var.create_metric_publisher ? 1 : 0

  name = "publish"
  user = aws_iam_user.metric_publisher[0].name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OneNamespace"
      Effect    = "Allow"
      Action    = ["cloudwatch:PutMetricData"]
      Resource  = ["*"]
      Condition = { StringEquals = { "cloudwatch:namespace" = var.metric_namespace } }
    }]
  })
}
