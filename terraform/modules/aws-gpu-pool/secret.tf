resource "aws_secretsmanager_secret" "this" {
  count = var.existing_secret_arn == null ? 1 : 0

  name_prefix = "${var.name}-pool-"
  description = "Edgebatch workers: REDIS_URL, WEBHOOK_SECRET"
  kms_key_id  = var.secret_kms_key_arn
  tags        = var.tags
}

# Write-only: in no plan and no state.
resource "aws_secretsmanager_secret_version" "this" {
  count = var.existing_secret_arn == null ? 1 : 0

  secret_id                = aws_secretsmanager_secret.this[0].id
  secret_string_wo         = jsonencode(var.worker_secrets)
  secret_string_wo_version = var.worker_secrets_version
}

locals {
  secret_arn = var.existing_secret_arn == null ? one(aws_secretsmanager_secret.this[*].arn) : var.existing_secret_arn
}
