output "api_url" {
  description = "Where the API is."
  value       = coalesce(module.edge.url, "https://${var.name}.${coalesce(var.workers_dev_subdomain, "-")}.workers.dev")
}

output "redis_url" {
  description = "REDIS_URL of `npx edgebatch`, with the password in it."
  value       = module.redis.redis_url
  sensitive   = true
}

output "first_key_command" {
  description = "Makes the first API key, in the repository's root. The password goes by the environment, and into no history."
  value       = "REDIS_URL=\"$(terraform -chdir=terraform/examples/aws-spot output -raw redis_url)\" npx edgebatch keys create --name first"
}

output "autoscaling_group_name" {
  description = "The group of machines."
  value       = module.pool.autoscaling_group_name
}

output "log_group_name" {
  description = "Where pools and failed boots are logged."
  value       = module.pool.log_group_name
}

output "queue_metric" {
  description = "What machines are scaled by, in CloudWatch."
  value       = { namespace = module.pool.edge_variables.METRIC_NAMESPACE, metric_name = "QueueDepth", region = module.pool.edge_variables.AWS_REGION }
}

output "metric_publisher_user_name" {
  description = "Whom the edge publishes as."
  value       = module.pool.metric_publisher_user_name
}
