output "api_url" {
  description = "Where the API is."
  value       = module.edge.url
}

output "first_key_command" {
  description = "Makes the first API key, in the repository's root, once REDIS_URL of Redis' administrator is in the environment."
  value       = "npx edgebatch keys create --name first"
}

output "edge_secrets" {
  description = "What wrangler is to give the Worker before secrets_are_set."
  value       = sort(keys(local.edge_secret_placeholders))
}

output "metric_publishers" {
  description = "Whom the edge publishes as: the user on AWS and the service account on Google Cloud that keys are made for by hand."
  value       = { aws = module.aws_pool.metric_publisher_user_name, gcp = module.gcp_pool.metric_publisher_email }
}

output "queue_metrics" {
  description = "What machines are scaled by."
  value = {
    aws = { namespace = var.metric_namespace, metric_name = "QueueDepth", dimensions = { Model = var.aws.model } }
    gcp = { type = "${module.gcp_pool.edge_variables.GCP_METRIC_TYPE}_by_model", resource = "global", labels = { model = var.gcp.model } }
  }
}

output "groups" {
  description = "The groups of machines, by their names."
  value       = { aws = module.aws_pool.autoscaling_group_name, gcp = module.gcp_pool.instance_group_manager }
}
