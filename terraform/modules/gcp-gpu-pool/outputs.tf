output "instance_group_manager" {
  description = "The group, by its name."
  value       = google_compute_region_instance_group_manager.this.name
}

output "instance_group" {
  description = "The group's instances, by its URL."
  value       = google_compute_region_instance_group_manager.this.instance_group
}

output "instance_template" {
  description = "What new machines are made of."
  value       = google_compute_region_instance_template.this.self_link
}

output "source_image" {
  description = "The machine image that new machines have."
  value       = local.source_image
}

output "service_account_email" {
  description = "Whom the machines are, for rights and firewall rules."
  value       = google_service_account.worker.email
}

output "secret_id" {
  description = "The secret that machines fetch."
  value       = local.secret_name
}

output "metric_publisher_email" {
  description = "Whom the edge publishes as, for `gcloud iam service-accounts keys create`; null if there is none."
  value       = one(google_service_account.metric_publisher[*].email)
}

output "edge_variables" {
  description = "Settings of the edge (variables of the module edge) that have it publish this pool's metric. Its key, GCP_SERVICE_ACCOUNT_KEY, goes with them as a secret."
  value = merge(
    { GCP_PROJECT_ID = var.project_id, GCP_METRIC_TYPE = var.metric_type },
    var.metric_model == null ? {} : { METRIC_BY_MODEL = "true" },
  )
}
