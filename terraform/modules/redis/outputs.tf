output "redis_url" {
  description = "For worker pools and the command line: REDIS_URL, with the password in it."
  value       = local.connection.redis_url
  sensitive   = true
}

output "rest_url" {
  description = "For the edge: UPSTASH_REDIS_REST_URL."
  value       = local.connection.rest_url
  sensitive   = true
}

output "rest_token" {
  description = "For the edge: UPSTASH_REDIS_REST_TOKEN."
  value       = local.connection.rest_token
  sensitive   = true
}

output "endpoint" {
  description = "The new database's host; null where an existing Redis is used."
  value       = one(upstash_redis_database.this[*].endpoint)
}

output "database_id" {
  description = "Upstash's id of the new database; null where an existing Redis is used."
  value       = one(upstash_redis_database.this[*].database_id)
}
