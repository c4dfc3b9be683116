output "name" {
  description = "The Worker's name, as `wrangler secret put --name` and `wrangler tail` take it."
  value       = cloudflare_worker.this.name
}

output "url" {
  description = "Where the edge is served; null where that is only at workers.dev, whose host name the account decides."
  value = (
    var.custom_domain != null ? "https://${var.custom_domain.hostname}" :
    var.route != null ? "https://${trimsuffix(var.route.pattern, "/*")}" : null
  )
}

output "version_id" {
  description = "The deployed version, for `wrangler rollback`."
  value       = cloudflare_worker_version.this.id
}

output "crons" {
  description = "When its scheduled handler runs."
  value       = local.crons
}
