output "user_data" {
  description = "The machine's cloud-init file. It holds no secret."
  value       = local.user_data
}

output "stop_seconds" {
  description = "From the order to stop to the end of the pool, at most."
  value       = local.stop_seconds + 3
}
