locals {
  # What `wrangler deploy` would deploy; local-stack/edge-upload.ts writes it.
  manifest = jsondecode(file("${var.bundle_dir}/edge-manifest.json"))

  variables = merge(local.manifest.variables, var.variables)
  # Names are no secret, and a plan that shows them can be read.
  secret_names = nonsensitive(keys(var.secrets))

  # In the order that Cloudflare keeps them in.
  bindings = [for name in sort(distinct(concat(keys(local.variables), local.secret_names, tolist(var.inherited_secrets)))) : {
    name = name
    type = contains(local.secret_names, name) ? "secret_text" : contains(var.inherited_secrets, name) ? "inherit" : "plain_text"
    text = contains(local.secret_names, name) ? var.secrets[name] : lookup(local.variables, name, null)
  }]

  crons = var.crons == null ? local.manifest.crons : var.crons

  # Reachable somewhere, unless it is said otherwise.
  workers_dev = var.workers_dev == null ? var.custom_domain == null && var.route == null : var.workers_dev
}

resource "cloudflare_worker" "this" {
  account_id = var.account_id
  name       = var.name

  observability = local.manifest.observability

  subdomain = {
    enabled          = local.workers_dev
    previews_enabled = false
  }
}

# Each is kept by Cloudflare and never changed: another bundle, variable or secret makes another.
resource "cloudflare_worker_version" "this" {
  account_id = var.account_id
  worker_id  = cloudflare_worker.this.id

  main_module         = local.manifest.main_module
  compatibility_date  = local.manifest.compatibility_date
  compatibility_flags = local.manifest.compatibility_flags

  modules = [for module in local.manifest.modules : {
    name         = module.name
    content_type = module.content_type
    content_file = "${var.bundle_dir}/${module.file}"
  }]

  bindings = local.bindings

  lifecycle {
    precondition {
      condition = alltrue([
        for module in local.manifest.modules : try(filesha256("${var.bundle_dir}/${module.file}"), "") == module.sha256
      ])
      error_message = "The files in bundle_dir are not those of its manifest: make the bundle again with `npm run bundle`."
    }
  }
}

resource "cloudflare_workers_deployment" "this" {
  account_id  = var.account_id
  script_name = cloudflare_worker.this.name
  strategy    = "percentage"

  versions = [{
    version_id = cloudflare_worker_version.this.id
    percentage = 100
  }]
}

# It stays without schedules, too: destroying one would leave its schedules where they are.
resource "cloudflare_workers_cron_trigger" "this" {
  account_id  = var.account_id
  script_name = cloudflare_worker.this.name
  schedules   = [for cron in local.crons : { cron = cron }]

  depends_on = [cloudflare_workers_deployment.this]
}

resource "cloudflare_workers_custom_domain" "this" {
  count = var.custom_domain == null ? 0 : 1

  account_id = var.account_id
  zone_id    = var.custom_domain.zone_id
  hostname   = var.custom_domain.hostname
  service    = cloudflare_worker.this.name

  depends_on = [cloudflare_workers_deployment.this]
}

resource "cloudflare_workers_route" "this" {
  count = var.route == null ? 0 : 1

  zone_id = var.route.zone_id
  pattern = var.route.pattern
  script  = cloudflare_worker.this.name

  depends_on = [cloudflare_workers_deployment.this]
}
