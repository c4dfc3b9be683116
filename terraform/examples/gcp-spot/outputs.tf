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
  value       = "REDIS_URL=\"$(terraform -chdir=terraform/examples/gcp-spot output -raw redis_url)\" npx edgebatch keys create --name first"
}

output "instance_group_manager" {
  description = "The group of machines."
  value       = module.pool.instance_group_manager
}

output "queue_metric" {
  description = "What machines are scaled by, in Cloud Monitoring."
  value       = { type = module.pool.edge_variables.GCP_METRIC_TYPE, resource = "global", project = module.pool.edge_variables.GCP_PROJECT_ID }
}

output "metric_publisher_email" {
  description = "Whom the edge publishes as, or whatever does so in its place."
  value       = module.pool.metric_publisher_email
}
